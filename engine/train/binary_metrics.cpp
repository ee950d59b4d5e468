#include "engine/train/binary_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/train/ranking_metrics.h"

namespace deepmine::train {
namespace {

/// Keeps the logarithm finite, as scikit-learn does with the machine's epsilon.
double clipped(double probability) {
  constexpr double smallest = std::numeric_limits<double>::epsilon();
  return std::clamp(probability, smallest, 1 - smallest);
}

/// The bin (i/15, (i+1)/15] of a probability; 0 belongs to the first. The edges are those of numpy's
/// linspace.
std::size_t bin_of(double probability) {
  constexpr double width = 1.0 / static_cast<double>(BinarySums::calibration_bins);
  std::size_t bin = 0;
  while (bin + 1 < BinarySums::calibration_bins && static_cast<double>(bin + 1) * width < probability) ++bin;
  return bin;
}

/// NaN without positives: there is no recall to weigh then.
double f_score(double beta, double hits, double false_positives, double false_negatives) {
  const double square = beta * beta;
  if (hits + false_negatives <= 0) return std::numeric_limits<double>::quiet_NaN();
  return ratio((1 + square) * hits, (1 + square) * hits + square * false_negatives + false_positives);
}

}  // namespace

void BinarySums::add(bool positive, double probability, double threshold, double weight) {
  if (!std::isfinite(probability)) {
    not_a_number_ += weight;
    return;
  }
  const bool predicted = probability >= threshold;
  (positive ? (predicted ? true_positive_ : false_negative_)
            : (predicted ? false_positive_ : true_negative_)) += weight;
  const double error = probability - (positive ? 1 : 0);
  squares_ += weight * error * error;
  log_loss_ -= weight * std::log(positive ? clipped(probability) : 1 - clipped(probability));
  Bin& bin = bins_[bin_of(probability)];
  bin.weight += weight;
  bin.probability += weight * probability;
  bin.positive += positive ? weight : 0;
}

void BinarySums::add(const BinarySums& other, double times) {
  true_positive_ += times * other.true_positive_;
  false_positive_ += times * other.false_positive_;
  true_negative_ += times * other.true_negative_;
  false_negative_ += times * other.false_negative_;
  squares_ += times * other.squares_;
  log_loss_ += times * other.log_loss_;
  not_a_number_ += times * other.not_a_number_;
  for (std::size_t b = 0; b < bins_.size(); ++b) {
    bins_[b].weight += times * other.bins_[b].weight;
    bins_[b].probability += times * other.bins_[b].probability;
    bins_[b].positive += times * other.bins_[b].positive;
  }
}

double BinarySums::calibration_error(double samples) const {
  double error = 0;
  for (const Bin& bin : bins_) error += std::abs(bin.probability - bin.positive);
  return ratio(error, samples);
}

Metrics BinarySums::metrics() const {
  const double positives = true_positive_ + false_negative_, negatives = true_negative_ + false_positive_;
  const double called_positive = true_positive_ + false_positive_,
               called_negative = true_negative_ + false_negative_;
  const double samples = positives + negatives;
  const double recall = ratio(true_positive_, positives), specificity = ratio(true_negative_, negatives);
  const double agreement = ratio(true_positive_ + true_negative_, samples);
  const double chance = ratio(called_positive * positives + called_negative * negatives, samples * samples);
  const bool both_labels = positives > 0 && negatives > 0;
  const double product = called_positive * positives * negatives * called_negative;
  Metrics metrics{
      {"samples", samples + not_a_number_},
      {"accuracy", agreement},
      {"balanced_accuracy", (recall + specificity) / 2},
      {"precision", ratio(true_positive_, called_positive)},
      {"recall", recall},
      {"specificity", specificity},
      {"f1", f_score(1, true_positive_, false_positive_, false_negative_)},
      {"f2", f_score(2, true_positive_, false_positive_, false_negative_)},
      {"mcc", ratio(true_positive_ * true_negative_ - false_positive_ * false_negative_, std::sqrt(product))},
      {"cohen_kappa", both_labels ? ratio(agreement - chance, 1 - chance) : ratio(0, 0)},
      {"brier", ratio(squares_, samples)},
      {"log_loss", ratio(log_loss_, samples)},
      {"ece", calibration_error(samples)},
      {"false_negative_rate", ratio(false_negative_, positives)}};
  if (not_a_number_ > 0)
    for (std::size_t i = 1; i < metrics.size(); ++i)
      metrics[i].second = std::numeric_limits<double>::quiet_NaN();
  return metrics;
}

Metrics binary_metrics(std::span<const std::int8_t> labels, std::span<const double> probabilities,
                       double threshold, std::span<const double> weights) {
  BinarySums sums;
  for (std::size_t i = 0; i < labels.size(); ++i)
    sums.add(labels[i] == 1, probabilities[i], threshold, weights.empty() ? 1 : weights[i]);
  Metrics metrics = sums.metrics();
  const Ranking::Areas areas = Ranking(labels, probabilities).areas(weights);
  metrics.emplace_back("roc_auc", areas.roc_auc);
  metrics.emplace_back("pr_auc", areas.pr_auc);
  return metrics;
}

}  // namespace deepmine::train
