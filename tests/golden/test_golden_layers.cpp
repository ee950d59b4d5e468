// Outputs and gradients of every layer against PyTorch (make_golden.py).
#include "engine/nn/attention.h"
#include "engine/nn/batch_norm.h"
#include "engine/nn/dense.h"
#include "engine/nn/dropout.h"
#include "engine/nn/layer_norm.h"
#include "engine/nn/lstm.h"
#include "tests/golden/layer_case.h"

namespace deepmine::golden {
namespace {

constexpr nn::Mode dropout_mode{.batch_statistics = false, .dropout = true};

/// A layer with one input: `forward(pass)` into y, then `backward(pass, dy, dx)`.
template <class Scalar, class Forward, class Backward>
void check_layer(LayerCase<Scalar>& test, const nn::Mode& mode, const nn::Activations<Scalar>& x,
                 const nn::Activations<Scalar>& y, Forward&& forward, Backward&& backward) {
  const nn::Activations<Scalar> dy = test.load_gradient("dy");
  const nn::Activations<Scalar> dx = test.memory(x.features, x.steps, Scalar(123));
  test.run(mode, forward);
  test.check("y", y);
  test.run(mode, [&](const nn::Pass<Scalar>& pass) { backward(pass, dy, overwrite(dx)); });
  test.check("gradient/x", dx);
  test.check_parameter_gradients();
}

template <class Scalar>
void check_dense(const std::string& name, nn::Activation activation, const nn::Kernels<Scalar>& kernels) {
  const GoldenFile file(name);
  LayerCase<Scalar> test(file, kernels);
  const nn::Dense<Scalar> layer(test.layout, "dense", 7, 19, activation);
  typename nn::Dense<Scalar>::Cache cache;
  test.prepare(11, [&](nn::Arena& arena) { layer.plan(arena, test.batch.blocks(), 2, cache); });
  const auto view = test.values().view();
  const nn::Activations<Scalar> x = test.load_input("x");
  check_layer<Scalar>(
      test, nn::training_mode, x, cache.output,
      [&](const auto& pass) { layer.forward(pass, view, x, cache); },
      [&](const auto& pass, auto dy, auto dx) {
        layer.backward(pass, view, x, cache, dy, dx, test.gradients());
      });
}

template <class Scalar>
void check_lstm(const std::string& name, const nn::LstmOptions& options, const nn::Kernels<Scalar>& kernels) {
  const GoldenFile file(name);
  LayerCase<Scalar> test(file, kernels);
  const nn::Lstm<Scalar> layer(test.layout, "lstm", 5, 6, options);
  typename nn::Lstm<Scalar>::Cache cache;
  test.prepare(11, [&](nn::Arena& arena) { layer.plan(arena, test.batch.blocks(), 5, cache); });
  nn::Activations<Scalar> x = test.load_input("x");
  x.lengths = test.lengths();
  const auto view = test.values().view();
  const nn::Activations<Scalar> y = cache.output;  // no lengths: the state that is carried on counts as well
  check_layer<Scalar>(
      test, nn::training_mode, x, y, [&](const auto& pass) { layer.forward(pass, view, x, cache); },
      [&](const auto& pass, auto dy, auto dx) {
        layer.backward(pass, view, x, cache, dy, dx, test.gradients());
      });
}

template <class Scalar>
void check_batch_norm(const std::string& name, int steps, bool training, const nn::Kernels<Scalar>& kernels) {
  const GoldenFile file(name);
  LayerCase<Scalar> test(file, kernels);
  const nn::BatchNorm<Scalar> layer(test.layout, "norm", 7);
  typename nn::BatchNorm<Scalar>::Cache cache;
  test.prepare(11, [&](nn::Arena& arena) { layer.plan(arena, test.batch.blocks(), steps, cache); });
  const nn::Mode mode = training ? nn::training_mode : nn::inference_mode;
  const auto view = test.values().view();
  if (training) {
    test.running_statistics = test.values().values();
    for (const char* earlier : {"x_0", "x_1"}) {
      nn::Activations<Scalar> x = test.load_input(earlier);
      x.lengths = test.lengths();
      test.run(mode, [&](const nn::Pass<Scalar>& pass) { layer.forward(pass, view, x, cache); });
    }
  }
  nn::Activations<Scalar> x = test.load_input("x");
  x.lengths = test.lengths();
  check_layer<Scalar>(
      test, mode, x, cache.output, [&](const auto& pass) { layer.forward(pass, view, x, cache); },
      [&](const auto& pass, auto dy, auto dx) {
        layer.backward(pass, view, x, cache, dy, dx, test.gradients());
      });
  if (!training) return;
  for (const nn::Tensor& tensor : test.layout.tensors())
    if (!is_trainable(tensor.role)) test.check_tensor("after/" + tensor.name, tensor, test.values().values());
}

template <class Scalar>
void check_layer_norm(const nn::Kernels<Scalar>& kernels) {
  const GoldenFile file("layer_norm");
  LayerCase<Scalar> test(file, kernels);
  const nn::LayerNorm<Scalar> layer(test.layout, "norm", 21);
  typename nn::LayerNorm<Scalar>::Cache cache;
  test.prepare(11, [&](nn::Arena& arena) { layer.plan(arena, test.batch.blocks(), 2, cache); });
  const auto view = test.values().view();
  const nn::Activations<Scalar> x = test.load_input("x");
  check_layer<Scalar>(
      test, nn::training_mode, x, cache.output,
      [&](const auto& pass) { layer.forward(pass, view, x, cache); },
      [&](const auto& pass, auto dy, auto dx) {
        layer.backward(pass, view, x, cache, dy, dx, test.gradients());
      });
}

template <class Scalar>
void check_dropout(const nn::Kernels<Scalar>& kernels) {
  const GoldenFile file("dropout");
  LayerCase<Scalar> test(file, kernels);
  const nn::Dropout<Scalar> layer("dropout", 0.3);
  typename nn::Dropout<Scalar>::Cache cache;
  test.prepare(11, [&](nn::Arena& arena) { layer.plan(arena, test.batch.blocks(), 6, 3, cache); });
  const nn::Activations<Scalar> x = test.load_input("x");
  check_layer<Scalar>(
      test, dropout_mode, x, cache.output, [&](const auto& pass) { layer.forward(pass, x, cache); },
      [&](const auto& pass, auto dy, auto dx) { layer.backward(pass, cache, dy, dx); });
}

/// The file's mean of the weights over the heads: (samples, queries, keys).
template <class Scalar>
void check_mean_weights(LayerCase<Scalar>& test, const nn::MultiHeadAttention<Scalar>& layer,
                        const typename nn::MultiHeadAttention<Scalar>::Cache& cache) {
  const GoldenTensor& golden = test.file["mean_weights"];
  std::vector<double> found;
  for (int s = 0; s < golden.shape[0]; ++s)
    for (int q = 0; q < golden.shape[1]; ++q)
      for (int k = 0; k < golden.shape[2]; ++k)
        found.push_back(static_cast<double>(layer.mean_weight(cache, s, q, k)));
  check_close<Scalar>(test.file.name() + " mean_weights", found, golden.values);
}

template <class Scalar>
void check_self_attention(const std::string& name, double dropout, const nn::Kernels<Scalar>& kernels) {
  const GoldenFile file(name);
  LayerCase<Scalar> test(file, kernels);
  const nn::MultiHeadAttention<Scalar> layer(test.layout, "attention", {8, 2, 16, 16, 16, dropout});
  typename nn::MultiHeadAttention<Scalar>::Cache cache;
  test.prepare(9, [&](nn::Arena& arena) { layer.plan(arena, test.batch.blocks(), 5, 5, cache); });
  nn::Activations<Scalar> x = test.load_input("x");
  x.lengths = test.lengths();
  const auto view = test.values().view();
  check_layer<Scalar>(
      test, nn::training_mode, x, cache.output,
      [&](const auto& pass) { layer.forward(pass, view, x, x, cache); },
      [&](const auto& pass, auto dy, auto dx) {
        layer.backward(pass, view, x, x, cache, dy, dx, nn::add_to(dx.to), test.gradients());
      });
  check_mean_weights(test, layer, cache);
}

template <class Scalar>
void check_cross_attention(const std::string& name, double dropout, const nn::Kernels<Scalar>& kernels) {
  const GoldenFile file(name);
  LayerCase<Scalar> test(file, kernels);
  const nn::MultiHeadAttention<Scalar> layer(test.layout, "attention", {4, 3, 6, 5, 7, dropout});
  typename nn::MultiHeadAttention<Scalar>::Cache cache;
  test.prepare(9, [&](nn::Arena& arena) { layer.plan(arena, test.batch.blocks(), 1, 10, cache); });
  const nn::Activations<Scalar> query = test.load_input("query");
  nn::Activations<Scalar> source = test.load_input("source");
  source.lengths = test.lengths();
  const nn::Activations<Scalar> dy = test.load_gradient("dy");
  const nn::Activations<Scalar> d_query = test.memory(6, 1, Scalar(123)),
                                d_source = test.memory(5, 10, Scalar(123));
  const auto view = test.values().view();
  test.run(nn::training_mode, [&](const nn::Pass<Scalar>& pass) {
    layer.forward(pass, view, query, source, cache);
    layer.backward(pass, view, query, source, cache, dy, overwrite(d_query), overwrite(d_source),
                   test.gradients());
  });
  test.check("y", cache.output);
  test.check("gradient/query", d_query);
  test.check("gradient/source", d_source);
  test.check_parameter_gradients();
  check_mean_weights(test, layer, cache);
}

}  // namespace

TEST_CASE("golden: dense") {
  for_every_precision([](const auto& kernels) {
    check_dense("dense_none", nn::Activation::none, kernels);
    check_dense("dense_relu", nn::Activation::relu, kernels);
    check_dense("dense_sigmoid", nn::Activation::sigmoid, kernels);
    check_dense("dense_tanh", nn::Activation::tanh, kernels);
  });
}

TEST_CASE("golden: LSTM") {
  for_every_precision([](const auto& kernels) {
    check_lstm("lstm_all_steps", {0, 0, true}, kernels);
    check_lstm("lstm_last_step", {0, 0, false}, kernels);
    check_lstm("lstm_last_step_full", {0, 0, false}, kernels);
    check_lstm("lstm_dropout", {0.25, 0.375, true}, kernels);
  });
}

TEST_CASE("golden: batch normalisation") {
  for_every_precision([](const auto& kernels) {
    check_batch_norm("batch_norm", 1, true, kernels);
    check_batch_norm("batch_norm_sequence", 4, true, kernels);
    check_batch_norm("batch_norm_inference", 1, false, kernels);
  });
}

TEST_CASE("golden: layer normalisation") {
  for_every_precision([](const auto& kernels) { check_layer_norm(kernels); });
}

TEST_CASE("golden: dropout") {
  for_every_precision([](const auto& kernels) { check_dropout(kernels); });
}

TEST_CASE("golden: self-attention") {
  for_every_precision([](const auto& kernels) {
    check_self_attention("self_attention", 0, kernels);
    check_self_attention("self_attention_dropout", 0.25, kernels);
  });
}

TEST_CASE("golden: cross-attention") {
  for_every_precision([](const auto& kernels) {
    check_cross_attention("cross_attention", 0, kernels);
    check_cross_attention("cross_attention_dropout", 0.25, kernels);
  });
}

}  // namespace deepmine::golden
