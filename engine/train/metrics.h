// How good answers are. Names as in scikit-learn. A number that can't be had (no positive among the labels,
// no samples) is NaN, never 0.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace deepmine::train {

/// Metrics by name, in a fixed order.
using Metrics = std::vector<std::pair<std::string, double>>;

/// Of a two-class head. `labels` 1 is positive (unstable); `probabilities` of the positive class; positive is
/// predicted from `threshold` on: samples, accuracy, balanced_accuracy, precision, recall, specificity, f1,
/// roc_auc, brier, log_loss. Both spans have the same size.
Metrics binary_metrics(std::span<const std::int8_t> labels, std::span<const double> probabilities,
                       double threshold = 0.5);

/// Of a head with `classes` ordered levels, from the predicted level: samples, accuracy, macro_f1 (over the
/// levels that occur among labels or predictions), mean_absolute_level_error.
Metrics level_metrics(std::span<const std::int8_t> labels, std::span<const std::int8_t> predicted,
                      int classes);

/// Area under the receiver operating characteristic: the probability that a positive gets a higher score than
/// a negative, ties counted half (Hanley and McNeil 1982).
double roc_auc(std::span<const std::int8_t> labels, std::span<const double> scores);

}  // namespace deepmine::train
