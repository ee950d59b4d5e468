#include "engine/stope/window_summary.h"

#include <algorithm>

namespace deepmine::stope {

void write_window_summary(const StaticFeatures& features, std::span<const DailyReading> window, double* out) {
  out = std::copy(features.values.begin(), features.values.end(), out);
  write_summary_features(window, out);
}

}  // namespace deepmine::stope
