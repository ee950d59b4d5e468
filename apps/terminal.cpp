#include "apps/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "apps/printable_text.h"

namespace deepmine::apps {
namespace {

bool is_capable_terminal(int descriptor) {
  const char* kind = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && (kind == nullptr || std::string_view(kind) != "dumb");
}

std::optional<int> width_of(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

/// As many whole characters (UTF-8) as fit.
std::string_view cut(std::string_view text, int width) {
  int characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts_character = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
    if (starts_character && ++characters > width) return text.substr(0, i);
  }
  return text;
}

}  // namespace

bool stderr_is_terminal() {
  return is_capable_terminal(STDERR_FILENO);
}

bool stdout_has_colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  return is_capable_terminal(STDOUT_FILENO) && (no_colour == nullptr || *no_colour == '\0');
}

int terminal_width() {
  return width_of(STDERR_FILENO).value_or(80);
}

int page_width() {
  if (const std::optional<int> width = width_of(STDOUT_FILENO)) return *width;
  const char* text = std::getenv("COLUMNS");
  const std::string_view columns = text == nullptr ? "" : text;
  int width = 0;
  const auto [end, error] = std::from_chars(columns.data(), columns.data() + columns.size(), width);
  const bool is_number = error == std::errc{} && end == columns.data() + columns.size();
  return is_number && width > 0 ? width : static_cast<int>(text_width);
}

bool ProgressLine::is_due() const {
  return visible_ && (!drawn_ || Clock::now() - last_ >= std::chrono::milliseconds(100));
}

void ProgressLine::draw(std::string_view text) {
  if (!visible_) return;
  const std::string_view fitting = cut(text, terminal_width() - 1);
  std::string line = "\r\x1b[K";
  line += fitting;
  std::fwrite(line.data(), 1, line.size(), stderr);
  drawn_ = true;
  last_ = Clock::now();
}

void ProgressLine::clear() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

std::string progress_bar(double fraction, int width) {
  const int filled = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * width);
  std::string bar = "[" + std::string(static_cast<std::size_t>(filled), '=');
  if (filled < width) bar += '>' + std::string(static_cast<std::size_t>(width - filled - 1), ' ');
  return bar + "]";
}

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  const long long whole = std::llround(seconds);
  char text[48];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  }
  return text;
}

std::string group_thousands(std::string digits) {
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, ",");
  return digits;
}

}  // namespace deepmine::apps
