#include "engine/train/metrics.h"

#include <algorithm>
#include <array>
#include <limits>

namespace deepmine::train {

double value_of(const Metrics& metrics, std::string_view name) {
  const auto found =
      std::find_if(metrics.begin(), metrics.end(), [&](const auto& metric) { return metric.first == name; });
  return found == metrics.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

bool more_is_better(std::string_view metric) {
  constexpr std::array<std::string_view, 6> errors{"brier",
                                                   "log_loss",
                                                   "ece",
                                                   "false_negative_rate",
                                                   "mean_absolute_level_error",
                                                   "false_alarms_per_stope_month"};
  return std::find(errors.begin(), errors.end(), metric) == errors.end();
}

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace deepmine::train
