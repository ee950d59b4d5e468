// Drift: does what a model is asked about now look like what it learnt from? For each feature the population
// stability index between the shares of its bins then (e_b) and now (a_b),
//
//   psi = Σ_b (a_b − e_b) · ln(a_b / e_b)
//
// Values come in windows, one window of each group (here: a stope), and the windows of different groups are
// what varies independently. So much of the index is chance: with C the covariance of the windows' shares, m
// groups now and n then, psi has about the distribution of a sum of squares whose matrix is
//
//   (1/m + 1/n) · W,   W_bc = C_bc / √(e_b·e_c)        (Rao and Scott 1981: chi-square tests of clustered
//   data)
//
// and by matching two moments that of (1/m + 1/n)·g·χ²_k with g = tr W² / tr W, k = (tr W)² / tr W².
// A feature has drifted if psi > 0.25, and that can't be chance: psi is beyond the quantile of 1 − 1e-6, or
// the mean has moved by more than 5 of its standard errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace deepmine::train {

/// What training saw of one feature.
struct FeatureDistribution {
  std::string name, unit;
  bool category = false;               ///< values are numbers of categories: they have no mean
  std::vector<double> edges;           ///< ascending; bin b holds edge b−1 < value ≤ edge b
  std::vector<double> shares;          ///< e_b of each bin, one more than there are edges; sum 1
  double mean = 0;                     ///< of the values
  double deviation = 0;                ///< of a value from the mean, over all windows
  double window_deviation = 0;         ///< of a window's mean from the mean
  double trace = 0, square_trace = 0;  ///< tr W, tr W²

  bool operator==(const FeatureDistribution&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("name", self.name);
    visit("unit", self.unit);
    visit("category", self.category);
    visit("edges", self.edges);
    visit("shares", self.shares);
    visit("mean", self.mean);
    visit("deviation", self.deviation);
    visit("window_deviation", self.window_deviation);
    visit("trace", self.trace);
    visit("square_trace", self.square_trace);
  }
};

/// Of all features.
struct TrainingDistributions {
  std::int64_t groups = 0;  ///< n: stopes
  std::vector<FeatureDistribution> features;

  bool operator==(const TrainingDistributions&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("groups", self.groups);
    visit("features", self.features);
  }
};

/// The first thing that makes distributions from a file unusable, in words, or nothing.
std::string problem_with(const TrainingDistributions& distributions);

struct WeightedValue {
  double value = 0, weight = 0;
};
/// Edges of at most `bins` bins of nearly equal weight; equal values are never torn apart, so there may be
/// fewer. A constant gets a bin of its own, with one on each side for what is not equal to it. `values` is
/// not empty.
std::vector<double> quantile_edges(std::vector<WeightedValue> values, int bins);
/// How many bins so many groups can fill.
int bins_for(std::size_t groups);

/// Collects the windows of one feature. All weights together should be 1.
class DistributionFit {
 public:
  explicit DistributionFit(std::vector<double> edges);
  void add_window(std::span<const double> values, double weight);  ///< values: at least one
  /// The distribution, without name and unit.
  FeatureDistribution finish() const;

 private:
  std::vector<double> edges_, shares_, window_shares_, products_;  // products: bins × bins, Σ weight·a·aᵀ
  double mean_ = 0, squares_ = 0, window_squares_ = 0;
};

struct Drift {
  double psi = 0;
  double chance = 0;           ///< quantile of psi that chance alone does not pass
  double shift = 0;            ///< of the mean, in standard deviations of training; 0 for a category
  double standard_errors = 0;  ///< the same in standard errors of the difference of two means
  bool drifted = false;
};
/// `now`: a fit with the edges of `training`; n and m groups. Pure.
Drift drift_of(const FeatureDistribution& training, std::size_t n, const FeatureDistribution& now,
               std::size_t m);

/// With fewer groups on either side nothing can be said.
inline constexpr std::size_t fewest_groups_for_drift = 10;
inline constexpr double drift_above = 0.25;

}  // namespace deepmine::train
