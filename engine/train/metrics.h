// How good answers are. Names as in scikit-learn. A number that can't be had (no positive among the labels,
// no samples, an answer that is no number) is NaN, never 0 or 1 by accident.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deepmine::train {

/// Metrics by name, in a fixed order.
using Metrics = std::vector<std::pair<std::string, double>>;

/// The metric of that name, NaN if there is none.
double value_of(const Metrics& metrics, std::string_view name);

/// False for metrics that count errors (brier, log_loss, ece, false_negative_rate, mean_absolute_level_error,
/// false_alarms_per_stope_month): less is better there.
bool more_is_better(std::string_view metric);

/// part / whole; NaN where there is no whole.
double ratio(double part, double whole);

}  // namespace deepmine::train
