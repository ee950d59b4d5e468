#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "engine/nn/initialisers.h"
#include "engine/nn/kernels/select.h"
#include "lifecycle/network_runner.h"
#include "lifecycle/sample_source.h"
#include "tests/lifecycle/tiny_training.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

/// A runner with the first `samples` windows of the tiny training in its batch, already run.
struct RunnerCase {
  TinyTraining tiny;
  Network network{tiny_network()};
  nn::Parameters<float> parameters{network.layout(), false};
  SampleSource source{tiny.dataset, tiny_network(), tiny.scaler, tiny.split.training,
                      train::ClassWeights::balanced};
  PredictionNetwork prediction{tiny_network(), nn::default_kernels()};
  NetworkRunner runner;

  explicit RunnerCase(int samples, int threads = 1) : runner(prediction, samples, threads) {
    nn::initialise(parameters, 3);
    prediction.take(parameters.view());
    std::vector<std::uint32_t> windows;
    for (int i = 0; i < samples; ++i) windows.push_back(static_cast<std::uint32_t>(i * 7));
    source.fill(runner.batch(), windows, tiny.split.training.targets_before);
    runner.run();
  }
};

}  // namespace

TEST_CASE("loss sums are those of a plain computation from the logits") {
  RunnerCase test(21);
  const Network::Targets targets = test.runner.batch().targets();
  const auto sums = test.runner.loss_sums();
  REQUIRE(sums.size() == 3);
  for (std::size_t head = 0; head < 3; ++head) {
    double loss = 0, weight = 0;
    int masked = 0;
    for (int s = 0; s < 21; ++s) {
      const Logits z = test.runner.logits(s);
      const nn::LossTargets<float>& of_head = head == 0 ? targets.current : targets.future[head - 1];
      const double w = static_cast<double>(of_head.weights[s]);
      if (w <= 0) {
        ++masked;
        continue;
      }
      double probability;
      if (head == 0) {
        const double p = 1 / (1 + std::exp(-static_cast<double>(z[0])));
        probability = of_head.targets[s] == 1 ? p : 1 - p;
      } else {
        double sum = 0;
        const std::size_t first = 1 + (head - 1) * 6;
        for (std::size_t k = 0; k < 6; ++k) sum += std::exp(static_cast<double>(z[first + k]));
        probability =
            std::exp(static_cast<double>(z[first + static_cast<std::size_t>(of_head.targets[s])])) / sum;
      }
      loss -= w * std::log(probability);
      weight += w;
    }
    CAPTURE(head);
    CHECK(weight > 0);
    if (head == 2) CHECK(masked > 0);
    CHECK(std::abs(sums[head].loss - loss) < 1e-12 * loss);
    CHECK(std::abs(sums[head].weight - weight) < 1e-12 * weight);
  }
}

TEST_CASE("a sample gets the same bits alone and among others, for any number of threads") {
  RunnerCase many(21, 3), one(1);
  for (int s = 0; s < 21; ++s) {
    const std::uint32_t window = static_cast<std::uint32_t>(s * 7);
    one.source.fill(one.runner.batch(), {&window, 1}, one.tiny.split.training.targets_before);
    one.runner.run();
    const Logits a = many.runner.logits(s), b = one.runner.logits(0);
    REQUIRE(a.size() == logit_count(tiny_network()));
    CHECK(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
    CHECK(many.runner.day_weights(s) == one.runner.day_weights(0));
  }
  CHECK(many.runner.logits(0) != many.runner.logits(1));
}

TEST_CASE("day weights are a share for each day; a pooled network has none") {
  RunnerCase test(3);
  double sum = 0;
  REQUIRE(test.runner.day_weights(2).size() == 8);
  for (const float weight : test.runner.day_weights(2)) sum += static_cast<double>(weight);
  CHECK(std::abs(sum - 1) < 1e-6);
  stope::NetworkSpecification pooled = tiny_network();
  pooled.cross_attention = stope::CrossAttention::pooled;
  const PredictionNetwork network(pooled, nn::default_kernels());
  CHECK(NetworkRunner(network, 1, 1).day_weights(0).empty());
}

TEST_CASE("probabilities from logits, with a temperature, without overflow") {
  const Logits logits{0.5f, 1, 2, 3, 0, 0, 0, 90, -90, 0, 0, 0, 0};
  CHECK(std::abs(instability_probability(logits) - 1 / (1 + std::exp(-0.5))) < 1e-15);
  CHECK(std::abs(instability_probability(logits, 2) - 1 / (1 + std::exp(-0.25))) < 1e-15);
  CHECK(instability_probability({-2000}) == 0);
  CHECK(instability_probability({2000}) == 1);
  const auto first = level_probabilities(logits, 0, 6);
  const double sum = std::exp(1.0) + std::exp(2.0) + std::exp(3.0) + 3;
  CHECK(std::abs(first[2] - std::exp(3.0) / sum) < 1e-15);
  CHECK(std::abs(first[5] - 1 / sum) < 1e-15);
  CHECK(level_probabilities(logits, 0, 6, 2)[2] < first[2]);
  CHECK(std::abs(level_probabilities(logits, 1, 6)[0] - 1) < 1e-15);
}
