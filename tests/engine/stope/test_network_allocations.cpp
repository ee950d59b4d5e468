// Training steps and predictions of the real network allocate nothing after the first ones.
#include <doctest/doctest.h>

#include "engine/nn/kernels/select.h"
#include "engine/stope/prediction_network.h"
#include "engine/train/training_step.h"
#include "tests/engine/nn/allocation_counter.h"
#include "tests/engine/stope/network_trial.h"

using namespace deepmine;
using namespace deepmine::stope;
using namespace deepmine::stope::test;

TEST_CASE("predictions allocate nothing") {
  for (const CrossAttention choice : {CrossAttention::pooled, CrossAttention::days})
    for (const int threads : {1, 2, 3}) {
      NetworkTrialSetup setup{.specification = {}, .samples = 40, .mode = nn::inference_mode};
      setup.specification.cross_attention = choice;
      NetworkTrial<float> trial(setup, nn::default_kernels());
      trial.forward(threads);  // OpenMP makes its threads here
      const long before = nn::test::allocations;
      for (int i = 0; i < 3; ++i) trial.forward(threads);
      const long made = nn::test::allocations - before;
      INFO(threads, " threads, ", std::string(name(choice)));
      CHECK(made == 0);
    }
}

TEST_CASE("the network for prediction allocates nothing, on one block together or on many apart") {
  for (const CrossAttention choice : {CrossAttention::pooled, CrossAttention::days})
    for (const int threads : {1, 2, 3}) {
      NetworkTrialSetup setup{.specification = {}, .samples = 40, .mode = nn::inference_mode};
      setup.specification.cross_attention = choice;
      const NetworkTrial<float> trial(setup, nn::default_kernels());
      PredictionNetwork<float> network(setup.specification, nn::default_kernels());
      network.take(trial.parameters().view());
      PredictionNetwork<float>::Workspace workspace(network, threads, threads);
      std::vector<float> logits(static_cast<std::size_t>(40 * network.logit_count()));
      const auto run = [&](int samples) {
        network.run(samples, {trial.statics(), trial.series()}, workspace, {logits.data(), nullptr});
      };
      run(40);  // OpenMP makes its threads here
      const long before = nn::test::allocations;
      for (const int samples : {1, 7, 40}) run(samples);
      const long made = nn::test::allocations - before;
      INFO(threads, " threads, ", std::string(name(choice)));
      CHECK(made == 0);
    }
}

TEST_CASE("training steps allocate nothing") {
  using Network = DualBranchNetwork<float>;
  for (const CrossAttention choice : {CrossAttention::pooled, CrossAttention::days})
    for (const int threads : {1, 2, 3}) {
      NetworkTrialSetup setup{.specification = {}, .samples = 40};
      setup.specification.cross_attention = choice;
      NetworkTrial<float> samples(setup, nn::default_kernels());
      nn::Parameters<float> parameters(samples.layout(), true);
      nn::initialise(parameters, 1);
      train::TrainingStep<Network, float> step(samples.network(), parameters, {}, 40, nn::default_kernels());
      const Network::Inputs inputs{samples.statics(), samples.series()};
      const Network::Targets targets = samples.targets();
      step.step(inputs, targets, 40, 1e-3, threads);
      const long before = nn::test::allocations;
      for (const int count : {40, 33, 2}) step.step(inputs, targets, count, 1e-3, threads);
      const long made = nn::test::allocations - before;
      INFO(threads, " threads, ", std::string(name(choice)));
      CHECK(made == 0);
    }
}
