// A window in a few numbers: what a baseline sees instead of thirty days. The statics' inputs, then for each
// sensor what a person would read off its curve.
#pragma once

#include <cstddef>
#include <span>

#include "engine/stope/feature_table.h"
#include "engine/stope/records.h"

namespace deepmine::stope {

/// Of each sensor: mean, standard deviation (population), lowest, highest, last value, slope per day over the
/// window, mean and slope per day of the last 7 days.
inline constexpr std::size_t summaries_per_sensor = 8;
inline constexpr std::size_t window_summary_count =
    static_feature_count + sensor_count * summaries_per_sensor;

/// Writes window_summary_count numbers, not scaled. `window` holds filled readings of at least 2 days; of
/// fewer than 7 days all count as the last ones.
void write_window_summary(const StaticFeatures& features, std::span<const DailyReading> window, double* out);

}  // namespace deepmine::stope
