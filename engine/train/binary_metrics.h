// How good the answers of a two-class head are.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "engine/train/metrics.h"

namespace deepmine::train {

/// What all metrics but the areas under curves follow from: sums over samples. The sums of a union are the
/// sum of the sums, so whoever resamples groups of samples (bootstrap.h) counts each group once.
class BinarySums {
 public:
  static constexpr std::size_t calibration_bins = 15;

  /// `positive`: the label is 1 (unstable). Positive is predicted from `threshold` on. A probability that is
  /// no number makes every metric NaN: it must not count as a negative answer.
  void add(bool positive, double probability, double threshold, double weight = 1);
  /// Adds what another set of samples gave, `times` times.
  void add(const BinarySums& other, double times);

  /// samples (the sum of the weights), accuracy, balanced_accuracy, precision, recall, specificity, f1, f2,
  /// mcc, cohen_kappa, brier, log_loss, ece, false_negative_rate. NaN where what a metric
  /// weighs is missing: recall, f1 and f2 without positives, mcc where labels or answers are of one class,
  /// ...
  ///
  ///   f_β = (1 + β²)·TP / ((1 + β²)·TP + β²·FN + FP)
  ///   mcc = (TP·TN − FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN))            (Matthews 1975)
  ///   cohen_kappa = (p_o − p_e) / (1 − p_e), p_e = chance agreement of the margins   (Cohen 1960)
  ///   ece = Σ_bins n_b/n · |mean probability − share of positives|, 15 equal bins (i/15, (i+1)/15]
  Metrics metrics() const;

 private:
  struct Bin {
    double weight = 0, probability = 0, positive = 0;
  };
  double calibration_error(double samples) const;

  double true_positive_ = 0, false_positive_ = 0, true_negative_ = 0, false_negative_ = 0;
  double squares_ = 0, log_loss_ = 0, not_a_number_ = 0;
  std::array<Bin, calibration_bins> bins_{};
};

/// All of a head: those of BinarySums, and roc_auc and pr_auc (ranking_metrics.h). `labels` 1 is positive;
/// `probabilities` of the positive class; `weights` one a sample, or empty: 1 each.
Metrics binary_metrics(std::span<const std::int8_t> labels, std::span<const double> probabilities,
                       double threshold = 0.5, std::span<const double> weights = {});

}  // namespace deepmine::train
