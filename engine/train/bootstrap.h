// How far figures would move with other groups (stopes) of the same kind: the bootstrap (Efron 1979) over
// whole groups, because the windows of one stope are no independent observations.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "engine/nn/random.h"

namespace deepmine::train {

struct Interval {
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

/// Draw number `draw`: as many groups as `times` has, with replacement; `times[g]` becomes how often group g
/// was drawn. A function of (key, draw) alone.
void draw_groups(RandomKey key, std::uint64_t draw, std::span<double> times);

/// A draw can lack a class, and a metric is no number then. Below this share of draws with a number there is
/// no interval.
inline constexpr double least_share_of_draws = 0.8;

/// The middle `level` of the values that are numbers: percentiles, interpolated between order statistics as
/// numpy.percentile does. NaN on both sides if fewer than least_share_of_draws of them are numbers.
Interval percentile_interval(std::vector<double> values, double level = 0.95);

}  // namespace deepmine::train
