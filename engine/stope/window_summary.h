// A window in a few numbers: what a baseline sees instead of thirty days. The statics' inputs, then for each
// sensor what a person would read off its curve.
#pragma once

#include <cstddef>
#include <span>

#include "engine/stope/feature_table.h"
#include "engine/stope/records.h"
#include "engine/stope/summary_features.h"

namespace deepmine::stope {

/// The static features, then the summaries of each sensor (summary_features.h).
inline constexpr std::size_t window_summary_count = static_feature_count + summary_feature_count;

/// Writes window_summary_count numbers, not scaled. `window` holds filled readings of at least 2 days; of
/// fewer than 7 days all count as the last ones.
void write_window_summary(const StaticFeatures& features, std::span<const DailyReading> window, double* out);

}  // namespace deepmine::stope
