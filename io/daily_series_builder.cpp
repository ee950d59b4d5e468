#include "io/daily_series_builder.h"

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
      return are_equal(values, last_values_) ? Outcome::identical_duplicate : Outcome::conflicting_duplicate;
    const auto days = static_cast<std::size_t>(time.day - series_.first_day) + 1;
    if (days > days_believed + days_believed_per_reading * reading_count_) return Outcome::implausible_dates;
    if (time.day != day_) {
      close_day();
      series_.days.resize(days - 1, nothing_read);
    }
  } else {
    series_.first_day = time.day;
  }
  day_ = time.day;
  last_microseconds_ = time.microseconds;
  last_line_ = line;
  last_values_ = values;
  ++reading_count_;
  for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor) {
    if (stope::is_missing(values[sensor])) continue;
    sums_[sensor] += values[sensor];
    ++counts_[sensor];
  }
  return Outcome::added;
}

void DailySeriesBuilder::close_day() {
  stope::DailyReading mean = nothing_read;
  for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor)
    if (counts_[sensor] > 0) mean[sensor] = sums_[sensor] / counts_[sensor];
  series_.days.push_back(mean);
  sums_ = {};
  counts_ = {};
}

stope::DailySeries DailySeriesBuilder::take() {
  if (reading_count_ > 0) close_day();
  stope::DailySeries series = std::exchange(series_, {});
  series.days.shrink_to_fit();
  *this = {};
  return series;
}

}  // namespace deepmine::io
