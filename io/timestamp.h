// Timestamps of sensor readings: local mine time, no time zone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "engine/stope/records.h"

namespace deepmine::io {

enum class TimestampFault { none, empty, time_zone, not_a_timestamp };

struct ParsedTimestamp {
  stope::Day day = 0;
  /// Microseconds since 1970-01-01 00:00 of local mine time; a day alone is its 00:00.
  std::int64_t microseconds = 0;
  TimestampFault fault = TimestampFault::none;
};

inline constexpr std::int64_t microseconds_per_day = 86'400'000'000;

/// Reads `YYYY-MM-DD`, or that, `T` or one space, and `HH:MM`, `HH:MM:SS` or `HH:MM:SS.f` with one to six
/// decimals. A `Z` or an offset behind it is `time_zone`: a day must be a day of the mine, so nothing is
/// shifted.
ParsedTimestamp parse_timestamp(std::string_view text) noexcept;
/// What stands behind the day, and is not empty.
ParsedTimestamp parse_time_of_day(stope::Day day, std::string_view rest) noexcept;

/// The same for many timestamps, most of which lie in the month of the one before: remembers where that month
/// begins. Not thread-safe.
class TimestampReader {
 public:
  ParsedTimestamp parse(std::string_view text) noexcept {
    constexpr std::size_t day_size = 10;
    if (text.size() < day_size || std::memcmp(text.data(), month_.data(), month_.size()) != 0)
      return parse_in_another_month(text);
    const unsigned tens = static_cast<unsigned char>(text[8]) - unsigned{'0'};
    const unsigned ones = static_cast<unsigned char>(text[9]) - unsigned{'0'};
    const unsigned number = tens * 10 + ones;
    if (tens > 9 || ones > 9 || number < 1 || number > days_in_month_) return parse_timestamp(text);
    const stope::Day day = day_before_month_ + static_cast<stope::Day>(number);
    if (text.size() > day_size) return parse_time_of_day(day, text.substr(day_size));
    return {day, day * microseconds_per_day, TimestampFault::none};
  }

 private:
  ParsedTimestamp parse_in_another_month(std::string_view text) noexcept;

  std::array<char, 8> month_{};  ///< `2024-03-`; nothing before the first day
  stope::Day day_before_month_ = 0;
  unsigned days_in_month_ = 0;
};

std::string_view explain(TimestampFault fault) noexcept;

}  // namespace deepmine::io
