#include "engine/train/ranking_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace deepmine::train {

Ranking::Ranking(std::span<const std::int8_t> labels, std::span<const double> scores) {
  has_order_ = std::none_of(scores.begin(), scores.end(), [](double score) { return std::isnan(score); });
  if (!has_order_) return;
  order_.reserve(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) order_.push_back({i, labels[i] == 1, false});
  std::sort(order_.begin(), order_.end(), [&](const Sample& a, const Sample& b) {
    return scores[a.index] > scores[b.index] || (scores[a.index] == scores[b.index] && a.index < b.index);
  });
  for (std::size_t k = 0; k < order_.size(); ++k)
    order_[k].last_of_ties = k + 1 == order_.size() || scores[order_[k].index] != scores[order_[k + 1].index];
}

Ranking::Areas Ranking::areas(std::span<const double> weights) const {
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  if (!has_order_) return {unknown, unknown, unknown, unknown};
  // Positives and negatives so far, and in this group of equal scores.
  double positives = 0, negatives = 0, tied_positives = 0, tied_negatives = 0;
  double pairs_in_order = 0, gained_precision = 0;
  for (const Sample& sample : order_) {
    (sample.positive ? tied_positives : tied_negatives) += weights.empty() ? 1 : weights[sample.index];
    if (!sample.last_of_ties) continue;
    pairs_in_order += tied_negatives * (positives + tied_positives / 2);
    positives += tied_positives;
    negatives += tied_negatives;
    if (tied_positives > 0) gained_precision += tied_positives * positives / (positives + negatives);
    tied_positives = tied_negatives = 0;
  }
  return {positives > 0 && negatives > 0 ? pairs_in_order / (positives * negatives) : unknown,
          positives > 0 && negatives > 0 ? gained_precision / positives : unknown, positives * negatives,
          negatives > 0 ? positives : 0};
}

Ranking::Areas combined(std::span<const Ranking::Areas> parts) {
  double roc = 0, precision = 0, pairs = 0, positives = 0;
  for (const Ranking::Areas& part : parts) {
    if (part.pairs == 0) continue;  // not a number goes on, and makes the sums so
    roc += part.pairs * part.roc_auc;
    precision += part.positives * part.pr_auc;
    pairs += part.pairs;
    positives += part.positives;
  }
  if (pairs == 0) return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  return {roc / pairs, precision / positives, pairs, positives};
}

double roc_auc(std::span<const std::int8_t> labels, std::span<const double> scores) {
  return Ranking(labels, scores).areas().roc_auc;
}

}  // namespace deepmine::train
