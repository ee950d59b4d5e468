#include "io/daily_series_builder.h"

#include <algorithm>
#include <utility>

namespace deepmine::io {
namespace {

/// A series holds a row for every calendar day, so a mistyped year would cost memory without end. This many
/// days are believed for any stope, and so many more for each of its readings.
constexpr std::size_t days_believed = 1100, days_believed_per_reading = 60;

bool are_equal(const stope::DailyReading& a, const stope::DailyReading& b) noexcept {
  for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor)
    if (a[sensor] != b[sensor] && !(stope::is_missing(a[sensor]) && stope::is_missing(b[sensor])))
      return false;
  return true;
}

constexpr stope::DailyReading nothing_read{stope::missing, stope::missing, stope::missing, stope::missing,
                                           stope::missing};

}  // namespace

DailySeriesBuilder::Outcome DailySeriesBuilder::add(const ParsedTimestamp& time, std::size_t line,
                                                    const stope::DailyReading& values) {
  if (reading_count_ > 0) {
    if (time.microseconds < last_microseconds_) return Outcome::out_of_order;
    if (time.microseconds == last_microseconds_)
      return are_equal(values, day_is_open_ ? last_values_ : series_.days.back())
                 ? Outcome::identical_duplicate
                 : Outcome::conflicting_duplicate;
    const auto days = static_cast<std::size_t>(time.day - series_.first_day) + 1;
    if (days > days_believed + days_believed_per_reading * reading_count_) return Outcome::implausible_dates;
    if (time.day == day_) {
      add_to_day(values);
    } else {
      begin_day(days - 1, values);
    }
  } else {
    series_.first_day = time.day;
    begin_day(0, values);
  }
  day_ = time.day;
  last_microseconds_ = time.microseconds;
  last_line_ = line;
  ++reading_count_;
  return Outcome::added;
}

void DailySeriesBuilder::begin_day(std::size_t index, const stope::DailyReading& values) {
  if (day_is_open_) close_day();
  if (index >= series_.days.capacity()) series_.days.reserve(std::max(expected_days_, 2 * index + 1));
  if (index > series_.days.size()) series_.days.resize(index, nothing_read);
  stope::DailyReading& day = series_.days.emplace_back();
  for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor)
    day[sensor] = values[sensor] + 0.0;  // a mean knows no negative zero
}

/// A reading that is not the first of its day.
void DailySeriesBuilder::add_to_day(const stope::DailyReading& values) {
  if (!day_is_open_) {
    day_is_open_ = true;
    sums_ = {};
    counts_ = {};
    add_to_sums(series_.days.back());
  }
  add_to_sums(values);
  last_values_ = values;
}

void DailySeriesBuilder::add_to_sums(const stope::DailyReading& values) {
  for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor) {
    if (stope::is_missing(values[sensor])) continue;
    sums_[sensor] += values[sensor];
    ++counts_[sensor];
  }
}

/// Replaces the first reading of a day that had several by their mean.
void DailySeriesBuilder::close_day() {
  day_is_open_ = false;
  for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor)
    if (counts_[sensor] > 0) series_.days.back()[sensor] = sums_[sensor] / counts_[sensor];
}

stope::DailySeries DailySeriesBuilder::take() {
  if (day_is_open_) close_day();
  stope::DailySeries series = std::exchange(series_, {});
  series.days.shrink_to_fit();
  *this = {};
  return series;
}

}  // namespace deepmine::io
