// One layer with random parameters on random data, and a random linear functional of its output as the loss:
// what the tests of gradients, of padding and of the float paths share. Values are rounded to float, so that
// the trials of both precisions start from the same numbers.
#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "engine/nn/initialisers.h"
#include "engine/nn/layer.h"

namespace deepmine::nn::test {

struct TrialSetup {
  int samples = 8, features = 5, steps = 1;
  std::vector<int> lengths = {};  ///< by sample; empty: all steps count
  Mode mode = inference_mode;
  bool accumulate = false;  ///< add dx to what is there, else overwrite it
  RandomKey seed = 1;
};

/// Lengths steps, steps − 1, … 1, steps, …: neighbours in a block differ.
inline std::vector<int> mixed_lengths(int samples, int steps) {
  std::vector<int> lengths(static_cast<std::size_t>(samples));
  for (int s = 0; s < samples; ++s) lengths[static_cast<std::size_t>(s)] = steps - s % steps;
  return lengths;
}

/// Gradient of the loss by every trainable tensor and by the input, each flattened.
template <class Scalar>
struct GradientSet {
  std::vector<std::string> names;
  std::vector<std::vector<Scalar>> values;
  bool operator==(const GradientSet&) const = default;
};

/// `make.operator()<Scalar>(layout)` constructs the layer.
template <class Scalar, class Make>
class LayerTrial {
 public:
  using LayerType =
      decltype(std::declval<Make>().template operator()<Scalar>(std::declval<ParameterLayout&>()));
  static_assert(Layer<LayerType, Scalar>);

  LayerTrial(const Make& make, TrialSetup setup, const Kernels<Scalar>& kernels)
      : setup_(std::move(setup)),
        kernels_(kernels),
        layer_(make.template operator()<Scalar>(layout_)),
        parameters_(finished(layout_), true) {
    arena_.build([&](Arena& arena) {
      x_ = arena.activations<Scalar>(batch().blocks(), setup_.features, setup_.steps);
      dx_ = arena.activations<Scalar>(batch().blocks(), setup_.features, setup_.steps);
      layer_.plan(arena, batch().blocks(), setup_.steps, cache_);
      dy_ = arena.activations<Scalar>(batch().blocks(), cache_.output.features, cache_.output.steps);
      lanes_ = arena.take<Scalar>(layout_.trainable_size() * max_lanes);
    });
    if (!setup_.lengths.empty()) x_.lengths = setup_.lengths.data();
    fill_parameters();
    for (int sample = 0; sample < batch().blocks() * block_size; ++sample) {
      const RandomKey key = derive_key(setup_.seed, static_cast<std::uint64_t>(sample));
      sample_keys_.push_back(key);
      fill_sample(x_, sample, derive_key(key, "input"));
      fill_sample(dx_, sample, derive_key(key, "what was there"));
    }
    prior_.assign(dx_.data, dx_.data + size(dx_));
  }
  LayerTrial(const LayerTrial&) = delete;
  LayerTrial& operator=(const LayerTrial&) = delete;

  BatchShape batch() const { return {setup_.samples}; }
  const TrialSetup& setup() const { return setup_; }
  const ParameterLayout& layout() const { return layout_; }
  Parameters<Scalar>& parameters() { return parameters_; }
  const Activations<Scalar>& input() const { return x_; }
  std::size_t input_size() const { return size(x_); }
  const Activations<Scalar>& output() const { return cache_.output; }
  typename LayerType::Cache& cache() { return cache_; }
  const LayerType& layer() const { return layer_; }

  void forward(int threads = 1) {
    parameters_.refresh_packed();  // a test may have changed a value
    Team::run(threads, [&](const Team& team) { layer_.forward(pass(team), parameters_.view(), x_, cache_); });
  }
  /// Weight in the loss of feature `f` in column `c` of block `b`; 0 where the column doesn't count.
  double loss_weight(int b, int c, int f) const {
    if (!cache_.output.column_counts(batch(), b, c)) return 0;
    const int sample = b * block_size + c % block_size;
    RandomStream random(derive_key(derive_key(setup_.seed, "loss"),
                                   static_cast<std::uint64_t>((sample * 64 + c / block_size) * 64 + f)));
    return rounded(random.uniform(-1, 1));
  }

  /// Forward and backward. Without accumulation dx starts from rubbish, with it from values that are taken
  /// off again here.
  GradientSet<Scalar> gradients(int threads = 1) {
    std::fill_n(lanes_, layout_.trainable_size() * max_lanes,
                std::numeric_limits<Scalar>::quiet_NaN());  // overwritten, not added to
    for (std::size_t i = 0; i < prior_.size(); ++i) dx_.data[i] = setup_.accumulate ? prior_[i] : Scalar(77);
    forward(threads);
    for (int b = 0; b < batch().blocks(); ++b)
      for (int c = 0; c < dy_.columns(); ++c)
        for (int f = 0; f < dy_.features; ++f)
          dy_.column(b, c)[f] = static_cast<Scalar>(loss_weight(b, c, f));
    const Gradients<Scalar> sums{&layout_, lanes_};
    Team::run(threads, [&](const Team& team) {
      layer_.backward(pass(team), parameters_.view(), x_, cache_, dy_, {dx_, setup_.accumulate}, sums);
    });
    GradientSet<Scalar> result;
    for (TensorId id = 0; id < static_cast<TensorId>(layout_.tensors().size()); ++id) {
      if (!is_trainable(layout_[id].role)) continue;
      result.names.push_back(layout_[id].name);
      std::vector<Scalar>& total = result.values.emplace_back(layout_[id].size(), Scalar(0));
      for (int lane = 0; lane < batch().lanes(); ++lane)
        for (std::size_t i = 0; i < total.size(); ++i) total[i] += sums.of(lane, id)[i];
    }
    result.names.push_back("input");
    std::vector<Scalar>& dx = result.values.emplace_back(dx_.data, dx_.data + size(dx_));
    if (setup_.accumulate)
      for (std::size_t i = 0; i < dx.size(); ++i) dx[i] -= prior_[i];
    return result;
  }

  /// The outputs of all samples at the steps that count, sample by sample.
  std::vector<Scalar> counting_outputs() const {
    std::vector<Scalar> result;
    for (int sample = 0; sample < setup_.samples; ++sample)
      for (int step = 0; step < cache_.output.steps; ++step) {
        const int column = step * block_size + sample % block_size;
        if (!cache_.output.column_counts(batch(), sample / block_size, column)) continue;
        const Scalar* values = cache_.output.column(sample / block_size, column);
        result.insert(result.end(), values, values + cache_.output.features);
      }
    return result;
  }

 private:
  static double rounded(double value) { return static_cast<double>(static_cast<float>(value)); }
  static const ParameterLayout& finished(ParameterLayout& layout) {
    layout.finish();
    return layout;
  }
  std::size_t size(const Activations<Scalar>& tensor) const {
    return static_cast<std::size_t>(tensor.block_stride * batch().blocks());
  }
  Pass<Scalar> pass(const Team& team) const {
    return {team,   kernels_, batch(), setup_.mode, setup_.mode.dropout ? sample_keys_.data() : nullptr,
            nullptr};
  }
  void fill_sample(const Activations<Scalar>& tensor, int sample, RandomKey key) const {
    RandomStream random(key);
    for (int step = 0; step < tensor.steps; ++step)
      for (int f = 0; f < tensor.features; ++f)
        tensor.column(sample / block_size, step * block_size + sample % block_size)[f] =
            static_cast<Scalar>(rounded(random.uniform(-1.5, 1.5)));
  }
  /// Off the initial values: a bias of 0 or a scale of 1 would hide a missing factor.
  void fill_parameters() {
    initialise(parameters_, setup_.seed);
    for (TensorId id = 0; id < static_cast<TensorId>(layout_.tensors().size()); ++id) {
      RandomStream random(derive_key(setup_.seed, layout_[id].name));
      for (std::size_t i = 0; i < layout_[id].size(); ++i)
        parameters_[id][i] =
            static_cast<Scalar>(rounded(static_cast<double>(parameters_[id][i]) + random.uniform(-0.4, 0.4)));
    }
    parameters_.refresh_packed();
  }

  TrialSetup setup_;
  const Kernels<Scalar>& kernels_;
  ParameterLayout layout_;
  LayerType layer_;
  Parameters<Scalar> parameters_;
  Arena arena_;
  typename LayerType::Cache cache_;
  Activations<Scalar> x_, dx_, dy_;
  Scalar* lanes_ = nullptr;
  std::vector<RandomKey> sample_keys_;
  std::vector<Scalar> prior_;
};

}  // namespace deepmine::nn::test
