#include "engine/train/conformal.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace deepmine::train {

ConformalThresholds conformal_thresholds(std::span<const std::size_t> groups,
                                         std::span<const double> true_probability) {
  assert(groups.size() == true_probability.size());
  ConformalThresholds result;
  result.least_probability.assign(coverage_count, 0);
  if (groups.empty()) return result;

  std::vector<double> sizes;  // samples of each group
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == 0 || groups[i] != groups[i - 1]) sizes.push_back(0);
    ++sizes.back();
  }
  result.groups = sizes.size();
  struct Scored {
    double probability, weight;
  };
  std::vector<Scored> scored;
  for (std::size_t i = 0, group = 0; i < groups.size(); ++i) {
    if (i > 0 && groups[i] != groups[i - 1]) ++group;
    scored.push_back({true_probability[i], 1 / (static_cast<double>(sizes.size() + 1) * sizes[group])});
  }
  std::stable_sort(scored.begin(), scored.end(),
                   [](const Scored& a, const Scored& b) { return a.probability > b.probability; });

  // Sums of weights such as 1/30 fall a rounding error short of a coverage that they reach exactly.
  constexpr double rounding = 1e-9;
  std::size_t position = 0;
  double reached = 0;
  for (const Scored& sample : scored) {
    reached += sample.weight;
    while (position < coverage_count &&
           reached + rounding >= (lowest_coverage_percent + static_cast<double>(position)) / 100)
      result.least_probability[position++] = sample.probability;
  }
  return result;
}

std::size_t coverage_position(double coverage) {
  const double percent = std::ceil(coverage * 100 - 1e-9);
  const double inside = std::clamp<double>(percent, lowest_coverage_percent, highest_coverage_percent);
  return static_cast<std::size_t>(inside) - lowest_coverage_percent;
}

}  // namespace deepmine::train
