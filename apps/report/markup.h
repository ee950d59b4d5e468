// Text and numbers on their way into HTML: nothing that came from a file can become markup.
#pragma once

#include <string>
#include <string_view>

namespace deepmine::apps::report {

/// For text and attribute values: & < > " ' are written as entities, and control characters, changes of
/// writing direction and bytes that are not UTF-8 as in terminal output (apps/printable_text.h).
std::string escaped(std::string_view text);

/// `0.873`; `–` for a number that is not known.
std::string fixed(double value, int decimals);
/// A part as `87.3 %`.
std::string percent(double part, int decimals = 1);
/// Enough digits for a plot, as few as it takes: `0.25`, `1e-05`. Not finite: empty.
std::string short_number(double value);
/// Coordinates of a drawing: at most two decimals.
std::string coordinate(double value);

/// `<p class="KIND">…</p>`, escaped.
std::string paragraph(std::string_view text, std::string_view kind = "");
/// A table row of cells that are markup already; the first one is a heading.
std::string row(std::initializer_list<std::string> cells);
std::string header_row(std::initializer_list<std::string_view> cells);

}  // namespace deepmine::apps::report
