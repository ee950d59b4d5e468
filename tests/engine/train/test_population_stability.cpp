// Drift: never for what chance brings, always for a shift of three standard deviations.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "engine/nn/random.h"
#include "engine/train/population_stability.h"

using namespace deepmine;
using namespace deepmine::train;

namespace {

using Windows = std::vector<std::vector<double>>;  // one a group

/// Groups that differ by `between`, with values that scatter by `within`.
Windows make_groups(std::size_t count, std::size_t size, double between, double within,
                    RandomStream& random) {
  Windows windows;
  for (std::size_t g = 0; g < count; ++g) {
    const double mean = 10 + between * random.normal();
    std::vector<double>& values = windows.emplace_back();
    for (std::size_t i = 0; i < size; ++i) values.push_back(mean + within * random.normal());
  }
  return windows;
}

FeatureDistribution distribution_of(const Windows& windows, std::vector<double> edges) {
  DistributionFit fit(std::move(edges));
  for (const auto& values : windows) fit.add_window(values, 1 / static_cast<double>(windows.size()));
  return fit.finish();
}

FeatureDistribution training_distribution(const Windows& windows) {
  std::vector<WeightedValue> weighted;
  for (const auto& values : windows)
    for (const double value : values)
      weighted.push_back({value, 1 / static_cast<double>(windows.size() * values.size())});
  return distribution_of(windows, quantile_edges(weighted, bins_for(windows.size())));
}

Drift drift_between(const FeatureDistribution& then, std::size_t n, const Windows& now) {
  return drift_of(then, n, distribution_of(now, then.edges), now.size());
}

/// Kinds of features: constant in a group as a property is, alike in a group as a sensor is, and noise.
struct Kind {
  std::size_t size;
  double between, within;
};
constexpr Kind kinds[] = {{1, 1, 0}, {30, 1, 0.5}, {30, 0.2, 1}};

}  // namespace

TEST_CASE("no alarm on resampled training groups") {
  std::size_t tried = 0;
  for (const Kind& kind : kinds)
    for (const std::size_t n : {20UL, 30UL, 150UL})
      for (std::uint64_t seed = 0; seed < 100; ++seed) {
        RandomStream random(derive_key(derive_key(seed, "resampled"), n));
        const Windows training = make_groups(n, kind.size, kind.between, kind.within, random);
        const FeatureDistribution then = training_distribution(training);
        for (const std::size_t m : {10UL, n}) {
          Windows now;
          for (std::size_t i = 0; i < m; ++i) now.push_back(training[random.below(n)]);
          CAPTURE(n);
          CAPTURE(m);
          CAPTURE(seed);
          CHECK_FALSE(drift_between(then, n, now).drifted);
          ++tried;
        }
      }
  CHECK(tried == 1800);
}

TEST_CASE("no alarm on new groups of the same kind") {
  for (const Kind& kind : kinds)
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      RandomStream random(derive_key(seed, "new groups"));
      const Windows training = make_groups(30, kind.size, kind.between, kind.within, random);
      const Windows now = make_groups(20, kind.size, kind.between, kind.within, random);
      CAPTURE(seed);
      CHECK_FALSE(drift_between(training_distribution(training), training.size(), now).drifted);
    }
}

TEST_CASE("always an alarm on a shift of three standard deviations, up or down") {
  for (const Kind& kind : kinds)
    for (const std::size_t n : {20UL, 30UL, 150UL})
      for (const std::size_t m : {20UL, 50UL})
        for (const double direction : {-3.0, 3.0})
          for (std::uint64_t seed = 0; seed < 50; ++seed) {
            RandomStream random(derive_key(derive_key(seed, "shifted"), n * 1000 + m));
            const Windows training = make_groups(n, kind.size, kind.between, kind.within, random);
            const FeatureDistribution then = training_distribution(training);
            Windows now = make_groups(m, kind.size, kind.between, kind.within, random);
            for (auto& values : now)
              for (double& value : values) value += direction * then.deviation;
            const Drift drift = drift_between(then, n, now);
            CAPTURE(n);
            CAPTURE(m);
            CAPTURE(seed);
            CAPTURE(drift.psi);
            CAPTURE(drift.chance);
            CAPTURE(drift.standard_errors);
            CHECK(drift.drifted);
            CHECK(std::abs(drift.shift - direction) < 1.5);
          }
}

TEST_CASE("too few groups on either side never alarm") {
  RandomStream random(derive_key(1, "few"));
  Windows training = make_groups(30, 1, 1, 0, random), now(9, {1000.0});
  CHECK_FALSE(drift_between(training_distribution(training), 30, now).drifted);
  now.push_back({1000.0});
  CHECK(drift_between(training_distribution(training), 30, now).drifted);
  training.resize(9);
  CHECK_FALSE(drift_between(training_distribution(training), 9, now).drifted);
}

TEST_CASE("edges: nearly equal shares, equal values together, a constant with a bin on each side") {
  std::vector<WeightedValue> values;
  for (int i = 1; i <= 100; ++i) values.push_back({double(i), 0.01});
  CHECK(quantile_edges(values, 4) == std::vector<double>{25, 50, 75});
  // The share of the first value is more than half.
  CHECK(quantile_edges({{0, 0.6}, {1, 0.4}}, 10) == std::vector<double>{0});
  // Nearly all is the highest value.
  const std::vector<double> high = quantile_edges({{0, 0.01}, {1, 0.99}}, 10);
  REQUIRE(high.size() == 1);
  CHECK((high[0] > 0 && high[0] < 1));
  const std::vector<double> constant = quantile_edges({{7, 0.5}, {7, 0.5}}, 10);
  REQUIRE(constant.size() == 2);
  const FeatureDistribution then = distribution_of(Windows(20, {7.0}), constant);
  CHECK((then.shares[0] == 0 && then.shares[2] == 0));
  CHECK(std::abs(then.shares[1] - 1) < 1e-9);
  CHECK_FALSE(drift_between(then, 20, Windows(20, {7.0})).drifted);
  CHECK(drift_between(then, 20, Windows(20, {7.5})).drifted);
  CHECK(drift_between(then, 20, Windows(20, {6.5})).drifted);
}

TEST_CASE("the index is the one of its formula") {
  // Groups so many that what is added to the shares does not count.
  const FeatureDistribution then = distribution_of({{0, 1, 1, 1}}, {0.5});
  const FeatureDistribution now = distribution_of({{0, 0, 1, 1}}, {0.5});
  const double psi = (0.5 - 0.25) * std::log(0.5 / 0.25) + (0.5 - 0.75) * std::log(0.5 / 0.75);
  CHECK(std::abs(drift_of(then, 1'000'000, now, 1'000'000).psi - psi) < 1e-5);
  CHECK(drift_of(then, 1'000'000, then, 1'000'000).psi < 1e-9);
}

TEST_CASE("distributions from a file are checked") {
  TrainingDistributions good{20, {distribution_of({{0, 1}, {1, 2}}, {0.5, 1.5})}};
  CHECK(problem_with(good).empty());
  CHECK(problem_with(TrainingDistributions{}).empty());
  const auto refused = [&](auto change) {
    TrainingDistributions wrong = good;
    change(wrong);
    return !problem_with(wrong).empty();
  };
  CHECK(refused([](auto& d) { d.groups = 0; }));
  CHECK(refused([](auto& d) { d.features[0].shares[0] = 0.9; }));
  CHECK(refused([](auto& d) { d.features[0].edges = {1, 1}; }));
  CHECK(refused([](auto& d) { d.features[0].mean = std::numeric_limits<double>::infinity(); }));
  CHECK(refused([](auto& d) { d.features[0].square_trace = -1; }));
}
