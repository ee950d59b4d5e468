// Layer normalisation (Ba, Kiros, Hinton 2016): each column by its own mean and variance over the F features.
//
//   x̂ = (x − mean) / √(variance + ε)      y = γ·x̂ + β
//   g = dy·γ      dx = (g − mean(g) − x̂·mean(g·x̂)) / √(variance + ε)      dγ += Σ dy·x̂    dβ += Σ dy
#pragma once

#include <string>

#include "engine/nn/pass.h"

namespace deepmine::nn {

template <class Scalar>
class LayerNorm {
 public:
  struct Cache {
    Activations<Scalar> output;             ///< F × (T · block_size)
    Activations<Scalar> normalised;         ///< x̂, same shape
    Activations<Scalar> inverse_deviation;  ///< 1 × (T · block_size)
  };

  LayerNorm() = default;
  /// Declares `name/scale` and `name/shift` (F each).
  LayerNorm(ParameterLayout& layout, const std::string& name, int features);

  void plan(Arena& arena, int blocks, int steps, Cache& cache) const;
  void forward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters, Activations<const Scalar> x,
               Cache& cache) const;
  /// Columns that don't count must arrive with dy = 0, and get dx = 0.
  void backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                Activations<const Scalar> x, const Cache& cache, Activations<const Scalar> dy,
                GradientTarget<Scalar> dx, const Gradients<Scalar>& gradients) const;

 private:
  int features_ = 0;
  TensorId scale_ = -1, shift_ = -1;
};

}  // namespace deepmine::nn
