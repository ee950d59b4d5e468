// How well scores put positives before negatives, whatever the threshold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace deepmine::train {

/// Samples in the order of their scores, sorted once, so that other weights of the same samples (bootstrap.h)
/// cost one pass.
class Ranking {
 public:
  /// `labels` 1 is positive.
  Ranking(std::span<const std::int8_t> labels, std::span<const double> scores);

  struct Areas {
    /// The probability that a positive gets a higher score than a negative, ties counted half (Hanley and
    /// McNeil 1982).
    double roc_auc;
    /// Average precision: Σ over distinct scores, highest first, of (gain of recall) · precision, as
    /// scikit-learn's average_precision_score; no interpolation.
    double pr_auc;
    double pairs = 0, positives = 0;  ///< weights: of pairs of a positive and a negative, of positives
  };
  /// `weights` one a sample in the order given to the constructor, or empty: 1 each. NaN where a class is
  /// missing (or has no weight), or where a score is no number: nothing can be put in order then.
  Areas areas(std::span<const double> weights = {}) const;

 private:
  struct Sample {
    std::size_t index;
    bool positive, last_of_ties;
  };
  std::vector<Sample> order_;  // highest score first
  bool has_order_ = true;
};

/// Areas of samples that were ranked in parts (folds), each by a model of its own: only pairs of the same
/// part count. roc_auc weighted by pairs, pr_auc by positives; parts without one of the classes don't count.
Ranking::Areas combined(std::span<const Ranking::Areas> parts);

double roc_auc(std::span<const std::int8_t> labels, std::span<const double> scores);

}  // namespace deepmine::train
