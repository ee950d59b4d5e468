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

// One loop over the days for all sensors: their sums do not wait for each other.

DailyReading means_of(std::span<const DailyReading> days) {
  DailyReading means{};
  for (const DailyReading& day : days)
    for (std::size_t s = 0; s < sensor_count; ++s) means[s] += day[s];
  for (double& mean : means) mean /= static_cast<double>(days.size());
  return means;
}

DailyReading deviations_of(std::span<const DailyReading> days, const DailyReading& means) {
  DailyReading deviations{};
  for (const DailyReading& day : days)
    for (std::size_t s = 0; s < sensor_count; ++s) deviations[s] += (day[s] - means[s]) * (day[s] - means[s]);
  for (double& deviation : deviations) deviation = std::sqrt(deviation / static_cast<double>(days.size()));
  return deviations;
}

struct Bounds {
  DailyReading lowest, highest;
};

Bounds bounds_of(std::span<const DailyReading> days) {
  Bounds bounds{days.front(), days.front()};
  for (const DailyReading& day : days)
    for (std::size_t s = 0; s < sensor_count; ++s) {
      bounds.lowest[s] = std::min(bounds.lowest[s], day[s]);
      bounds.highest[s] = std::max(bounds.highest[s], day[s]);
    }
  return bounds;
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
  const DailyReading means = means_of(window), deviations = deviations_of(window, means);
  const Bounds bounds = bounds_of(window);
  const DailyReading slopes = daily_slopes(window), last_means = means_of(last),
                     last_slopes = daily_slopes(last);
  for (std::size_t s = 0; s < sensor_count; ++s) {
    *out++ = means[s];
    *out++ = deviations[s];
    *out++ = bounds.lowest[s];
    *out++ = bounds.highest[s];
    *out++ = window.back()[s];
    *out++ = slopes[s];
    *out++ = last_means[s];
    *out++ = last_slopes[s];
  }
}

}  // namespace deepmine::stope
