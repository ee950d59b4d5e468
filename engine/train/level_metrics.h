// How good the answers of a head with ordered levels are.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/train/metrics.h"

namespace deepmine::train {

/// What the metrics of such a head follow from: its confusion matrix and how often the label was among the
/// two likeliest levels. The sums of a union are the sum of the sums.
class LevelSums {
 public:
  explicit LevelSums(int classes);

  /// Levels from 0. `in_top_two`: nothing where the answer has no second choice.
  void add(int label, int predicted, std::optional<bool> in_top_two, double weight = 1);
  void add(const LevelSums& other, double times);

  /// samples, accuracy, top_2_accuracy (NaN unless every answer has a second choice), macro_f1 (over the
  /// levels that occur among labels or answers), weighted_f1 (weights: how often a level is the label),
  /// quadratic_kappa, mean_absolute_level_error, then precision_level_K and recall_level_K of each level (NaN
  /// where it was never predicted, or never the label).
  ///
  ///   quadratic_kappa = 1 − Σ (i−j)²·O_ij / Σ (i−j)²·E_ij, O counted, E = chance agreement of the margins
  ///   (Cohen 1968); NaN where labels and answers are all of one level
  Metrics metrics() const;

 private:
  double cell(std::size_t label, std::size_t predicted) const { return cells_[label * classes_ + predicted]; }
  double quadratic_kappa(double samples) const;

  std::size_t classes_;
  std::vector<double> cells_;  // label × predicted
  double in_top_two_ = 0, without_second_choice_ = 0;
};

/// Whether `label` is one of the two highest scores. Of equal scores the later one counts as higher, as in
/// scikit-learn's top_k_accuracy_score.
bool in_top_two(std::span<const double> scores, int label);

/// Of a head: spans of the same size; `scores` sample by sample, `classes` each, or empty: no second choice.
Metrics level_metrics(std::span<const std::int8_t> labels, std::span<const std::int8_t> predicted,
                      int classes, std::span<const double> scores = {}, std::span<const double> weights = {});

}  // namespace deepmine::train
