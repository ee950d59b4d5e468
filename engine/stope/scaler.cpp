#include "engine/stope/scaler.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace deepmine::stope {

void ColumnFit::add(double value) {
  if (is_missing(value)) return;
  if (count_ == 0) lowest_ = highest_ = value;
  lowest_ = std::min(lowest_, value);
  highest_ = std::max(highest_, value);
  ++count_;
  const double from_old_mean = value - mean_;
  mean_ += from_old_mean / static_cast<double>(count_);
  squares_ += from_old_mean * (value - mean_);
}

ColumnScale ColumnFit::finish() const {
  ColumnScale scale;
  scale.count = count_;
  if (count_ == 0) return scale;
  scale.mean = mean_;
  // Equal values need the test: their mean can miss them by a last bit, and 1e-17 is no deviation to divide
  // by.
  const double deviation = std::sqrt(squares_ / static_cast<double>(count_));
  scale.deviation = lowest_ < highest_ && deviation > 0 ? deviation : 1;
  scale.lowest = lowest_;
  scale.highest = highest_;
  return scale;
}

bool InputScaler::valid() const {
  const auto usable = [](const ColumnScale& scale) {
    return std::isfinite(scale.mean) && std::isfinite(scale.deviation) && scale.deviation > 0 &&
           std::isfinite(scale.lowest) && std::isfinite(scale.highest) && scale.lowest <= scale.highest &&
           scale.count > 0;
  };
  return statics.size() == scaled_feature_count && sensors.size() == sensor_count &&
         categories_seen.size() == category_feature_count &&
         std::all_of(statics.begin(), statics.end(), usable) &&
         std::all_of(sensors.begin(), sensors.end(), usable) &&
         (summary.empty() || summary.size() == summary_feature_count) &&
         std::all_of(summary.begin(), summary.end(), usable) &&
         std::all_of(categories_seen.begin(), categories_seen.end(),
                     [](std::uint8_t seen) { return seen <= 1; });
}

void InputScaler::write_statics(const StaticFeatures& features, float* out) const {
  assert(statics.size() == scaled_feature_count);
  for (std::size_t i = 0; i < category_feature_count; ++i) out[i] = static_cast<float>(features.values[i]);
  for (std::size_t i = 0; i < scaled_feature_count; ++i)
    out[category_feature_count + i] =
        static_cast<float>(statics[i].scaled(features.values[category_feature_count + i]));
}

void InputScaler::write_series(std::span<const DailyReading> days, float* out) const {
  assert(sensors.size() == sensor_count);
  for (const DailyReading& day : days)
    for (std::size_t s = 0; s < sensor_count; ++s) *out++ = static_cast<float>(sensors[s].scaled(day[s]));
}

void InputScaler::write_summary(std::span<const DailyReading> window, float* out) const {
  assert(summary.size() == summary_feature_count);
  std::array<double, summary_feature_count> values{};
  write_summary_features(window, values.data());
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = static_cast<float>(summary[i].scaled(values[i]));
}

void InputScalerFit::add_statics(const StaticFeatures& features) {
  for (std::size_t i = 0; i < category_feature_count; ++i)
    if (features.values[i] == 1) categories_seen_[i] = true;
  for (std::size_t i = 0; i < scaled_feature_count; ++i)
    statics_[i].add(features.values[category_feature_count + i]);
}

void InputScalerFit::add_reading(Sensor sensor, double observed) {
  sensors_[static_cast<std::size_t>(sensor)].add(observed);
}

void InputScalerFit::add_window(std::span<const DailyReading> window) {
  std::array<double, summary_feature_count> values{};
  write_summary_features(window, values.data());
  for (std::size_t i = 0; i < values.size(); ++i) summary_[i].add(values[i]);
}

InputScaler InputScalerFit::finish() const {
  InputScaler scaler;
  for (const ColumnFit& fit : statics_) scaler.statics.push_back(fit.finish());
  for (const ColumnFit& fit : sensors_) scaler.sensors.push_back(fit.finish());
  const bool has_windows = summary_.front().finish().count > 0;
  if (has_windows)
    for (const ColumnFit& fit : summary_) scaler.summary.push_back(fit.finish());
  scaler.categories_seen.assign(categories_seen_.begin(), categories_seen_.end());
  return scaler;
}

}  // namespace deepmine::stope
