#include "engine/train/level_metrics.h"

#include <cmath>
#include <limits>

namespace deepmine::train {

LevelSums::LevelSums(int classes)
    : classes_(static_cast<std::size_t>(classes)), cells_(classes_ * classes_) {}

void LevelSums::add(int label, int predicted, std::optional<bool> in_top_two, double weight) {
  cells_[static_cast<std::size_t>(label) * classes_ + static_cast<std::size_t>(predicted)] += weight;
  if (!in_top_two) without_second_choice_ += weight;
  if (in_top_two.value_or(false)) in_top_two_ += weight;
}

void LevelSums::add(const LevelSums& other, double times) {
  for (std::size_t i = 0; i < cells_.size(); ++i) cells_[i] += times * other.cells_[i];
  in_top_two_ += times * other.in_top_two_;
  without_second_choice_ += times * other.without_second_choice_;
}

double LevelSums::quadratic_kappa(double samples) const {
  std::vector<double> labels(classes_), answers(classes_);
  double observed = 0, by_chance = 0;
  const auto square = [](std::size_t i, std::size_t j) {
    const double distance = static_cast<double>(i) - static_cast<double>(j);
    return distance * distance;
  };
  for (std::size_t i = 0; i < classes_; ++i)
    for (std::size_t j = 0; j < classes_; ++j) {
      labels[i] += cell(i, j);
      answers[j] += cell(i, j);
      observed += square(i, j) * cell(i, j);
    }
  for (std::size_t i = 0; i < classes_; ++i)
    for (std::size_t j = 0; j < classes_; ++j) by_chance += square(i, j) * labels[i] * answers[j] / samples;
  return by_chance > 0 ? 1 - observed / by_chance : std::numeric_limits<double>::quiet_NaN();
}

Metrics LevelSums::metrics() const {
  double samples = 0, hits = 0, level_error = 0, f1_sum = 0, weighted_f1_sum = 0, occurring = 0;
  Metrics by_level;
  for (std::size_t i = 0; i < classes_; ++i) {
    double labelled = 0, answered = 0;
    for (std::size_t j = 0; j < classes_; ++j) {
      labelled += cell(i, j);
      answered += cell(j, i);
      level_error += std::abs(static_cast<double>(i) - static_cast<double>(j)) * cell(i, j);
    }
    samples += labelled;
    hits += cell(i, i);
    if (labelled + answered > 0) {
      const double f1 = 2 * cell(i, i) / (labelled + answered);
      f1_sum += f1;
      weighted_f1_sum += labelled * f1;
      occurring += 1;
    }
    by_level.emplace_back("precision_level_" + std::to_string(i), ratio(cell(i, i), answered));
    by_level.emplace_back("recall_level_" + std::to_string(i), ratio(cell(i, i), labelled));
  }
  Metrics metrics{{"samples", samples},
                  {"accuracy", ratio(hits, samples)},
                  {"top_2_accuracy", without_second_choice_ > 0 ? std::numeric_limits<double>::quiet_NaN()
                                                                : ratio(in_top_two_, samples)},
                  {"macro_f1", ratio(f1_sum, occurring)},
                  {"weighted_f1", ratio(weighted_f1_sum, samples)},
                  {"quadratic_kappa", quadratic_kappa(samples)},
                  {"mean_absolute_level_error", ratio(level_error, samples)}};
  metrics.insert(metrics.end(), by_level.begin(), by_level.end());
  return metrics;
}

bool in_top_two(std::span<const double> scores, int label) {
  const auto chosen = static_cast<std::size_t>(label);
  int higher = 0;
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (scores[i] > scores[chosen] || (scores[i] == scores[chosen] && i > chosen)) ++higher;
  return higher < 2;
}

Metrics level_metrics(std::span<const std::int8_t> labels, std::span<const std::int8_t> predicted,
                      int classes, std::span<const double> scores, std::span<const double> weights) {
  LevelSums sums(classes);
  const auto width = static_cast<std::size_t>(classes);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    std::optional<bool> second;
    if (!scores.empty()) second = in_top_two(scores.subspan(i * width, width), labels[i]);
    sums.add(labels[i], predicted[i], second, weights.empty() ? 1 : weights[i]);
  }
  return sums.metrics();
}

}  // namespace deepmine::train
