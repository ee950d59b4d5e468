#include "benchmarks/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "benchmarks/synthetic.h"
#include "engine/nn/error.h"
#include "engine/train/training_step.h"
#include "lifecycle/network_runner.h"

namespace deepmine::benchmarks {
namespace {

using lifecycle::Batch;
using lifecycle::Logits;
using lifecycle::Network;

constexpr double only_rounding = 1e-6;

[[noreturn]] void fail(const nn::Kernels<float>& kernels, const std::string& what) {
  throw Error(
      ErrorCode::failure,
      fmt::format("the answer of the {} kernels is wrong, so nothing is timed: {}", kernels.name, what));
}

// ---- training
// ---------------------------------------------------------------------------------------------------

/// The gradients of all trainable tensors after one pass, lanes summed.
std::vector<double> gradients_of(const Network& network, const nn::Kernels<float>& kernels,
                                 const SyntheticSamples& data, int threads) {
  nn::Parameters<float> parameters = synthetic_parameters(network);
  train::TrainingStep<Network, float> step(network, parameters, {}, data.count(), kernels);
  Batch batch(network.specification(), data.count());
  data.fill(batch, 0, data.count());
  step.gradients_only(batch.inputs(), batch.targets(), data.count(), threads);
  std::vector<double> sums(network.layout().trainable_size(), 0.0);
  for (int lane = 0; lane < nn::BatchShape{data.count()}.lanes(); ++lane)
    for (std::size_t i = 0; i < sums.size(); ++i)
      sums[i] += static_cast<double>(step.gradients().lane(lane)[i]);
  return sums;
}

double squares(const double* values, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += values[i] * values[i];
  return sum;
}

double compare_gradients(const Network& network, const nn::Kernels<float>& kernels,
                         const SyntheticSamples& data, int threads) {
  const auto found = gradients_of(network, kernels, data, threads);
  const auto expected = gradients_of(network, nn::reference_kernels<float>(), data, threads);
  const double whole = std::sqrt(squares(expected.data(), expected.size()));
  if (!std::isfinite(whole) || whole == 0) fail(nn::reference_kernels<float>(), "no finite gradient");
  double largest = 0;
  for (const nn::Tensor& tensor : network.layout().tensors()) {
    if (!is_trainable(tensor.role)) continue;
    const double* g = found.data() + tensor.offset;
    const double* r = expected.data() + tensor.offset;
    const double g_norm = std::sqrt(squares(g, tensor.size())), r_norm = std::sqrt(squares(r, tensor.size()));
    if (g_norm < only_rounding * whole && r_norm < only_rounding * whole) continue;
    double distance = 0;
    for (std::size_t i = 0; i < tensor.size(); ++i) distance += (g[i] - r[i]) * (g[i] - r[i]);
    const double difference = std::sqrt(distance) / (g_norm + r_norm);
    if (!(difference <= gradient_limit))  // not a number is no agreement
      fail(kernels, fmt::format("the gradient of {} differs from that of the reference kernels by {:.1e}, "
                                "expected at most {:.0e}",
                                tensor.name, difference, gradient_limit));
    largest = std::max(largest, difference);
  }
  return largest;
}

std::vector<float> parameters_after_two_steps(const Network& network, const nn::Kernels<float>& kernels,
                                              const SyntheticSamples& data, int threads) {
  nn::Parameters<float> parameters = synthetic_parameters(network);
  const train::TrainingPlan plan;
  train::TrainingStep<Network, float> step(network, parameters, plan, data.count(), kernels);
  Batch batch(network.specification(), data.count());
  data.fill(batch, 0, data.count());
  for (int i = 0; i < 2; ++i)
    step.step(batch.inputs(), batch.targets(), data.count(), plan.learning_rate, threads);
  return {parameters.values(), parameters.values() + network.layout().size()};
}

// ---- prediction
// -------------------------------------------------------------------------------------------------

std::vector<Logits> logits_of(const Network& network, const nn::ParameterView<float>& parameters,
                              const nn::Kernels<float>& kernels, const SyntheticSamples& data, int batch_size,
                              int threads) {
  lifecycle::PredictionNetwork prediction(network.specification(), kernels);
  prediction.take(parameters);
  lifecycle::NetworkRunner runner(prediction, batch_size, threads);
  std::vector<Logits> logits;
  for (int first = 0; first < data.count(); first += batch_size) {
    const int samples = std::min(batch_size, data.count() - first);
    data.fill(runner.batch(), first, samples);
    runner.run();
    for (int i = 0; i < samples; ++i) logits.push_back(runner.logits(i));
  }
  return logits;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

CheckResult check_training(const Network& network, const nn::Kernels<float>& kernels, int samples,
                           int threads) {
  const SyntheticSamples data(network.specification(), samples);
  const double difference = compare_gradients(network, kernels, data, threads);
  const int others = threads == 1 ? 2 : threads;
  const auto one = parameters_after_two_steps(network, kernels, data, 1);
  if (!std::all_of(one.begin(), one.end(), [](float value) { return std::isfinite(value); }))
    fail(kernels, "a parameter is not a finite number after two steps");
  const nn::Parameters<float> start = synthetic_parameters(network);
  const std::size_t trained_bytes = network.layout().trainable_size() * sizeof(float);
  if (std::memcmp(one.data(), start.values(), trained_bytes) == 0)  // running statistics do not count
    fail(kernels, "two steps changed nothing");
  if (!same_bits(one, parameters_after_two_steps(network, kernels, data, others)))
    fail(kernels, fmt::format("1 and {} threads give parameters of different bits", others));
  return {difference, gradient_limit,
          fmt::format("largest difference of a gradient from the reference kernels'; same bits for 1 and {} "
                      "threads",
                      others)};
}

CheckResult check_prediction(const Network& network, const nn::Kernels<float>& kernels, int samples,
                             int threads) {
  constexpr int least = nn::block_size + 3;
  const SyntheticSamples data(network.specification(), std::max(samples, least));
  const nn::Parameters<float> parameters = synthetic_parameters(network);
  const auto found = logits_of(network, parameters.view(), kernels, data, data.count(), threads);
  const auto expected =
      logits_of(network, parameters.view(), nn::reference_kernels<float>(), data, data.count(), threads);
  const auto alone = logits_of(network, parameters.view(), kernels, data, 1, threads);
  double largest = 0;
  for (std::size_t sample = 0; sample < found.size(); ++sample) {
    for (std::size_t i = 0; i < found[sample].size(); ++i) {
      const auto a = static_cast<double>(found[sample][i]), b = static_cast<double>(expected[sample][i]);
      const double difference = std::abs(a - b) / std::max(1.0, std::abs(b));
      if (!(difference <= logit_limit))
        fail(kernels, fmt::format("logit {} of sample {} is {:.9g}, expected {:.9g} within {:.0e}", i + 1,
                                  sample + 1, a, b, logit_limit));
      largest = std::max(largest, difference);
    }
    if (!same_bits(found[sample], alone[sample]))
      fail(kernels, fmt::format("sample {} has logits of different bits alone and in a batch of {}",
                                sample + 1, data.count()));
  }
  return {largest, logit_limit,
          fmt::format("largest difference of a logit from the reference kernels'; same bits alone and in a "
                      "batch of {}",
                      data.count())};
}

}  // namespace deepmine::benchmarks
