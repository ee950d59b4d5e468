// Timestamps of sensor readings: local mine time, no time zone.
#pragma once

#include <cstdint>
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

/// Reads `YYYY-MM-DD`, or that, `T` or one space, and `HH:MM`, `HH:MM:SS` or `HH:MM:SS.f` with one to six
/// decimals. A `Z` or an offset behind it is `time_zone`: a day must be a day of the mine, so nothing is
/// shifted.
ParsedTimestamp parse_timestamp(std::string_view text) noexcept;

std::string_view explain(TimestampFault fault) noexcept;

}  // namespace deepmine::io
