// An answer depends on the sample and the weights alone: not on the batch it is in, on its place there, on
// the number of threads, on what padding holds.
#include <doctest/doctest.h>

#include <cstring>
#include <numeric>

#include "engine/nn/kernels/select.h"
#include "tests/engine/nn/gradient_check.h"
#include "tests/engine/stope/network_trial.h"

using namespace deepmine;
using namespace deepmine::stope;
using namespace deepmine::stope::test;

namespace {

constexpr nn::Mode monte_carlo{.batch_statistics = false, .dropout = true};
constexpr int samples = 100;

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

bool same_bits(const GradientSet<float>& a, const GradientSet<float>& b) {
  for (std::size_t i = 0; i < a.values.size(); ++i)
    if (!same_bits(a.values[i], b.values[i])) return false;
  return a.values.size() == b.values.size();
}

std::vector<int> numbers(int first, int count) {
  std::vector<int> result(static_cast<std::size_t>(count));
  std::iota(result.begin(), result.end(), first);
  return result;
}

/// Samples in batches of every size, so at many positions, against all of them in one batch.
void check_batches(const NetworkTrialSetup& setup, const nn::Kernels<float>& kernels) {
  NetworkTrial<float> trial(setup, kernels);
  std::vector<std::vector<float>> expected;
  trial.place(numbers(0, samples));
  trial.forward();
  for (int s = 0; s < samples; ++s) expected.push_back(trial.logits(s));
  CHECK(!same_bits(expected[0], expected[1]));
  int threads = 0;
  for (const int size : {1, 2, 7, 8, 9, 32, 100}) {
    for (int first = 0; first < samples; first += size * (size == 1 ? 9 : 2)) {
      const int count = std::min(size, samples - first);
      std::vector<int> batch = numbers(first, count);
      RandomStream random(derive_key(9, static_cast<std::uint64_t>(first)));
      random.shuffle(batch);
      threads = threads % 3 + 1;
      trial.place(batch, static_cast<RandomKey>(first + 1));
      trial.forward(threads);
      for (int position = 0; position < count; ++position) {
        const int sample = batch[static_cast<std::size_t>(position)];
        if (same_bits(trial.logits(position), expected[static_cast<std::size_t>(sample)])) continue;
        FAIL_CHECK("sample " << sample << " at position " << position << " of " << count << ", " << threads
                             << " threads");
      }
    }
  }
  for (const int two_to_three : {2, 3}) {
    trial.place(numbers(0, samples));
    trial.forward(two_to_three);
    for (int s = 0; s < samples; ++s)
      CHECK(same_bits(trial.logits(s), expected[static_cast<std::size_t>(s)]));
  }
}

NetworkTrialSetup full(CrossAttention choice, nn::Mode mode) {
  NetworkTrialSetup setup{.specification = {}, .largest_batch = samples, .mode = mode, .seed = 3};
  setup.specification.cross_attention = choice;
  return setup;
}

}  // namespace

TEST_CASE("a prediction has the same bits in any batch: full network") {
  for (const nn::Kernels<float>* kernels : nn::available_kernels()) {
    INFO("kernels ", std::string(kernels->name));
    check_batches(full(CrossAttention::days, nn::inference_mode), *kernels);
  }
  check_batches(full(CrossAttention::pooled, nn::inference_mode), nn::default_kernels());
}

TEST_CASE("a prediction has the same bits in any batch: odd sizes, lengths that differ, dropout") {
  for (const nn::Kernels<float>* kernels : nn::available_kernels())
    for (const CrossAttention choice : {CrossAttention::pooled, CrossAttention::days})
      for (const nn::Mode mode : {nn::inference_mode, monte_carlo}) {
        INFO("kernels ", std::string(kernels->name), ", ", std::string(name(choice)), ", dropout ",
             mode.dropout);
        check_batches({.specification = small_specification(choice),
                       .largest_batch = samples,
                       .mixed_lengths = true,
                       .mode = mode},
                      *kernels);
      }
}

TEST_CASE("what padding holds changes nothing, in training either") {
  for (const nn::Kernels<float>* kernels : nn::available_kernels())
    for (const CrossAttention choice : {CrossAttention::pooled, CrossAttention::days}) {
      INFO("kernels ", std::string(kernels->name), ", ", std::string(name(choice)));
      NetworkTrial<float> trial(
          {.specification = small_specification(choice), .samples = 13, .mixed_lengths = true}, *kernels);
      GradientSet<float> first = trial.gradients();
      const std::vector<float> logits = trial.logits(12);
      CHECK(trial.series().column(1, 5)[0] != 0);  // position 13 is padding, and not zero
      trial.place(numbers(0, 13), 77);
      GradientSet<float> second = trial.gradients();
      CHECK(same_bits(trial.logits(12), logits));
      CHECK(same_bits(first, second));
      CHECK(nn::test::norm(second.values.back()) > 0);
    }
}
