// Multi-head scaled dot-product attention (Vaswani et al. 2017). Queries come from one sequence, keys and
// values from another (or the same: self-attention). For every sample and head, with d key features:
//
//   Q = W_q·q + b_q    K = W_k·s + b_k    V = W_v·s + b_v          (heads·d) × steps each
//   P = softmax over keys( Kᵀ·Q / √d )                             key steps × query steps; keys past the end
//   get 0 y = W_o·concat over heads( V·(P·m) ) + b_o                     m: dropout of the weights
//
//   dV = dO·(P·m)ᵀ   dP = Vᵀ·dO·m   dS = P·(dP − Σ_keys P·dP)/√d   dQ = K·dS   dK = Q·dSᵀ
#pragma once

#include <string>

#include "engine/nn/attention_head.h"

namespace deepmine::nn {

struct AttentionOptions {
  int heads = 1, key_size = 16;  ///< key_size: d, features of a head
  int query_features = 0, source_features = 0, outputs = 0;
  double dropout = 0;
  /// Where a head of a sample has more weights than this, they are not kept from the way forward to the way
  /// back but made again, some queries at a time. Changes memory and time, no bit.
  int most_kept_weights = 64 * 64;
};

template <class Scalar>
class MultiHeadAttention {
 public:
  struct Cache {
    Activations<Scalar> output;             ///< outputs × (T_q · block_size)
    Activations<Scalar> query, key, value;  ///< heads·d features
    Activations<Scalar> attended;           ///< the heads' outputs, before W_o
    /// P of each sample and head (weights_at()), and its dropout multipliers, which are there only with
    /// dropout. Null where the sequences are too long for them to be kept (AttentionOptions).
    Scalar *weights = nullptr, *mask = nullptr;
    Activations<Scalar> d_query, d_key, d_value, d_attended;
    Scalar* scratch = nullptr;  ///< of each lane
    AttentionShape shape;
    Activations<const Scalar> source;  ///< its steps and lengths only
  };

  MultiHeadAttention() = default;
  /// Declares `name/{query,key,value,output}_{kernel,bias}`. The dropout unit of a weight is
  /// (head · query steps + query step) · (key steps rounded up to 8) + key step.
  MultiHeadAttention(ParameterLayout& layout, const std::string& name, AttentionOptions options);

  void plan(Arena& arena, int blocks, int query_steps, int key_steps, Cache& cache) const;
  void forward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
               Activations<const Scalar> query, Activations<const Scalar> source, Cache& cache) const;
  /// `d_query_input` is written before `d_source`; in self-attention pass the same tensor twice, the second
  /// to add.
  void backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                Activations<const Scalar> query, Activations<const Scalar> source, Cache& cache,
                Activations<const Scalar> dy, GradientTarget<Scalar> d_query_input,
                GradientTarget<Scalar> d_source, const Gradients<Scalar>& gradients) const;

  /// The attention weight of key step `key_step` for query step `query_step`, mean over the heads. Only where
  /// weights are kept (AttentionOptions), as they usually are for one query and up to 4096 keys.
  Scalar mean_weight(const Cache& cache, int sample, int query_step, int key_step) const;

 private:
  struct Projection {
    TensorId kernel = -1, bias = -1;
    int inputs = 0, outputs = 0;
  };
  static Projection declare(ParameterLayout& layout, const std::string& name, int inputs, int outputs);
  static void project(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                      const Projection& projection, int block, Activations<const Scalar> x,
                      const Activations<Scalar>& y);
  static void project_backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                               const Projection& projection, int block, int lane, Activations<const Scalar> x,
                               Activations<const Scalar> dy, GradientTarget<Scalar> dx,
                               const Gradients<Scalar>& gradients);

  std::ptrdiff_t weights_at(const Cache& cache, int block, int position, int head) const {
    return cache.shape.weight_count() *
           ((static_cast<std::ptrdiff_t>(block) * block_size + position) * options_.heads + head);
  }
  AttentionHead<Scalar> head_of(const Pass<Scalar>& pass, int block, int lane, int position, int head,
                                const Cache& cache) const;

  AttentionOptions options_;
  DropoutSource dropout_;
  Projection query_, key_, value_, output_;
};

}  // namespace deepmine::nn
