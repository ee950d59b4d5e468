// Losses on logits, with a weight for every sample; weight 0 masks a sample out. Both give
//
//   loss = c · Σ w·l / Σ w  (0 if Σ w = 0)      d logits = c · w/Σ w · (probability − target)
//
//   binary       l = max(z, 0) − z·y + ln(1 + e^−|z|)        y in {0, 1}
//   categorical  l = ln Σ e^z − z_y                          y in 0 … classes − 1
#pragma once

#include <cstdint>

#include "engine/nn/pass.h"

namespace deepmine::nn {

/// Targets and weights of one head for all samples of a batch.
template <class Scalar>
struct LossTargets {
  const std::int8_t* targets = nullptr;  ///< ignored where the weight is 0
  const Scalar* weights = nullptr;
};

/// l of one sample. `d`, unless null, receives probability − target.
template <class Scalar>
double binary_sample_loss(Scalar logit, int target, Scalar* d);
template <class Scalar>
double categorical_sample_loss(const Scalar* logits, int classes, int target, Scalar* d);

/// Σ w, in sample order; every thread computes it for itself.
template <class Scalar>
double weight_sum(const BatchShape& batch, const Scalar* weights);

/// Writes c · d loss / d logits to `d_logits` (0 for padding) and c · Σ w·l / Σ w of each block to
/// `block_loss`. Logits: 1 × block_size a block. `d_logits.data` may be null: the loss only.
template <class Scalar>
void binary_cross_entropy(const Pass<Scalar>& pass, Activations<const Scalar> logits,
                          const LossTargets<Scalar>& targets, double coefficient,
                          Activations<Scalar> d_logits, double* block_loss);
/// Logits: classes × block_size a block.
template <class Scalar>
void categorical_cross_entropy(const Pass<Scalar>& pass, Activations<const Scalar> logits,
                               const LossTargets<Scalar>& targets, double coefficient,
                               Activations<Scalar> d_logits, double* block_loss);

}  // namespace deepmine::nn
