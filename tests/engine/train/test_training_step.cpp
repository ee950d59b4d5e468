// The training step on the real network: same bits for any number of threads, parameters counted, loss that
// falls.
#include <doctest/doctest.h>

#include <cstring>

#include "engine/nn/initialisers.h"
#include "engine/nn/kernels/select.h"
#include "engine/stope/dual_branch_network.h"
#include "engine/train/training_step.h"

using namespace deepmine;
using Network = stope::DualBranchNetwork<float>;

namespace {

/// A batch with targets that follow from the inputs, so that there is something to learn.
struct RandomBatch {
  RandomBatch(const stope::NetworkSpecification& specification, int samples)
      : targets(static_cast<std::size_t>(samples)), weights(static_cast<std::size_t>(samples), 1.0f) {
    const int blocks = nn::BatchShape{samples}.blocks();
    arena.build([&](nn::Arena& a) {
      statics = a.activations<float>(blocks, specification.static_features, 1);
      series = a.activations<float>(blocks, specification.sensors, specification.days);
    });
    RandomStream random(11);
    for (std::ptrdiff_t i = 0; i < statics.block_stride * blocks; ++i)
      statics.data[i] = static_cast<float>(random.normal());
    for (std::ptrdiff_t i = 0; i < series.block_stride * blocks; ++i)
      series.data[i] = static_cast<float>(random.normal());
    for (int s = 0; s < samples; ++s)
      targets[static_cast<std::size_t>(s)] =
          *statics.column(s / nn::block_size, s % nn::block_size) > 0 ? 1 : 0;
    network_targets.current = {targets.data(), weights.data()};
    for (auto& head : network_targets.future) head = {targets.data(), weights.data()};
  }
  Network::Inputs inputs() const { return {statics, series}; }

  nn::Arena arena;
  nn::Activations<float> statics, series;
  std::vector<std::int8_t> targets;
  std::vector<float> weights;
  Network::Targets network_targets;
};

struct Outcome {
  std::vector<float> values;
  double loss = 0;
};

Outcome train_some_steps(const stope::NetworkSpecification& specification, const nn::Kernels<float>& kernels,
                         int samples, int threads, int steps) {
  const Network network(specification);
  nn::Parameters<float> parameters(network.layout(), true);
  nn::initialise(parameters, 3);
  train::TrainingStep<Network, float> step(network, parameters, {}, samples, kernels);
  const RandomBatch batch(specification, samples);
  Outcome outcome;
  for (int i = 0; i < steps; ++i)
    outcome.loss = step.step(batch.inputs(), batch.network_targets, samples, 1e-3, threads).total;
  outcome.values.assign(parameters.values(), parameters.values() + network.layout().size());
  return outcome;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("the full network has 416,780 parameters with 20 static inputs") {
  for (const auto choice : {stope::CrossAttention::pooled, stope::CrossAttention::days}) {
    stope::NetworkSpecification specification;
    specification.static_features = 20;
    specification.cross_attention = choice;
    const Network network(specification);
    CHECK(network.layout().parameter_count() == 416780);
    CHECK(network.layout().trainable_count() == 414398);
  }
}

TEST_CASE("the same weights, bit for bit, for any number of threads, on the full network") {
  for (const nn::Kernels<float>* kernels : nn::available_kernels()) {
    CAPTURE(kernels->name);
    for (const auto choice : {stope::CrossAttention::pooled, stope::CrossAttention::days}) {
      stope::NetworkSpecification specification;
      specification.cross_attention = choice;
      const int samples = 37;  // five blocks, the last one partly filled
      const Outcome one = train_some_steps(specification, *kernels, samples, 1, 2);
      for (const int threads : {2, 3, 4, 8})
        CHECK_MESSAGE(
            same_bits(one.values, train_some_steps(specification, *kernels, samples, threads, 2).values),
            threads);
    }
  }
}

TEST_CASE("the loss of a batch that can be learnt falls") {
  stope::NetworkSpecification specification;
  specification.temporal_units = specification.static_units = specification.shared_units = 32;
  specification.days = 10;
  const nn::Kernels<float>& kernels = nn::default_kernels();
  CHECK(train_some_steps(specification, kernels, 32, 2, 150).loss <
        0.6 * train_some_steps(specification, kernels, 32, 2, 1).loss);
}

TEST_CASE("every setting of the plan changes what a step does") {
  stope::NetworkSpecification specification;
  specification.temporal_units = specification.static_units = specification.shared_units = 16;
  specification.days = 5;
  const RandomBatch batch(specification, 16);
  const auto values_after = [&](auto change) {
    train::TrainingPlan plan;
    change(plan);
    const Network network(specification);
    nn::Parameters<float> parameters(network.layout(), true);
    nn::initialise(parameters, 3);
    train::TrainingStep<Network, float> step(network, parameters, plan, 16, nn::default_kernels());
    for (int i = 0; i < 2; ++i) step.step(batch.inputs(), batch.network_targets, 16, plan.learning_rate, 1);
    return std::vector<float>(parameters.values(), parameters.values() + network.layout().size());
  };
  const auto unchanged = values_after([](auto&) {});
  CHECK(same_bits(unchanged, values_after([](auto&) {})));
  CHECK(!same_bits(unchanged, values_after([](auto& p) { p.learning_rate = 2e-3; })));
  CHECK(!same_bits(unchanged, values_after([](auto& p) { p.beta1 = 0.8; })));
  CHECK(!same_bits(unchanged, values_after([](auto& p) { p.beta2 = 0.9; })));
  CHECK(!same_bits(unchanged, values_after([](auto& p) { p.adam_epsilon = 1e-3; })));
  CHECK(!same_bits(unchanged, values_after([](auto& p) { p.clip_norm = 0.01; })));
  CHECK(!same_bits(unchanged, values_after([](auto& p) { p.l2 = 0.1; })));
  CHECK(!same_bits(unchanged, values_after([](auto& p) { p.seed = 9; })));  // other dropout masks
}
