#include "engine/stope/window_summary.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "engine/stope/rules.h"

namespace deepmine::stope {
namespace {

constexpr std::size_t last_days = 7;

double mean_of(std::span<const DailyReading> days, std::size_t sensor) {
  double sum = 0;
  for (const DailyReading& day : days) sum += day[sensor];
  return sum / static_cast<double>(days.size());
}

double deviation_of(std::span<const DailyReading> days, std::size_t sensor, double mean) {
  double squares = 0;
  for (const DailyReading& day : days) squares += (day[sensor] - mean) * (day[sensor] - mean);
  return std::sqrt(squares / static_cast<double>(days.size()));
}

}  // namespace

void write_window_summary(const StaticFeatures& features, std::span<const DailyReading> window, double* out) {
  assert(window.size() >= 2);
  out = std::copy(features.values.begin(), features.values.end(), out);
  const auto last = window.last(std::min(last_days, window.size()));
  for (std::size_t s = 0; s < sensor_count; ++s) {
    const auto sensor = static_cast<Sensor>(s);
    const auto [lowest, highest] =
        std::minmax_element(window.begin(), window.end(),
                            [s](const DailyReading& a, const DailyReading& b) { return a[s] < b[s]; });
    const double mean = mean_of(window, s);
    *out++ = mean;
    *out++ = deviation_of(window, s, mean);
    *out++ = (*lowest)[s];
    *out++ = (*highest)[s];
    *out++ = window.back()[s];
    *out++ = daily_slope(window, sensor).value_or(missing);
    *out++ = mean_of(last, s);
    *out++ = daily_slope(last, sensor).value_or(missing);
  }
}

}  // namespace deepmine::stope
