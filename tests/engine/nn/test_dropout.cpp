#include <doctest/doctest.h>

#include <cmath>

#include "engine/nn/dropout.h"
#include "engine/nn/kernels/select.h"

using namespace deepmine;
using namespace deepmine::nn;

namespace {

template <class Scalar>
struct Masks {
  Masks(const std::vector<RandomKey>& keys, int features, int steps, double rate,
        const Kernels<Scalar>& kernels, std::string_view name = "dropout", Mode mode = {.dropout = true})
      : batch{static_cast<int>(keys.size())}, padded_keys(keys) {
    padded_keys.resize(static_cast<std::size_t>(batch.blocks() * block_size));
    const Dropout<Scalar> layer(name, rate);
    Activations<Scalar> x;
    arena.build([&](Arena& pieces) {
      x = pieces.template activations<Scalar>(batch.blocks(), features, steps);
      layer.plan(pieces, batch.blocks(), features, steps, cache);
    });
    std::fill_n(x.data, x.block_stride * batch.blocks(), Scalar(1));
    Team::run(2, [&](const Team& team) {
      layer.forward({team, kernels, batch, mode, padded_keys.data(), nullptr}, x, cache);
    });
  }
  /// The multipliers of one sample, step by step (the input was 1).
  std::vector<Scalar> of(int sample) const {
    std::vector<Scalar> result;
    for (int step = 0; step < cache.output.steps; ++step) {
      const Scalar* column =
          cache.output.column(sample / block_size, step * block_size + sample % block_size);
      result.insert(result.end(), column, column + cache.output.features);
    }
    return result;
  }
  BatchShape batch;
  std::vector<RandomKey> padded_keys;
  Arena arena;
  typename Dropout<Scalar>::Cache cache;
};

std::vector<RandomKey> keys_from(int first, int count) {
  std::vector<RandomKey> keys;
  for (int i = 0; i < count; ++i) keys.push_back(derive_key(5, static_cast<std::uint64_t>(first + i)));
  return keys;
}

}  // namespace

TEST_CASE("dropout drops its rate within four deviations and scales the rest") {
  for (const double rate : {0.15, 0.3, 0.5, 0.9}) {
    const Masks<float> masks(keys_from(0, 40), 37, 30, rate, default_kernels());
    const auto keep = static_cast<float>(1 / (1 - rate));
    int dropped = 0;
    for (int sample = 0; sample < 40; ++sample)
      for (const float value : masks.of(sample)) {
        REQUIRE((value == 0 || value == keep));
        dropped += value == 0;
      }
    const double count = 40 * 37 * 30;
    CHECK(std::abs(dropped - rate * count) < 4 * std::sqrt(count * rate * (1 - rate)));
  }
}

TEST_CASE("units, steps, samples and layers have masks of their own") {
  const Masks<double> masks(keys_from(0, 9), 6, 40, 0.5, reference_kernels<double>());
  const Masks<double> other_layer(keys_from(0, 9), 6, 40, 0.5, reference_kernels<double>(), "other");
  const auto equal = [](const std::vector<double>& a, const std::vector<double>& b) {
    int count = 0;
    for (std::size_t i = 0; i < a.size(); ++i) count += a[i] == b[i];
    return count;
  };
  const std::vector<double> mask = masks.of(3);
  std::vector<double> next_step(mask.begin() + 6, mask.end()), next_unit(mask.begin() + 1, mask.end());
  next_step.insert(next_step.end(), mask.begin(), mask.begin() + 6);
  next_unit.push_back(mask.front());
  // Of 240 fair coins 120 ± 4 · 7.75 agree.
  for (const auto& other : {masks.of(4), other_layer.of(3), next_step, next_unit}) {
    CHECK(equal(mask, other) > 89);
    CHECK(equal(mask, other) < 151);
  }
}

TEST_CASE("a mask follows the sample's key: not its position, the batch size, the kernels or the precision") {
  const Masks<float> batch(keys_from(0, 20), 7, 3, 0.3, reference_kernels<float>());
  const Masks<double> in_double(keys_from(0, 20), 7, 3, 0.3, reference_kernels<double>());
  for (int sample = 0; sample < 20; ++sample) {
    const std::vector<float> expected = batch.of(sample);
    CHECK(Masks<float>(keys_from(sample, 1), 7, 3, 0.3, reference_kernels<float>()).of(0) == expected);
    const std::vector<double> doubles = in_double.of(sample);
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(static_cast<float>(doubles[i]) == expected[i]);
  }
  std::vector<RandomKey> reversed = keys_from(0, 20);
  std::reverse(reversed.begin(), reversed.end());
  for (const Kernels<float>* kernels : available_kernels()) {
    const Masks<float> other(reversed, 7, 3, 0.3, *kernels);
    for (int sample = 0; sample < 20; ++sample) CHECK(other.of(19 - sample) == batch.of(sample));
  }
}

TEST_CASE("dropout passes its input on where it is switched off") {
  const Masks<float> off(keys_from(0, 5), 7, 2, 0.5, default_kernels(), "dropout", inference_mode);
  const Masks<float> rate_zero(keys_from(0, 5), 7, 2, 0.0, default_kernels());
  for (int sample = 0; sample < 5; ++sample) {
    CHECK(off.of(sample) == std::vector<float>(14, 1.0f));
    CHECK(rate_zero.of(sample) == std::vector<float>(14, 1.0f));
  }
}

TEST_CASE("dropout's way back may have no target, as that of every layer") {
  Masks<float> masks(keys_from(0, 5), 7, 2, 0.5, default_kernels());
  const Dropout<float> layer("dropout", 0.5);
  Team::run(1, [&](const Team& team) {
    layer.backward({team, default_kernels(), masks.batch, training_mode, masks.padded_keys.data(), nullptr},
                   masks.cache, masks.cache.output, nowhere<float>());
  });
  CHECK(masks.of(0).size() == 14);
}
