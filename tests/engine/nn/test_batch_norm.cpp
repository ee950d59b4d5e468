// Statistics of batch normalisation against two passes over the data in double.
#include <doctest/doctest.h>

#include <cmath>

#include "engine/nn/batch_norm.h"
#include "tests/engine/nn/layer_trial.h"

using namespace deepmine;
using namespace deepmine::nn;

namespace {

constexpr int features = 5;

template <class Scalar>
struct Outcome {
  std::vector<double> mean, variance;  ///< by two passes
  std::vector<Scalar> running_mean, running_variance;
  double worst_output = 0;  ///< largest difference of an output from x̂
};

/// One training pass over data of mean `offset` and deviations 1, 2, …, by feature.
template <class Scalar>
Outcome<Scalar> run(const Kernels<Scalar>& kernels, int samples, int steps, const std::vector<int>& lengths,
                    double offset, int threads, int passes = 1) {
  ParameterLayout layout;
  const BatchNorm<Scalar> layer(layout, "norm", features);
  layout.finish();
  Parameters<Scalar> parameters(layout, true);
  initialise(parameters, 1);
  const BatchShape batch{samples};
  Arena arena;
  Activations<Scalar> x;
  typename BatchNorm<Scalar>::Cache cache;
  arena.build([&](Arena& pieces) {
    x = pieces.template activations<Scalar>(batch.blocks(), features, steps);
    layer.plan(pieces, batch.blocks(), steps, cache);
  });
  if (!lengths.empty()) x.lengths = lengths.data();
  RandomStream random(8);
  for (int b = 0; b < batch.blocks(); ++b)
    for (int c = 0; c < x.columns(); ++c)
      for (int f = 0; f < features; ++f)
        x.column(b, c)[f] = x.column_counts(batch, b, c)
                                ? static_cast<Scalar>(offset + (f + 1) * random.normal())
                                : Scalar(1e6);  // padding must not show
  for (int i = 0; i < passes; ++i)
    Team::run(threads, [&](const Team& team) {
      layer.forward({team, kernels, batch, training_mode, nullptr, parameters.values()}, parameters.view(), x,
                    cache);
    });

  Outcome<Scalar> outcome;
  const auto average = [&](auto&& value) {
    double sum = 0;
    int count = 0;
    for (int b = 0; b < batch.blocks(); ++b)
      for (int c = 0; c < x.columns(); ++c)
        if (x.column_counts(batch, b, c)) {
          sum += value(b, c);
          ++count;
        }
    return sum / count;
  };
  for (int f = 0; f < features; ++f) {
    const double mean = average([&](int b, int c) { return static_cast<double>(x.column(b, c)[f]); });
    const double variance = average([&](int b, int c) {
      const double difference = static_cast<double>(x.column(b, c)[f]) - mean;
      return difference * difference;
    });
    outcome.mean.push_back(mean);
    outcome.variance.push_back(variance);
    for (int b = 0; b < batch.blocks(); ++b)
      for (int c = 0; c < x.columns(); ++c) {
        if (!x.column_counts(batch, b, c)) continue;
        const double expected = (static_cast<double>(x.column(b, c)[f]) - mean) / std::sqrt(variance + 1e-3);
        outcome.worst_output = std::max(
            outcome.worst_output, std::abs(static_cast<double>(cache.output.column(b, c)[f]) - expected));
      }
  }
  outcome.running_mean.assign(parameters[2], parameters[2] + features);
  outcome.running_variance.assign(parameters[3], parameters[3] + features);
  return outcome;
}

}  // namespace

TEST_CASE("batch normalisation: statistics, output and running statistics") {
  for (const int samples : {2, 9, 20, 70})
    for (const int steps : {1, 6})
      for (const bool lengths : {false, true}) {
        const std::vector<int> given = lengths ? test::mixed_lengths(samples, steps) : std::vector<int>();
        const auto outcome = run(reference_kernels<double>(), samples, steps, given, 3.0, 2);
        CHECK(outcome.worst_output < 1e-12);
        for (std::size_t f = 0; f < features; ++f) {  // from 0 and 1; the biased variance
          CHECK(std::abs(outcome.running_mean[f] - 0.01 * outcome.mean[f]) < 1e-14);
          CHECK(std::abs(outcome.running_variance[f] - (0.99 + 0.01 * outcome.variance[f])) < 1e-14);
        }
        const auto in_float = run(reference_kernels<float>(), samples, steps, given, 3.0, 2);
        CHECK(in_float.worst_output < 5e-6);
        const auto other_threads = run(reference_kernels<float>(), samples, steps, given, 3.0, 3);
        CHECK(other_threads.running_mean == in_float.running_mean);
        CHECK(other_threads.running_variance == in_float.running_variance);
      }
}

TEST_CASE("batch normalisation: running statistics close in on the batch's") {
  const auto outcome = run(reference_kernels<double>(), 20, 1, {}, 3.0, 1, 250);
  for (std::size_t f = 0; f < features; ++f) {
    const double kept = std::pow(0.99, 250);
    CHECK(std::abs(outcome.running_mean[f] - (1 - kept) * outcome.mean[f]) < 1e-12);
    CHECK(std::abs(outcome.running_variance[f] - (kept + (1 - kept) * outcome.variance[f])) < 1e-12);
  }
}

TEST_CASE("batch normalisation: a mean of 10,000 does not eat the variance") {
  // A float near 1e4 is known to 5e-4, and the mean is rounded at every merge: a few times that is what an
  // output may be off where the deviation is 1.
  const auto outcome = run(reference_kernels<float>(), 70, 30, {}, 1e4, 2);
  for (std::size_t f = 0; f < features; ++f) {
    const double variance = (static_cast<double>(outcome.running_variance[f]) - 0.99) / 0.01;
    INFO("feature ", f, ": variance ", variance, ", expected ", outcome.variance[f]);
    CHECK(std::abs(variance / outcome.variance[f] - 1) < 1e-4);
  }
  INFO("worst output ", outcome.worst_output);
  CHECK(outcome.worst_output < 4e-3);
}
