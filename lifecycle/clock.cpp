#include "lifecycle/clock.h"

#include <ctime>

namespace deepmine::lifecycle {

namespace {

constexpr const char* format = "%Y-%m-%dT%H:%M:%SZ";

std::string text_of(std::time_t time) {
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[32];
  std::strftime(text, sizeof text, format, &utc);
  return text;
}

}  // namespace

std::string utc_timestamp() {
  return text_of(std::time(nullptr));
}

std::optional<std::int64_t> utc_seconds(const std::string& timestamp) {
  std::tm utc{};
  const char* end = ::strptime(timestamp.c_str(), format, &utc);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const std::time_t seconds = ::timegm(&utc);
  if (text_of(seconds) != timestamp) return std::nullopt;  // 30 February, or blanks
  return seconds;
}

}  // namespace deepmine::lifecycle
