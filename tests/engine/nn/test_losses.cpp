// Losses by hand and by differences; masks and weights.
#include <doctest/doctest.h>

#include <cmath>

#include "engine/nn/losses.h"
#include "tests/engine/nn/gradient_check.h"

using namespace deepmine;
using namespace deepmine::nn;
using namespace deepmine::nn::test;

namespace {

/// Logits, targets and weights of one head. classes = 1: binary.
template <class Scalar>
struct Head {
  Head(int samples_, int classes_) : batch{samples_}, classes(classes_) {
    arena.build([&](Arena& pieces) {
      logits = pieces.template activations<Scalar>(batch.blocks(), classes, 1);
      gradient = pieces.template activations<Scalar>(batch.blocks(), classes, 1);
    });
    RandomStream random(6);
    for (std::ptrdiff_t i = 0; i < size(); ++i) logits.data[i] = static_cast<Scalar>(random.uniform(-3, 3));
    for (int s = 0; s < samples_; ++s) {
      targets.push_back(
          static_cast<std::int8_t>(random.below(classes == 1 ? 2 : static_cast<unsigned>(classes))));
      weights.push_back(static_cast<Scalar>(1));
    }
    blocks.assign(static_cast<std::size_t>(batch.blocks()), std::nan(""));
  }
  std::ptrdiff_t size() const { return logits.block_stride * batch.blocks(); }

  double loss(double coefficient = 1, int threads = 1, bool with_gradient = true) {
    std::fill_n(gradient.data, size(), Scalar(77));
    const Activations<Scalar> target = with_gradient ? gradient : Activations<Scalar>{};
    Team::run(threads, [&](const Team& team) {
      const Pass<Scalar> pass{team, reference_kernels<Scalar>(), batch, training_mode, nullptr, nullptr};
      const LossTargets<Scalar> wanted{targets.data(), weights.data()};
      if (classes == 1)
        binary_cross_entropy<Scalar>(pass, logits, wanted, coefficient, target, blocks.data());
      else
        categorical_cross_entropy<Scalar>(pass, logits, wanted, coefficient, target, blocks.data());
    });
    double sum = 0;
    for (const double block : blocks) sum += block;
    return sum;
  }
  std::vector<double> d_logits() const { return {gradient.data, gradient.data + size()}; }

  BatchShape batch;
  int classes;
  Arena arena;
  Activations<Scalar> logits, gradient;
  std::vector<std::int8_t> targets;
  std::vector<Scalar> weights;
  std::vector<double> blocks;
};

}  // namespace

TEST_CASE("binary cross-entropy by hand") {
  Head<double> head(3, 1);
  head.targets = {1, 0, 1};
  head.weights = {1, 2, 0};
  head.logits.data[0] = std::log(3.0);   // probability 3/4
  head.logits.data[1] = -std::log(4.0);  // probability 1/5
  head.logits.data[2] = 50;
  CHECK(std::abs(head.loss(1.2) - 1.2 * (std::log(4.0 / 3) + 2 * std::log(5.0 / 4)) / 3) < 1e-15);
  const std::vector<double> d = head.d_logits();
  CHECK(std::abs(d[0] - 1.2 * (0.75 - 1) / 3) < 1e-15);
  CHECK(std::abs(d[1] - 1.2 * 2 * 0.2 / 3) < 1e-15);
  for (std::size_t i = 2; i < d.size(); ++i) CHECK(d[i] == 0);
}

TEST_CASE("categorical cross-entropy by hand") {
  Head<double> head(2, 3);
  head.targets = {2, 0};
  head.weights = {0.5, 1.5};
  for (int k = 0; k < 3; ++k) {
    head.logits.data[k] = std::log(k + 1.0);  // 1/6, 2/6, 3/6
    head.logits.data[3 + k] = 700.0;          // thirds, and exp would overflow
  }
  CHECK(std::abs(head.loss() - (0.5 * std::log(2.0) + 1.5 * std::log(3.0)) / 2) < 1e-13);
  const std::vector<double> d = head.d_logits();
  const double expected[] = {0.25 / 6, 0.25 / 3, -0.25 / 2, -0.75 * 2 / 3, 0.25, 0.25};
  for (std::size_t i = 0; i < 6; ++i) CHECK(std::abs(d[i] - expected[i]) < 1e-15);
  for (std::size_t i = 6; i < d.size(); ++i) CHECK(d[i] == 0);
}

TEST_CASE("losses: gradients with masks and class weights, the same from any number of threads") {
  for (const int classes : {1, 2, 6})
    for (const int samples : {1, 7, 8, 9, 20, 70})
      for (const bool weighted : {false, true}) {
        Head<double> head(samples, classes);
        if (weighted)
          for (int s = 0; s < samples; ++s) {
            const auto at = static_cast<std::size_t>(s);
            head.weights[at] = s % 3 == 1 ? 0 : 0.4 + 0.3 * head.targets[at];
            if (s % 3 == 1) head.targets[at] = -1;  // masked: whatever stands there
          }
        const double loss = head.loss(0.7);
        const std::vector<double> analytic = head.d_logits();
        std::vector<double> numeric;
        for (std::ptrdiff_t i = 0; i < head.size(); ++i) {
          constexpr double h = 1e-3;
          const double kept = head.logits.data[i];
          const auto at = [&](double offset) {
            head.logits.data[i] = kept + offset;
            return head.loss(0.7, 1, false);
          };
          numeric.push_back((8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h));
          head.logits.data[i] = kept;
        }
        INFO(classes, " classes, ", samples, " samples, error ", relative_error(analytic, numeric));
        CHECK(relative_error(analytic, numeric) < gradient_tolerance);
        for (const int threads : {2, 3}) {
          CHECK(head.loss(0.7, threads) == loss);
          CHECK(head.d_logits() == analytic);
        }
        Head<float> single(samples, classes);
        single.targets = head.targets;
        for (std::size_t s = 0; s < head.weights.size(); ++s)
          single.weights[s] = static_cast<float>(head.weights[s]);
        CHECK(std::abs(single.loss(0.7) - loss) < 1e-6 * loss);
        CHECK(relative_error(single.d_logits(), analytic) < 1e-6);
      }
}

TEST_CASE("losses: all samples masked give 0, not 0/0") {
  for (const int classes : {1, 6}) {
    Head<float> head(11, classes);
    std::fill(head.weights.begin(), head.weights.end(), 0.0f);
    std::fill(head.targets.begin(), head.targets.end(), std::int8_t{-1});
    CHECK(head.loss() == 0);
    for (const double d : head.d_logits()) CHECK(d == 0);
  }
}

TEST_CASE("losses stay finite and exact for extreme logits") {
  Head<double> binary(2, 1);
  binary.targets = {0, 1};
  binary.logits.data[0] = 800;
  binary.logits.data[1] = -800;
  CHECK(std::abs(binary.loss() - 800) < 1e-10);
  binary.targets = {1, 0};
  CHECK(binary.loss() >= 0);
  CHECK(binary.loss() < 1e-300);
}
