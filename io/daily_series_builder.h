// From single readings in order of time to one mean reading a day.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/stope/records.h"
#include "io/timestamp.h"

namespace deepmine::io {

/// Builds the series of one stope. Not thread-safe.
class DailySeriesBuilder {
 public:
  enum class Outcome {
    added,
    identical_duplicate,    ///< same time, same values as the reading before: left out
    conflicting_duplicate,  ///< same time, other values
    out_of_order,           ///< earlier than the reading before
    implausible_dates,      ///< so far from the reading before that one of the two dates must be wrong
  };

  /// `line` is kept for messages about the next reading. A day's mean of a sensor is over the readings that
  /// are not missing, summed in order of time.
  Outcome add(const ParsedTimestamp& time, std::size_t line, const stope::DailyReading& values);

  std::size_t last_line() const noexcept { return last_line_; }
  stope::Day last_day() const noexcept { return day_; }
  /// Closes the last day and gives the series away.
  stope::DailySeries take();

 private:
  void close_day();

  stope::DailySeries series_;
  stope::Day day_ = 0;
  std::int64_t last_microseconds_ = 0;
  std::size_t last_line_ = 0, reading_count_ = 0;
  stope::DailyReading last_values_{}, sums_{};
  std::array<std::uint32_t, stope::sensor_count> counts_{};
};

}  // namespace deepmine::io
