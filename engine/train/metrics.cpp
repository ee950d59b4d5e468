#include "engine/train/metrics.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>

namespace deepmine::train {
namespace {

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : std::numeric_limits<double>::quiet_NaN();
}

double f1_score(double hits, double false_positives, double false_negatives) {
  return ratio(2 * hits, 2 * hits + false_positives + false_negatives);
}

/// Keeps the logarithm finite, as scikit-learn does with the machine's epsilon.
double clipped(double probability) {
  constexpr double smallest = std::numeric_limits<double>::epsilon();
  return std::clamp(probability, smallest, 1 - smallest);
}

}  // namespace

Metrics binary_metrics(std::span<const std::int8_t> labels, std::span<const double> probabilities,
                       double threshold) {
  double true_positive = 0, false_positive = 0, true_negative = 0, false_negative = 0, brier = 0,
         log_loss = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const bool positive = labels[i] == 1, predicted = probabilities[i] >= threshold;
    (positive ? (predicted ? true_positive : false_negative)
              : (predicted ? false_positive : true_negative)) += 1;
    const double target = positive ? 1 : 0;
    brier += (probabilities[i] - target) * (probabilities[i] - target);
    log_loss -= std::log(positive ? clipped(probabilities[i]) : 1 - clipped(probabilities[i]));
  }
  const double samples = static_cast<double>(labels.size());
  const double recall = ratio(true_positive, true_positive + false_negative);
  const double specificity = ratio(true_negative, true_negative + false_positive);
  return {{"samples", samples},
          {"accuracy", ratio(true_positive + true_negative, samples)},
          {"balanced_accuracy", (recall + specificity) / 2},
          {"precision", ratio(true_positive, true_positive + false_positive)},
          {"recall", recall},
          {"specificity", specificity},
          {"f1", f1_score(true_positive, false_positive, false_negative)},
          {"roc_auc", roc_auc(labels, probabilities)},
          {"brier", ratio(brier, samples)},
          {"log_loss", ratio(log_loss, samples)}};
}

Metrics level_metrics(std::span<const std::int8_t> labels, std::span<const std::int8_t> predicted,
                      int classes) {
  std::vector<double> hits(static_cast<std::size_t>(classes)), missed(hits), wrong(hits);
  double level_error = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto label = static_cast<std::size_t>(labels[i]), guess = static_cast<std::size_t>(predicted[i]);
    if (label == guess)
      hits[label] += 1;
    else {
      missed[label] += 1;
      wrong[guess] += 1;
    }
    level_error += std::abs(labels[i] - predicted[i]);
  }
  double f1_sum = 0, occurring = 0;
  for (std::size_t c = 0; c < hits.size(); ++c) {
    if (hits[c] + missed[c] + wrong[c] <= 0) continue;
    f1_sum += f1_score(hits[c], wrong[c], missed[c]);
    occurring += 1;
  }
  const double samples = static_cast<double>(labels.size());
  return {{"samples", samples},
          {"accuracy", ratio(std::accumulate(hits.begin(), hits.end(), 0.0), samples)},
          {"macro_f1", ratio(f1_sum, occurring)},
          {"mean_absolute_level_error", ratio(level_error, samples)}};
}

double roc_auc(std::span<const std::int8_t> labels, std::span<const double> scores) {
  const auto is_no_number = [](double score) { return std::isnan(score); };
  if (std::any_of(scores.begin(), scores.end(), is_no_number))  // nothing can be put in order then
    return std::numeric_limits<double>::quiet_NaN();
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  double positives = 0, negatives = 0, rank_sum = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && scores[order[end]] == scores[order[begin]]) ++end;
    const double mean_rank = (static_cast<double>(begin) + 1 + static_cast<double>(end)) / 2;
    for (; begin < end; ++begin) {
      const bool positive = labels[order[begin]] == 1;
      (positive ? positives : negatives) += 1;
      if (positive) rank_sum += mean_rank;
    }
  }
  return ratio(rank_sum - positives * (positives + 1) / 2, positives * negatives);
}

}  // namespace deepmine::train
