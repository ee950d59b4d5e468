// From single readings in order of time to one mean reading a day.
#pragma once

#include <algorithm>
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

  /// How many days the series will probably have: room for them is made at once. Before the first reading.
  void expect_days(std::size_t days) noexcept { expected_days_ = std::min(days, most_expected_days); }
  std::size_t day_count() const noexcept { return series_.days.size(); }
  std::size_t last_line() const noexcept { return last_line_; }
  stope::Day last_day() const noexcept { return day_; }
  /// Closes the last day and gives the series away.
  stope::DailySeries take();

 private:
  void begin_day(std::size_t index, const stope::DailyReading& values);
  void add_to_day(const stope::DailyReading& values);
  void add_to_sums(const stope::DailyReading& values);
  void close_day();

  stope::DailySeries series_;  ///< its last day holds the day's first reading until the day is closed
  static constexpr std::size_t most_expected_days = 1100;
  std::size_t expected_days_ = 45;
  stope::Day day_ = 0;
  std::int64_t last_microseconds_ = 0;
  std::size_t last_line_ = 0, reading_count_ = 0;
  /// Of a day with more than one reading.
  bool day_is_open_ = false;
  stope::DailyReading last_values_{}, sums_{};
  std::array<std::uint32_t, stope::sensor_count> counts_{};
};

}  // namespace deepmine::io
