// Temperature scaling and conformal sets, on samples whose truth is known.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/nn/random.h"
#include "engine/train/conformal.h"
#include "engine/train/temperature.h"

using namespace deepmine;
using namespace deepmine::train;

namespace {

double sigmoid(double z) {
  return 1 / (1 + std::exp(-z));
}

/// Logits whose labels were drawn with the probability of logit / `truth`.
struct Sample {
  std::vector<double> logits;
  std::vector<std::int8_t> labels;
};

Sample two_classes(double truth, std::size_t count, std::uint64_t seed) {
  RandomStream random(derive_key(seed, "two classes"));
  Sample sample;
  for (std::size_t i = 0; i < count; ++i) {
    const double z = 4 * random.normal();
    sample.logits.push_back(z);
    sample.labels.push_back(random.uniform() < sigmoid(z / truth) ? 1 : 0);
  }
  return sample;
}

std::vector<double> softmax(const double* z, std::size_t classes, double temperature) {
  std::vector<double> p(classes);
  double sum = 0;
  for (std::size_t k = 0; k < classes; ++k) sum += p[k] = std::exp(z[k] / temperature);
  for (double& value : p) value /= sum;
  return p;
}

std::int8_t draw(const std::vector<double>& p, RandomStream& random) {
  double left = random.uniform();
  for (std::size_t k = 0; k + 1 < p.size(); ++k)
    if ((left -= p[k]) < 0) return static_cast<std::int8_t>(k);
  return static_cast<std::int8_t>(p.size() - 1);
}

double mean_loss(const Sample& sample, double temperature) {
  double loss = 0;
  for (std::size_t i = 0; i < sample.logits.size(); ++i) {
    const double p = sigmoid(sample.logits[i] / temperature);
    loss -= std::log(sample.labels[i] == 1 ? p : 1 - p);
  }
  return loss / static_cast<double>(sample.logits.size());
}

}  // namespace

TEST_CASE("the temperature that made the labels is found, whichever it was") {
  for (const double truth : {0.7, 1.0, 2.5}) {
    CAPTURE(truth);
    const Sample sample = two_classes(truth, 20000, 1);
    const TemperatureFit fit = fit_binary_temperature(sample.logits, sample.labels);
    CHECK(std::abs(fit.temperature / truth - 1) < 0.05);
    CHECK(std::abs(fit.log_loss_before - mean_loss(sample, 1)) < 1e-9);
    CHECK(std::abs(fit.log_loss_after - mean_loss(sample, fit.temperature)) < 1e-9);
    // No other temperature is better.
    for (const double other : {0.99, 1.01})
      CHECK(mean_loss(sample, fit.temperature * other) > fit.log_loss_after);
  }
}

TEST_CASE("the same of several levels") {
  constexpr std::size_t classes = 6;
  RandomStream random(derive_key(2, "levels"));
  std::vector<double> logits;
  std::vector<std::int8_t> labels;
  for (int i = 0; i < 20000; ++i) {
    const std::size_t first = logits.size();
    for (std::size_t k = 0; k < classes; ++k) logits.push_back(3 * random.normal());
    labels.push_back(draw(softmax(logits.data() + first, classes, 1.8), random));
  }
  const TemperatureFit fit = fit_level_temperature(logits, classes, labels);
  CHECK(std::abs(fit.temperature / 1.8 - 1) < 0.05);
  CHECK(fit.log_loss_after < fit.log_loss_before);
  // Two levels are the two classes.
  const Sample sample = two_classes(2, 500, 3);
  std::vector<double> pairs;
  for (const double z : sample.logits) pairs.insert(pairs.end(), {0, z});
  CHECK(fit_level_temperature(pairs, 2, sample.labels).temperature ==
        fit_binary_temperature(sample.logits, sample.labels).temperature);
}

TEST_CASE("a temperature stays within its bounds, and is 1 where none is better") {
  const double all_right[] = {-2, 3, 5, -1}, all_equal[] = {0, 0, 0, 0};
  const std::int8_t right[] = {0, 1, 1, 0}, wrong[] = {1, 0, 0, 1};
  CHECK(std::abs(fit_binary_temperature(all_right, right).temperature - lowest_temperature) < 1e-9);
  CHECK(std::abs(fit_binary_temperature(all_right, wrong).temperature - highest_temperature) < 1e-6);
  CHECK(fit_binary_temperature(all_equal, right).temperature == 1);
}

TEST_CASE("thresholds weigh groups, not samples") {
  // Nine groups: eight of one sample with probability 0.9, one of a thousand samples with 0.1.
  std::vector<std::size_t> groups;
  std::vector<double> probability;
  for (std::size_t group = 0; group < 8; ++group) {
    groups.push_back(group);
    probability.push_back(0.9);
  }
  groups.insert(groups.end(), 1000, 8);
  probability.insert(probability.end(), 1000, 0.1);
  const ConformalThresholds thresholds = conformal_thresholds(groups, probability);
  CHECK(thresholds.groups == 9);
  // Eight of nine and the one to come: 0.8 is reached by the first eight, 0.9 by all nine, more by none.
  CHECK(thresholds.least_probability[coverage_position(0.80)] == 0.9);
  CHECK(thresholds.least_probability[coverage_position(0.81)] == 0.1);
  CHECK(thresholds.least_probability[coverage_position(0.90)] == 0.1);
  CHECK(thresholds.least_probability[coverage_position(0.91)] == 0);
}

TEST_CASE("without groups nothing is ruled out") {
  const ConformalThresholds thresholds = conformal_thresholds({}, {});
  CHECK(thresholds.groups == 0);
  REQUIRE(thresholds.least_probability.size() == coverage_count);
  for (const double least : thresholds.least_probability) CHECK(least == 0);
}

TEST_CASE("coverages are rounded up to whole hundredths") {
  CHECK(coverage_position(0.5) == 0);
  CHECK(coverage_position(0.901) == coverage_position(0.91));
  CHECK(coverage_position(0.9) == 40);
  CHECK(coverage_position(0.99) == coverage_count - 1);
  CHECK(coverage_position(2) == coverage_count - 1);
  CHECK(coverage_position(0.1) == 0);
}

TEST_CASE(
    "a new group's sample is covered as often as promised, also by a bad predictor whose samples resemble "
    "each other") {
  // The predictor is overconfident, and all samples of a group share most of their luck.
  constexpr std::size_t classes = 6, calibration_groups = 40, new_groups = 400, repeats = 60;
  for (const double coverage : {0.8, 0.9, 0.95}) {
    CAPTURE(coverage);
    double covered = 0;
    for (std::size_t repeat = 0; repeat < repeats; ++repeat) {
      RandomStream random(derive_key(derive_key(4, "groups"), repeat));
      const auto group = [&](auto&& take) {
        const double luck = random.normal();
        const auto size = 1 + random.below(30);
        for (std::uint64_t i = 0; i < size; ++i) {
          std::vector<double> z(classes);
          for (double& value : z) value = 2 * random.normal();
          const std::vector<double> said = softmax(z.data(), classes, 1);
          const std::int8_t label = draw(softmax(z.data(), classes, luck > 0 ? 1.0 : 6.0), random);
          take(said[static_cast<std::size_t>(label)], size);
        }
      };
      std::vector<std::size_t> groups;
      std::vector<double> probability;
      for (std::size_t k = 0; k < calibration_groups; ++k)
        group([&](double p, std::uint64_t) {
          groups.push_back(k);
          probability.push_back(p);
        });
      const double least =
          conformal_thresholds(groups, probability).least_probability[coverage_position(coverage)];
      for (std::size_t k = 0; k < new_groups; ++k)
        group([&](double p, std::uint64_t size) {
          if (p >= least) covered += 1 / static_cast<double>(size);
        });
    }
    covered /= static_cast<double>(repeats * new_groups);
    CHECK(covered > coverage - 0.01);
    CHECK(covered < coverage + 1.0 / (calibration_groups + 1) + 0.01);
  }
}
