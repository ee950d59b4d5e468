// Five training steps of a small network, with L2, clipping and Adam, against Keras' formulas on PyTorch's
// gradients (make_golden.py).
#include "engine/nn/adam.h"
#include "engine/nn/batch_norm.h"
#include "engine/nn/dense.h"
#include "engine/nn/losses.h"
#include "engine/nn/lstm.h"
#include "tests/golden/layer_case.h"

namespace deepmine::golden {
namespace {

/// LSTM (last step), batch normalisation, Dense tanh, Dense: the layers, and what they write.
template <class Scalar>
struct SmallNetwork {
  explicit SmallNetwork(nn::ParameterLayout& layout)
      : lstm(layout, "lstm", 3, 5, {0, 0, false}),
        norm(layout, "norm", 5),
        hidden(layout, "hidden", 5, 6, nn::Activation::tanh),
        logits(layout, "logits", 6, 3, nn::Activation::none) {}

  void plan(nn::Arena& arena, int blocks) {
    lstm.plan(arena, blocks, 4, lstm_cache);
    norm.plan(arena, blocks, 1, norm_cache);
    hidden.plan(arena, blocks, 1, hidden_cache);
    logits.plan(arena, blocks, 1, logits_cache);
    d_logits = arena.activations<Scalar>(blocks, 3, 1);
    d_hidden = arena.activations<Scalar>(blocks, 6, 1);
    d_norm = arena.activations<Scalar>(blocks, 5, 1);
    d_lstm = arena.activations<Scalar>(blocks, 5, 1);
  }
  void train(const nn::Pass<Scalar>& pass, const nn::ParameterView<Scalar>& view,
             nn::Activations<const Scalar> x, const nn::LossTargets<Scalar>& targets, double* block_loss,
             const nn::Gradients<Scalar>& gradients) {
    lstm.forward(pass, view, x, lstm_cache);
    norm.forward(pass, view, lstm_cache.output, norm_cache);
    hidden.forward(pass, view, norm_cache.output, hidden_cache);
    logits.forward(pass, view, hidden_cache.output, logits_cache);
    nn::categorical_cross_entropy<Scalar>(pass, logits_cache.output, targets, 4.0, d_logits, block_loss);
    logits.backward(pass, view, hidden_cache.output, logits_cache, d_logits, overwrite(d_hidden), gradients);
    hidden.backward(pass, view, norm_cache.output, hidden_cache, d_hidden, overwrite(d_norm), gradients);
    norm.backward(pass, view, lstm_cache.output, norm_cache, d_norm, overwrite(d_lstm), gradients);
    lstm.backward(pass, view, x, lstm_cache, d_lstm, nn::nowhere<Scalar>(), gradients);
  }

  nn::Lstm<Scalar> lstm;
  nn::BatchNorm<Scalar> norm;
  nn::Dense<Scalar> hidden, logits;
  typename nn::Lstm<Scalar>::Cache lstm_cache;
  typename nn::BatchNorm<Scalar>::Cache norm_cache;
  typename nn::Dense<Scalar>::Cache hidden_cache, logits_cache;
  nn::Activations<Scalar> d_logits, d_hidden, d_norm, d_lstm;
};

template <class Scalar>
void check_training(const nn::Kernels<Scalar>& kernels) {
  const GoldenFile file("adam");
  LayerCase<Scalar> test(file, kernels);
  SmallNetwork<Scalar> network(test.layout);
  test.prepare(11, [&](nn::Arena& arena) { network.plan(arena, test.batch.blocks()); });
  test.running_statistics = test.values().values();
  const std::vector<Scalar> start(test.values().values(), test.values().values() + test.layout.size());
  const nn::Activations<Scalar> x = test.load_input("x");
  const std::vector<double>&golden_targets = file["targets"].values, &golden_weights = file["weights"].values;
  std::vector<std::int8_t> targets;
  for (const double target : golden_targets) targets.push_back(static_cast<std::int8_t>(target));
  std::vector<Scalar> weights;
  for (const double weight : golden_weights) weights.push_back(static_cast<Scalar>(weight));

  nn::Adam<Scalar> adam(test.layout, {.clip_norm = 1, .l2 = 0.03125});
  std::vector<double> losses, penalties;
  for (int step = 0; step < 5; ++step) {
    std::vector<double> block_loss(static_cast<std::size_t>(test.batch.blocks()));
    test.clear_gradients();
    test.run(nn::training_mode, [&](const nn::Pass<Scalar>& pass) {
      network.train(pass, test.values().view(), x, {targets.data(), weights.data()}, block_loss.data(),
                    test.gradients());
      adam.step(pass.team, pass.kernels, test.batch.lanes(), test.gradients(), test.values(), 0.0078125);
    });
    double loss = 0;
    for (const double of_block : block_loss) loss += of_block;
    losses.push_back(loss);
    penalties.push_back(adam.penalty());
  }

  check_close<Scalar>("adam losses", losses, file["losses"].values);
  check_close<Scalar>("adam penalties", penalties, file["penalties"].values);
  std::vector<Scalar> updates(start.size());
  for (std::size_t i = 0; i < start.size(); ++i) updates[i] = test.values().values()[i] - start[i];
  for (const nn::Tensor& tensor : test.layout.tensors()) {
    if (is_trainable(tensor.role)) {
      test.check_tensor("update/" + tensor.name, tensor, updates.data());
      test.check_tensor("first_moment/" + tensor.name, tensor, adam.first_moment());
      test.check_tensor("second_moment/" + tensor.name, tensor, adam.second_moment());
    } else {
      test.check_tensor("after/" + tensor.name, tensor, test.values().values());
    }
  }
}

}  // namespace

TEST_CASE("golden: Adam, L2 and clipping") {
  for_every_precision([](const auto& kernels) { check_training(kernels); });
}

}  // namespace deepmine::golden
