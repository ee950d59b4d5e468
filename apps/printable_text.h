// Text that came from a file, on its way to a terminal: nothing in it may move the cursor, change colours or
// reverse the line. And lines that end before the margin.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deepmine::apps {

/// Columns that the text output fits.
inline constexpr std::size_t text_width = 100;

/// The text with every control character (C0, delete, C1), line and paragraph separator, change of writing
/// direction, invisible character and byte that is not UTF-8 written as \u{9B} or \x{FF}, and \ before a `u{`
/// or `x{` of its own doubled, so that two different texts never look the same.
std::string printable(std::string_view text);

/// The text in lines of at most `width` characters, broken at spaces, ending with a line feed: `first` stands
/// before the first line, as many spaces before the others. A word longer than a line is left whole.
std::string wrapped(std::string_view first, std::string_view text, std::size_t width = text_width);

}  // namespace deepmine::apps
