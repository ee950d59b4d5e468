#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "engine/train/bootstrap.h"

using namespace deepmine;
using namespace deepmine::train;

TEST_CASE("a draw has as many groups as there are, and depends on key and number alone") {
  std::vector<double> times(50), again(50), other(50);
  draw_groups(7, 3, times);
  CHECK(std::accumulate(times.begin(), times.end(), 0.0) == 50);
  draw_groups(7, 4, other);
  CHECK(times != other);
  draw_groups(8, 3, other);
  CHECK(times != other);
  draw_groups(7, 3, again);
  CHECK(times == again);
}

TEST_CASE("every group is drawn equally often, with replacement") {
  constexpr int draws = 4000;
  std::vector<double> times(10), sums(10);
  double more_than_once = 0;
  for (std::uint64_t draw = 0; draw < draws; ++draw) {
    draw_groups(1, draw, times);
    for (std::size_t g = 0; g < times.size(); ++g) {
      sums[g] += times[g];
      if (times[g] > 1) more_than_once += 1;
    }
  }
  // A count is binomial: n = 10, p = 0.1; its mean over the draws deviates by 0.015 (one standard error).
  for (const double sum : sums) CHECK(std::abs(sum / draws - 1) < 0.06);
  CHECK(std::abs(more_than_once / draws / 10 - 0.2639) < 0.01);  // 1 - 0.9^10 - 10 * 0.1 * 0.9^9
}

TEST_CASE("the interval of a mean is that of its standard error") {
  // 200 groups with values 0 to 199: mean 99.5, standard deviation 57.73, standard error 4.08.
  std::vector<double> times(200), means;
  for (std::uint64_t draw = 0; draw < 2000; ++draw) {
    draw_groups(5, draw, times);
    double sum = 0;
    for (std::size_t g = 0; g < times.size(); ++g) sum += times[g] * static_cast<double>(g);
    means.push_back(sum / 200);
  }
  const Interval interval = percentile_interval(means);
  CHECK(std::abs(interval.low - (99.5 - 1.96 * 4.08)) < 0.6);
  CHECK(std::abs(interval.high - (99.5 + 1.96 * 4.08)) < 0.6);
}

TEST_CASE("percentiles are those of numpy") {
  // numpy.percentile([3, 1, 4, 1, 5, 9, 2, 6], [2.5, 97.5]) and [25, 75]
  const std::vector<double> values{3, 1, 4, 1, 5, 9, 2, 6};
  CHECK(std::abs(percentile_interval(values).low - 1.0) < 1e-12);
  CHECK(std::abs(percentile_interval(values).high - 8.475) < 1e-12);
  CHECK(std::abs(percentile_interval(values, 0.5).low - 1.75) < 1e-12);
  CHECK(std::abs(percentile_interval(values, 0.5).high - 5.25) < 1e-12);
}

TEST_CASE("draws without a number are left out, too many of them leave no interval") {
  std::vector<double> values(100, 1.0);
  std::fill_n(values.begin(), 20, std::nan(""));
  CHECK(percentile_interval(values).low == 1.0);
  values[20] = std::nan("");
  CHECK(std::isnan(percentile_interval(values).low));
  CHECK(std::isnan(percentile_interval(values).high));
  CHECK(std::isnan(percentile_interval({}).low));
}
