// A window in a few numbers: what a person would read off the curve of each sensor. A network with a shortcut
// (network_specification.h) sees them beside the days themselves; names and units stand in the feature table.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/stope/records.h"

namespace deepmine::stope {

/// Of each sensor, in this order: mean, standard deviation (population), lowest, highest, last value and
/// slope per day over the window, mean and slope per day of the last 7 days.
inline constexpr std::size_t summaries_per_sensor = 8;
inline constexpr std::size_t summary_feature_count = sensor_count * summaries_per_sensor;

/// Name and unit of a number, in the order in which they are written: `stress mean`, `MPa`.
struct SummaryName {
  std::string name, unit;
};
std::vector<SummaryName> summary_names();

/// Writes summary_feature_count numbers in raw units, not scaled. `window` holds at least 2 days and no
/// missing reading (a usable window); of fewer than 7 days all count as the last ones.
void write_summary_features(std::span<const DailyReading> window, double* out);

}  // namespace deepmine::stope
