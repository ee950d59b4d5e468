#include "engine/train/bootstrap.h"

#include <algorithm>
#include <cmath>

namespace deepmine::train {
namespace {

/// Of sorted values.
double percentile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

void draw_groups(RandomKey key, std::uint64_t draw, std::span<double> times) {
  std::fill(times.begin(), times.end(), 0.0);
  RandomStream stream(derive_key(derive_key(key, "bootstrap"), draw));
  for (std::size_t i = 0; i < times.size(); ++i) times[stream.below(times.size())] += 1;
}

Interval percentile_interval(std::vector<double> values, double level) {
  const std::size_t draws = values.size();
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty() ||
      static_cast<double>(values.size()) < least_share_of_draws * static_cast<double>(draws))
    return {};
  std::sort(values.begin(), values.end());
  return {percentile(values, (1 - level) / 2), percentile(values, (1 + level) / 2)};
}

}  // namespace deepmine::train
