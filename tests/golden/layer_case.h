// One golden case of a layer: gives its parameters, inputs and memory to the layer, compares what comes out.
#pragma once

#include <deque>
#include <optional>

#include "engine/nn/pass.h"
#include "tests/golden/comparison.h"
#include "tests/golden/golden_file.h"

namespace deepmine::golden {

/// Sample keys as golden_common.py makes them, padding included.
inline std::vector<RandomKey> sample_keys(const nn::BatchShape& batch) {
  std::vector<RandomKey> keys;
  for (int s = 0; s < batch.blocks() * nn::block_size; ++s)
    keys.push_back(derive_key(7, static_cast<std::uint64_t>(s)));
  return keys;
}

template <class Scalar>
class LayerCase {
 public:
  static constexpr int threads = 2;  // meets at the barriers; the number itself changes nothing

  LayerCase(const GoldenFile& golden_file, const nn::Kernels<Scalar>& kernels)
      : file(golden_file), kernels_(kernels) {}

  const GoldenFile& file;
  nn::ParameterLayout layout;  ///< to construct the layers with
  nn::Arena arena;             ///< for the layers' caches: `plan` them in `prepare`

  /// To be called after the layers were constructed: loads the parameters and plans the caches.
  template <class Plan>
  void prepare(int samples, Plan&& plan) {
    batch = {samples};
    keys_ = sample_keys(batch);
    layout.finish();
    parameters_.emplace(layout, true);
    gradient_lanes_.assign(layout.trainable_size() * nn::max_lanes, Scalar(0));
    for (nn::TensorId id = 0; id < static_cast<int>(layout.tensors().size()); ++id) {
      const nn::Tensor& tensor = layout[id];
      const GoldenTensor& golden = file["parameter/" + tensor.name];
      REQUIRE(golden.values.size() == tensor.size());
      for (int row = 0; row < tensor.rows; ++row)
        for (int column = 0; column < tensor.columns; ++column)
          values()[id][row + column * tensor.rows] =
              static_cast<Scalar>(golden.values[static_cast<std::size_t>(row * tensor.columns + column)]);
    }
    values().refresh_packed();
    arena.build(plan);
  }

  nn::Parameters<Scalar>& values() { return *parameters_; }
  nn::Gradients<Scalar> gradients() { return {&layout, gradient_lanes_.data()}; }
  void clear_gradients() { std::fill(gradient_lanes_.begin(), gradient_lanes_.end(), Scalar(0)); }

  /// Memory for activations of (samples, steps, features), all of it `fill`; lengths as the file says.
  nn::Activations<Scalar> memory(int features, int steps, Scalar fill) {
    const std::ptrdiff_t stride = static_cast<std::ptrdiff_t>(features) * steps * nn::block_size;
    memory_.emplace_back(static_cast<std::size_t>(stride * batch.blocks()), fill);
    return {memory_.back().data(), features, steps, stride, nullptr};
  }
  /// The activations of that name. Padding samples get `padding`: whatever it is, it must not matter, except
  /// that gradients arrive with 0 there.
  nn::Activations<Scalar> load(const std::string& name, Scalar padding) {
    const GoldenTensor& golden = file[name];
    REQUIRE(golden.shape.size() == 3);
    REQUIRE(golden.shape[0] == batch.samples);
    const nn::Activations<Scalar> to = memory(golden.shape[2], golden.shape[1], padding);
    std::size_t at = 0;
    for (int s = 0; s < batch.samples; ++s)
      for (int t = 0; t < to.steps; ++t)
        for (int f = 0; f < to.features; ++f) element(to, s, t, f) = static_cast<Scalar>(golden.values[at++]);
    return to;
  }
  nn::Activations<Scalar> load_input(const std::string& name) { return load(name, Scalar(0.7)); }
  nn::Activations<Scalar> load_gradient(const std::string& name) { return load(name, Scalar(0)); }
  /// The lengths of the file's sequences, or null.
  const int* lengths() {
    if (!file.has("lengths")) return nullptr;
    const std::vector<double>& golden = file["lengths"].values;
    lengths_.assign(golden.begin(), golden.end());
    return lengths_.data();
  }

  /// `body(pass)` by all threads.
  template <class Body>
  void run(const nn::Mode& mode, Body&& body) {
    nn::Team::run(threads, [&](const nn::Team& team) {
      body(nn::Pass<Scalar>{team, kernels_, batch, mode, keys_.data(), running_statistics});
    });
  }
  const nn::Kernels<Scalar>& kernels() const { return kernels_; }

  /// The steps that count; all of them where `found` has no lengths.
  void check(const std::string& name, nn::Activations<const Scalar> found) {
    const GoldenTensor& golden = file[name];
    REQUIRE(golden.shape == std::vector<int>{batch.samples, found.steps, found.features});
    std::vector<double> values, expected;
    std::size_t at = 0;
    for (int s = 0; s < batch.samples; ++s)
      for (int t = 0; t < found.steps; ++t)
        for (int f = 0; f < found.features; ++f, ++at) {
          if (found.lengths != nullptr && t >= found.lengths[s]) continue;
          values.push_back(static_cast<double>(element(found, s, t, f)));
          expected.push_back(golden.values[at]);
        }
    check_close<Scalar>(file.name() + " " + name, values, expected);
  }
  /// A tensor of a slab (its trainable front or all of it) that has the layout's places.
  void check_tensor(const std::string& name, const nn::Tensor& tensor, const Scalar* slab, double whole = 0) {
    const std::vector<double>& golden = file[name].values;
    REQUIRE(golden.size() == tensor.size());
    std::vector<double> found;
    for (int row = 0; row < tensor.rows; ++row)
      for (int column = 0; column < tensor.columns; ++column)
        found.push_back(
            static_cast<double>(slab[tensor.offset + static_cast<std::size_t>(row + column * tensor.rows)]));
    check_close<Scalar>(file.name() + " " + name, found, golden, whole);
  }
  /// The sums over all lanes against the file's gradients of all trainable tensors.
  void check_parameter_gradients() {
    std::vector<Scalar> sums(layout.trainable_size(), Scalar(0));
    for (int lane = 0; lane < batch.lanes(); ++lane)
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += gradients().lane(lane)[i];
    double squares = 0;
    for (const nn::Tensor& tensor : layout.tensors())
      if (is_trainable(tensor.role)) {
        const double one = norm(file["gradient/" + tensor.name].values);
        squares += one * one;
      }
    for (const nn::Tensor& tensor : layout.tensors())
      if (is_trainable(tensor.role))
        check_tensor("gradient/" + tensor.name, tensor, sums.data(), std::sqrt(squares));
  }

  nn::BatchShape batch;
  Scalar* running_statistics = nullptr;

 private:
  template <class Value>
  static Value& element(const nn::Activations<Value>& a, int sample, int step, int feature) {
    return a.column(sample / nn::block_size, step * nn::block_size + sample % nn::block_size)[feature];
  }

  const nn::Kernels<Scalar>& kernels_;
  std::optional<nn::Parameters<Scalar>> parameters_;
  std::vector<RandomKey> keys_;
  std::vector<Scalar> gradient_lanes_;
  std::deque<std::vector<Scalar>> memory_;
  std::vector<int> lengths_;
};

}  // namespace deepmine::golden
