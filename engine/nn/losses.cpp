#include "engine/nn/losses.h"

#include <cmath>

#include "engine/nn/instantiate.h"

namespace deepmine::nn {
namespace {

template <class Scalar, class SampleLoss>
void weighted_loss(const Pass<Scalar>& pass, Activations<const Scalar> logits,
                   const LossTargets<Scalar>& targets, double coefficient, Activations<Scalar> d_logits,
                   double* block_loss, SampleLoss&& sample_loss) {
  const double weights = weight_sum(pass.batch, targets.weights);
  pass.for_my_blocks([&](int block, int) {
    block_loss[block] = 0;
    if (d_logits.wanted()) std::fill_n(d_logits.block(block), logits.features * block_size, Scalar(0));
    for (int s = 0; s < pass.batch.samples_in(block); ++s) {
      const int sample = block * block_size + s;
      const double weight = static_cast<double>(targets.weights[sample]);
      if (weight <= 0) continue;
      const double factor = coefficient * weight / weights;
      Scalar* d = d_logits.wanted() ? d_logits.column(block, s) : nullptr;
      block_loss[block] += factor * sample_loss(logits.column(block, s), targets.targets[sample], d);
      if (d != nullptr)
        for (int k = 0; k < logits.features; ++k) d[k] *= static_cast<Scalar>(factor);
    }
  });
}

}  // namespace

template <class Scalar>
double binary_sample_loss(Scalar logit, int target, Scalar* d) {
  const double z = static_cast<double>(logit);
  const double e = std::exp(-std::abs(z));
  const double probability = z >= 0 ? 1 / (1 + e) : e / (1 + e);
  if (d != nullptr) *d = static_cast<Scalar>(probability - target);
  return std::max(z, 0.0) - z * target + std::log1p(e);
}

template <class Scalar>
double categorical_sample_loss(const Scalar* logits, int classes, int target, Scalar* d) {
  const double highest = static_cast<double>(*std::max_element(logits, logits + classes));
  double sum = 0;
  for (int k = 0; k < classes; ++k) sum += std::exp(static_cast<double>(logits[k]) - highest);
  if (d != nullptr)
    for (int k = 0; k < classes; ++k)
      d[k] = static_cast<Scalar>(std::exp(static_cast<double>(logits[k]) - highest) / sum -
                                 (k == target ? 1 : 0));
  return highest + std::log(sum) - static_cast<double>(logits[target]);
}

template <class Scalar>
double weight_sum(const BatchShape& batch, const Scalar* weights) {
  double sum = 0;
  for (int sample = 0; sample < batch.samples; ++sample) sum += static_cast<double>(weights[sample]);
  return sum;
}

template <class Scalar>
void binary_cross_entropy(const Pass<Scalar>& pass, Activations<const Scalar> logits,
                          const LossTargets<Scalar>& targets, double coefficient,
                          Activations<Scalar> d_logits, double* block_loss) {
  weighted_loss(pass, logits, targets, coefficient, d_logits, block_loss,
                [](const Scalar* z, int target, Scalar* d) { return binary_sample_loss(*z, target, d); });
}

template <class Scalar>
void categorical_cross_entropy(const Pass<Scalar>& pass, Activations<const Scalar> logits,
                               const LossTargets<Scalar>& targets, double coefficient,
                               Activations<Scalar> d_logits, double* block_loss) {
  weighted_loss(pass, logits, targets, coefficient, d_logits, block_loss,
                [&](const Scalar* z, int target, Scalar* d) {
                  return categorical_sample_loss(z, logits.features, target, d);
                });
}

template double binary_sample_loss<DEEPMINE_SCALAR>(DEEPMINE_SCALAR, int, DEEPMINE_SCALAR*);
template double categorical_sample_loss<DEEPMINE_SCALAR>(const DEEPMINE_SCALAR*, int, int, DEEPMINE_SCALAR*);
template double weight_sum<DEEPMINE_SCALAR>(const BatchShape&, const DEEPMINE_SCALAR*);
template void binary_cross_entropy<DEEPMINE_SCALAR>(const Pass<DEEPMINE_SCALAR>&,
                                                    Activations<const DEEPMINE_SCALAR>,
                                                    const LossTargets<DEEPMINE_SCALAR>&, double,
                                                    Activations<DEEPMINE_SCALAR>, double*);
template void categorical_cross_entropy<DEEPMINE_SCALAR>(const Pass<DEEPMINE_SCALAR>&,
                                                         Activations<const DEEPMINE_SCALAR>,
                                                         const LossTargets<DEEPMINE_SCALAR>&, double,
                                                         Activations<DEEPMINE_SCALAR>, double*);

}  // namespace deepmine::nn
