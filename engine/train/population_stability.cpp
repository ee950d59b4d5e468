#include "engine/train/population_stability.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace deepmine::train {
namespace {

std::size_t bin_of(const std::vector<double>& edges, double value) {
  return static_cast<std::size_t>(std::lower_bound(edges.begin(), edges.end(), value) - edges.begin());
}

/// Quantile of χ²_k at 1 − 1e-6 (Wilson and Hilferty 1931).
double chi_square_quantile(double k) {
  constexpr double z = 4.753424;  // of the normal distribution
  const double ninth = 2 / (9 * k), root = 1 - ninth + z * std::sqrt(ninth);
  return k * root * root * root;
}

bool is_ascending(const std::vector<double>& edges) {
  return std::adjacent_find(edges.begin(), edges.end(), [](double a, double b) { return !(a < b); }) ==
         edges.end();
}

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

std::string problem_with(const FeatureDistribution& feature) {
  if (feature.shares.size() != feature.edges.size() + 1)
    return std::to_string(feature.shares.size()) + " shares for " + std::to_string(feature.edges.size()) +
           " edges";
  if (!all_finite(feature.edges) || !is_ascending(feature.edges))
    return "the edges are not ascending numbers";
  double sum = 0;
  for (const double share : feature.shares) {
    if (!(share >= 0)) return "a share is not a number from 0";
    sum += share;
  }
  if (!(std::abs(sum - 1) < 1e-6)) return "the shares do not sum to 1";
  for (const double number :
       {feature.deviation, feature.window_deviation, feature.trace, feature.square_trace})
    if (!(number >= 0 && std::isfinite(number))) return "a measure of spread is not a number from 0";
  if (!std::isfinite(feature.mean)) return "the mean is no number";
  return {};
}

}  // namespace

std::string problem_with(const TrainingDistributions& distributions) {
  if (distributions.groups < 0 || (distributions.groups == 0 && !distributions.features.empty()))
    return "the distributions are of " + std::to_string(distributions.groups) + " stopes";
  for (const FeatureDistribution& feature : distributions.features)
    if (std::string problem = problem_with(feature); !problem.empty())
      return "distribution of " + feature.name + ": " + problem;
  return {};
}

int bins_for(std::size_t groups) {
  return std::clamp(static_cast<int>(std::min<std::size_t>(groups, 1000)) / 5, 4, 10);
}

std::vector<double> quantile_edges(std::vector<WeightedValue> values, int bins) {
  assert(!values.empty() && bins > 1);
  std::sort(values.begin(), values.end(), [](const WeightedValue& a, const WeightedValue& b) {
    return a.value < b.value || (a.value == b.value && a.weight < b.weight);
  });
  const double lowest = values.front().value, highest = values.back().value;
  if (lowest == highest) return {std::nextafter(lowest, -std::numeric_limits<double>::infinity()), lowest};
  double total = 0, reached = 0;
  for (const WeightedValue& value : values) total += value.weight;
  total *= 1 - 1e-12;  // sums of weights such as 1/30 fall a rounding error short
  std::vector<double> edges;
  int next = 1;
  for (const WeightedValue& value : values) {
    reached += value.weight;
    if (next >= bins || reached < total * next / bins) continue;
    while (next < bins && reached >= total * next / bins) ++next;
    if (value.value < highest && (edges.empty() || edges.back() < value.value)) edges.push_back(value.value);
  }
  // Nearly everything is the highest value: what is below it is a bin all the same.
  if (edges.empty()) edges.push_back(std::nextafter(highest, -std::numeric_limits<double>::infinity()));
  return edges;
}

DistributionFit::DistributionFit(std::vector<double> edges)
    : edges_(std::move(edges)),
      shares_(edges_.size() + 1),
      window_shares_(edges_.size() + 1),
      products_(shares_.size() * shares_.size()) {}

void DistributionFit::add_window(std::span<const double> values, double weight) {
  assert(!values.empty());
  std::fill(window_shares_.begin(), window_shares_.end(), 0.0);
  const double part = 1 / static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double value : values) {
    window_shares_[bin_of(edges_, value)] += part;
    mean += part * value;
    squares += part * value * value;
  }
  const std::size_t bins = shares_.size();
  for (std::size_t a = 0; a < bins; ++a) {
    shares_[a] += weight * window_shares_[a];
    for (std::size_t b = 0; b < bins; ++b)
      products_[a * bins + b] += weight * window_shares_[a] * window_shares_[b];
  }
  mean_ += weight * mean;
  squares_ += weight * squares;
  window_squares_ += weight * mean * mean;
}

FeatureDistribution DistributionFit::finish() const {
  FeatureDistribution distribution;
  distribution.edges = edges_;
  distribution.shares = shares_;
  distribution.mean = mean_;
  distribution.deviation = std::sqrt(std::max(0.0, squares_ - mean_ * mean_));
  distribution.window_deviation = std::sqrt(std::max(0.0, window_squares_ - mean_ * mean_));
  const std::size_t bins = shares_.size();
  for (std::size_t a = 0; a < bins; ++a)
    for (std::size_t b = 0; b < bins; ++b) {
      if (shares_[a] <= 0 || shares_[b] <= 0) continue;
      const double covariance = products_[a * bins + b] - shares_[a] * shares_[b];
      const double scaled = covariance / std::sqrt(shares_[a] * shares_[b]);
      if (a == b) distribution.trace += std::max(0.0, scaled);
      distribution.square_trace += scaled * scaled;
    }
  return distribution;
}

Drift drift_of(const FeatureDistribution& training, std::size_t n, const FeatureDistribution& now,
               std::size_t m) {
  assert(training.shares.size() == now.shares.size() && n > 0 && m > 0);
  const auto then = static_cast<double>(n), current = static_cast<double>(m);
  const double variance = 1 / then + 1 / current;
  Drift drift;
  const auto bins = static_cast<double>(training.shares.size());
  for (std::size_t b = 0; b < training.shares.size(); ++b) {
    // Nothing is impossible: one group of equal shares is added to those of training, one of training's to
    // those of now.
    const double expected = (then * training.shares[b] + 1 / bins) / (then + 1);
    const double actual = (current * now.shares[b] + expected) / (current + 1);
    drift.psi += (actual - expected) * std::log(actual / expected);
  }
  if (training.trace > 0 && training.square_trace > 0) {
    const double scale = training.square_trace / training.trace,
                 freedom = training.trace * training.trace / training.square_trace;
    drift.chance = variance * scale * chi_square_quantile(freedom);
  }
  if (!training.category) {
    const double moved = now.mean - training.mean;
    if (training.deviation > 0) drift.shift = moved / training.deviation;
    if (training.window_deviation > 0)
      drift.standard_errors = moved / (training.window_deviation * std::sqrt(variance));
  }
  constexpr double most_standard_errors = 5;
  drift.drifted = n >= fewest_groups_for_drift && m >= fewest_groups_for_drift && drift.psi > drift_above &&
                  (drift.psi > drift.chance || std::abs(drift.standard_errors) > most_standard_errors);
  return drift;
}

}  // namespace deepmine::train
