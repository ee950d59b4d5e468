// Split-conformal sets for samples that come in groups (here: windows of a stope). The groups are what can be
// exchanged for each other; samples of one group resemble each other and can't. Each of the K calibration
// groups weighs the same, however many samples it has, and one weight more stands for the group to come:
//
//   s_ki = 1 − probability of the class that happened                     group k, its sample i of N_k
//   q(c) = the smallest s with   Σ_ki 1/((K+1)·N_k) · [s_ki ≤ s] ≥ c     else infinity
//   set  = { classes whose probability ≥ 1 − q }
//
// For a sample drawn at random from a new group, the class that happens is in the set with probability ≥ c,
// whatever the network is worth (Lee, Barber, Willett: "Distribution-free inference with hierarchical data",
// 2023; score: Sadinle, Lei, Wasserman 2019).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace deepmine::train {

/// Coverages for which a threshold is kept: 0.50, 0.51, … 0.99.
inline constexpr int lowest_coverage_percent = 50, highest_coverage_percent = 99;
inline constexpr std::size_t coverage_count = highest_coverage_percent - lowest_coverage_percent + 1;

/// What the probability of a class must reach to be in the set.
struct ConformalThresholds {
  std::size_t groups = 0;
  /// 1 − q for each coverage, ascending coverage, so descending; 0: the groups are too few, and every class
  /// is in the set.
  std::vector<double> least_probability;
};

/// `groups[i]` is the group of sample i, from 0 and ascending; `true_probability` what the network gave to
/// the class that happened. Pure.
ConformalThresholds conformal_thresholds(std::span<const std::size_t> groups,
                                         std::span<const double> true_probability);

/// Position of a coverage in the list: the next whole percent upwards. Outside 0.50 to 0.99: the nearest.
std::size_t coverage_position(double coverage);

}  // namespace deepmine::train
