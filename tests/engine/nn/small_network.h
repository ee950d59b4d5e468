// A small network with one of everything, trained for a few steps: what the tests of determinism and of
// allocations run.
#pragma once

#include <string>
#include <vector>

#include "engine/nn/adam.h"
#include "engine/nn/attention.h"
#include "engine/nn/batch_norm.h"
#include "engine/nn/dense.h"
#include "engine/nn/initialisers.h"
#include "engine/nn/layer_norm.h"
#include "engine/nn/losses.h"
#include "engine/nn/lstm.h"

namespace deepmine::nn::test {

/// x → LSTM (all steps) → BN → + self-attention → LN → LSTM (last step) → BN → dropout → Dense relu → 3
/// classes.
class SmallNetwork {
 public:
  static constexpr int features = 5, units = 18, steps = 6, classes = 3;

  explicit SmallNetwork(int samples, const Kernels<float>& kernels)
      : samples_(samples),
        kernels_(kernels),
        lstm1_(layout_, "lstm1", features, units, {0.15, 0.15, true}),
        norm1_(layout_, "norm1", units),
        attention_(layout_, "attention",
                   {.heads = 2,
                    .key_size = 5,
                    .query_features = units,
                    .source_features = units,
                    .outputs = units,
                    .dropout = 0.15}),
        layer_norm_(layout_, "layer_norm", units),
        lstm2_(layout_, "lstm2", units, units, {0.15, 0.15, false}),
        norm2_(layout_, "norm2", units),
        dropout_("dropout", 0.3),
        dense_(layout_, "dense", units, 12, Activation::relu),
        logits_(layout_, "logits", 12, classes, Activation::none),
        parameters_((layout_.finish(), layout_), true),
        adam_(layout_, {}) {
    initialise(parameters_, 11);
    arena_.build([&](Arena& arena) { plan(arena); });
    block_losses_.resize(static_cast<std::size_t>(batch().blocks()));
    sample_keys_.resize(static_cast<std::size_t>(batch().blocks() * block_size));
    RandomStream random(5);
    for (int sample = 0; sample < batch().blocks() * block_size; ++sample) {
      lengths_.push_back(1 + static_cast<int>(random.below(steps)));
      targets_.push_back(static_cast<std::int8_t>(random.below(classes)));
      weights_.push_back(static_cast<float>(random.uniform()));
    }
    x_.lengths = lengths_.data();
    for (int i = 0; i < x_.block_stride * batch().blocks(); ++i)
      x_.data[i] = static_cast<float>(random.normal());
  }

  /// One training step on `threads` threads; the loss.
  double train_step(int threads) {
    for (std::size_t s = 0; s < sample_keys_.size(); ++s)
      sample_keys_[s] = derive_key(derive_key(1, static_cast<std::uint64_t>(adam_.steps_made())), s);
    std::fill_n(lanes_, layout_.trainable_size() * max_lanes, 0.0f);
    Team::run(threads, [&](const Team& team) {
      const Pass<float> pass{
          team, kernels_, batch(), training_mode, sample_keys_.data(), parameters_.values()};
      forward(pass);
      backward(pass);
      adam_.step(team, kernels_, batch().lanes(), {&layout_, lanes_}, parameters_, 1e-3);
    });
    double loss = adam_.penalty();
    for (const double block : block_losses_) loss += block;
    return loss;
  }

  std::vector<float> values() const { return {parameters_.values(), parameters_.values() + layout_.size()}; }

 private:
  BatchShape batch() const { return {samples_}; }

  void plan(Arena& arena) {
    const int blocks = batch().blocks();
    x_ = arena.activations<float>(blocks, features, steps);
    x_.lengths = lengths_.empty() ? nullptr : lengths_.data();
    lstm1_.plan(arena, blocks, steps, lstm1_cache_);
    norm1_.plan(arena, blocks, steps, norm1_cache_);
    attention_.plan(arena, blocks, steps, steps, attention_cache_);
    layer_norm_.plan(arena, blocks, steps, layer_norm_cache_);
    lstm2_.plan(arena, blocks, steps, lstm2_cache_);
    norm2_.plan(arena, blocks, 1, norm2_cache_);
    dropout_.plan(arena, blocks, units, 1, dropout_cache_);
    dense_.plan(arena, blocks, 1, dense_cache_);
    logits_.plan(arena, blocks, 1, logits_cache_);
    for (Activations<float>* sequence : {&sum_, &d_sequence1_, &d_sequence2_})
      *sequence = arena.activations<float>(blocks, units, steps);
    for (Activations<float>* vector : {&d_vector1_, &d_vector2_})
      *vector = arena.activations<float>(blocks, units, 1);
    d_dense_ = arena.activations<float>(blocks, 12, 1);
    d_logits_ = arena.activations<float>(blocks, classes, 1);
    lanes_ = arena.take<float>(layout_.trainable_size() * max_lanes);
  }

  void forward(const Pass<float>& pass) {
    const ParameterView<float> view = parameters_.view();
    lstm1_.forward(pass, view, x_, lstm1_cache_);
    norm1_.forward(pass, view, lstm1_cache_.output, norm1_cache_);
    const Activations<float>& t = norm1_cache_.output;
    attention_.forward(pass, view, t, t, attention_cache_);
    pass.for_my_blocks([&](int block, int) {
      const float *a = t.block(block), *b = attention_cache_.output.block(block);
      for (int i = 0; i < t.block_stride; ++i) sum_.block(block)[i] = a[i] + b[i];
    });
    layer_norm_.forward(pass, view, summed(), layer_norm_cache_);
    lstm2_.forward(pass, view, layer_norm_cache_.output, lstm2_cache_);
    norm2_.forward(pass, view, lstm2_cache_.output, norm2_cache_);
    dropout_.forward(pass, norm2_cache_.output, dropout_cache_);
    dense_.forward(pass, view, dropout_cache_.output, dense_cache_);
    logits_.forward(pass, view, dense_cache_.output, logits_cache_);
    categorical_cross_entropy<float>(pass, logits_cache_.output, {targets_.data(), weights_.data()}, 1.0,
                                     d_logits_, block_losses_.data());
  }

  void backward(const Pass<float>& pass) {
    const ParameterView<float> view = parameters_.view();
    const Gradients<float> sums{&layout_, lanes_};
    const Activations<float>& t = norm1_cache_.output;
    logits_.backward(pass, view, dense_cache_.output, logits_cache_, d_logits_, overwrite(d_dense_), sums);
    dense_.backward(pass, view, dropout_cache_.output, dense_cache_, d_dense_, overwrite(d_vector1_), sums);
    dropout_.backward(pass, dropout_cache_, d_vector1_, overwrite(d_vector2_));
    norm2_.backward(pass, view, lstm2_cache_.output, norm2_cache_, d_vector2_, overwrite(d_vector1_), sums);
    lstm2_.backward(pass, view, layer_norm_cache_.output, lstm2_cache_, d_vector1_, overwrite(d_sequence1_),
                    sums);
    layer_norm_.backward(pass, view, summed(), layer_norm_cache_, d_sequence1_, overwrite(d_sequence2_),
                         sums);
    pass.for_my_blocks([&](int block, int) {
      std::copy_n(d_sequence2_.block(block), d_sequence2_.block_stride, d_sequence1_.block(block));
    });
    attention_.backward(pass, view, t, t, attention_cache_, d_sequence2_, add_to(d_sequence1_),
                        add_to(d_sequence1_), sums);
    norm1_.backward(pass, view, lstm1_cache_.output, norm1_cache_, d_sequence1_, overwrite(d_sequence2_),
                    sums);
    lstm1_.backward(pass, view, x_, lstm1_cache_, d_sequence2_, nowhere<float>(), sums);
  }

  Activations<const float> summed() const {
    Activations<const float> sum = sum_;
    sum.lengths = x_.lengths;
    return sum;
  }

  int samples_;
  const Kernels<float>& kernels_;
  ParameterLayout layout_;
  Lstm<float> lstm1_;
  BatchNorm<float> norm1_;
  MultiHeadAttention<float> attention_;
  LayerNorm<float> layer_norm_;
  Lstm<float> lstm2_;
  BatchNorm<float> norm2_;
  Dropout<float> dropout_;
  Dense<float> dense_, logits_;
  Parameters<float> parameters_;
  Adam<float> adam_;
  Arena arena_;
  Lstm<float>::Cache lstm1_cache_, lstm2_cache_;
  BatchNorm<float>::Cache norm1_cache_, norm2_cache_;
  MultiHeadAttention<float>::Cache attention_cache_;
  LayerNorm<float>::Cache layer_norm_cache_;
  Dropout<float>::Cache dropout_cache_;
  Dense<float>::Cache dense_cache_, logits_cache_;
  Activations<float> x_, sum_, d_sequence1_, d_sequence2_, d_vector1_, d_vector2_, d_dense_, d_logits_;
  float* lanes_ = nullptr;
  std::vector<int> lengths_;
  std::vector<std::int8_t> targets_;
  std::vector<float> weights_;
  std::vector<double> block_losses_;
  std::vector<RandomKey> sample_keys_;
};

}  // namespace deepmine::nn::test
