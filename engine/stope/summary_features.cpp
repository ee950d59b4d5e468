#include "engine/stope/summary_features.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <string_view>

#include "engine/stope/rules.h"

namespace deepmine::stope {
namespace {

constexpr std::size_t last_days = 7;

struct Summary {
  std::string_view name, unit_suffix;
};
constexpr std::array<Summary, summaries_per_sensor> summaries{{
    {"mean", ""},
    {"standard deviation", ""},
    {"lowest", ""},
    {"highest", ""},
    {"last value", ""},
    {"slope", " per day"},
    {"mean of 7 days", ""},
    {"slope of 7 days", " per day"},
}};

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

std::vector<SummaryName> summary_names() {
  std::vector<SummaryName> names;
  for (const SensorColumn& sensor : sensor_columns)
    for (const Summary& summary : summaries)
      names.push_back({std::string(sensor.name) + " " + std::string(summary.name),
                       std::string(sensor.unit) + std::string(summary.unit_suffix)});
  return names;
}

void write_summary_features(std::span<const DailyReading> window, double* out) {
  assert(window.size() >= 2);
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
