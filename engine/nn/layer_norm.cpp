#include "engine/nn/layer_norm.h"

#include <cmath>

#include "engine/nn/batch_norm.h"
#include "engine/nn/instantiate.h"
#include "engine/nn/sums.h"

namespace deepmine::nn {

template <class Scalar>
LayerNorm<Scalar>::LayerNorm(ParameterLayout& layout, const std::string& name, int features)
    : features_(features),
      scale_(layout.add(name + "/scale", features, 1, Role::scale, Initialiser::ones)),
      shift_(layout.add(name + "/shift", features, 1, Role::shift, Initialiser::zeros)) {}

template <class Scalar>
void LayerNorm<Scalar>::plan(Arena& arena, int blocks, int steps, Cache& cache) const {
  cache.output = arena.activations<Scalar>(blocks, features_, steps);
  cache.normalised = arena.activations<Scalar>(blocks, features_, steps);
  cache.inverse_deviation = arena.activations<Scalar>(blocks, 1, steps);
}

template <class Scalar>
void LayerNorm<Scalar>::forward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                                Activations<const Scalar> x, Cache& cache) const {
  cache.output.lengths = x.lengths;
  const Scalar *scale = parameters[scale_], *shift = parameters[shift_];
  const auto count = static_cast<Scalar>(features_);
  pass.for_my_blocks([&](int block, int) {
    for (int c = 0; c < x.columns(); ++c) {
      const Scalar* in = x.column(block, c);
      Scalar *out = cache.output.column(block, c), *normalised = cache.normalised.column(block, c);
      const Scalar mean = ordered_sum(features_, [&](int f) { return in[f]; }) / count;
      const Scalar variance =
          ordered_sum(features_, [&](int f) { return (in[f] - mean) * (in[f] - mean); }) / count;
      const Scalar inverse_deviation = 1 / std::sqrt(variance + static_cast<Scalar>(normalisation_epsilon));
      *cache.inverse_deviation.column(block, c) = inverse_deviation;
      for (int f = 0; f < features_; ++f) {
        normalised[f] = (in[f] - mean) * inverse_deviation;
        out[f] = scale[f] * normalised[f] + shift[f];
      }
    }
  });
}

template <class Scalar>
void LayerNorm<Scalar>::backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                                 Activations<const Scalar> x, const Cache& cache,
                                 Activations<const Scalar> dy, GradientTarget<Scalar> dx,
                                 const Gradients<Scalar>& gradients) const {
  const Scalar* scale = parameters[scale_];
  const auto count = static_cast<Scalar>(features_);
  pass.for_my_blocks([&](int block, int lane) {
    Scalar *d_scale = gradients.of(lane, scale_), *d_shift = gradients.of(lane, shift_);
    if (pass.gradient_start(block, lane) == Start::zero) {
      std::fill_n(d_scale, features_, Scalar(0));
      std::fill_n(d_shift, features_, Scalar(0));
    }
    for (int c = 0; c < x.columns(); ++c) {
      const Scalar *d = dy.column(block, c), *normalised = cache.normalised.column(block, c);
      const Scalar inverse_deviation = *cache.inverse_deviation.column(block, c);
      for (int f = 0; f < features_; ++f) {
        d_scale[f] += d[f] * normalised[f];
        d_shift[f] += d[f];
      }
      if (!dx.wanted()) continue;
      const Scalar mean = ordered_sum(features_, [&](int f) { return d[f] * scale[f]; }) / count;
      const Scalar mean_normalised =
          ordered_sum(features_, [&](int f) { return d[f] * scale[f] * normalised[f]; }) / count;
      Scalar* to = dx.to.column(block, c);
      for (int f = 0; f < features_; ++f) {
        const Scalar gradient =
            (d[f] * scale[f] - mean - normalised[f] * mean_normalised) * inverse_deviation;
        to[f] = dx.accumulate ? to[f] + gradient : gradient;
      }
    }
  });
}

template class LayerNorm<DEEPMINE_SCALAR>;

}  // namespace deepmine::nn
