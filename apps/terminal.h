// Progress on stderr: one line that is redrawn in place where somebody watches, nothing elsewhere.
#pragma once

#include <chrono>
#include <concepts>
#include <string>
#include <string_view>

namespace deepmine::apps {

/// True if stderr is a terminal that understands control characters (TERM is not `dumb`).
bool stderr_is_terminal();
/// True if stdout may be coloured: a terminal, and NO_COLOR is not set (no-color.org).
bool stdout_has_colour();
/// Columns of the terminal on stderr; 80 if it does not say.
int terminal_width();
/// Columns that results on stdout have: those of the terminal there, else the environment's COLUMNS, else the
/// 100 that the text output fits.
int page_width();

/// One line of progress. Draws at most ten times a second, cut to the width of the terminal. Not thread-safe.
class ProgressLine {
 public:
  explicit ProgressLine(bool visible) : visible_(visible) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  bool visible() const { return visible_; }
  /// True if it is time to draw again: spares the caller the wording.
  bool is_due() const;
  void draw(std::string_view text);
  /// Removes the line, so that something else can be printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool visible_, drawn_ = false;
  Clock::time_point last_{};
};

/// `[=====>    ]`, `width` characters between the brackets.
std::string progress_bar(double fraction, int width);
/// `0:12`, `1:02:03`.
std::string format_duration(double seconds);
/// The digits of a whole number with commas: `-1234567` as `-1,234,567`.
std::string group_thousands(std::string digits);
/// `1,234,567`.
template <std::integral Number>
std::string with_thousands(Number number) {
  return group_thousands(std::to_string(number));
}

}  // namespace deepmine::apps
