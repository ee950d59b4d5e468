// A fully connected layer, applied to every step: y = activation(W·x + b).
//
//     W (O × I), b (O), x (I × columns), y (O × columns)
//     dz = dy · activation'(z)      (written with y: relu' = [y > 0], sigmoid' = y(1 − y), tanh' = 1 − y²)
//     dW += dz·xᵀ    db += Σ dz     dx = Wᵀ·dz
#pragma once

#include <string>

#include "engine/nn/pass.h"

namespace deepmine::nn {

enum class Activation { none, relu, sigmoid, tanh };

template <class Scalar>
class Dense {
 public:
  struct Cache {
    Activations<Scalar> output;  ///< O × (T · block_size)
  };

  Dense() = default;
  /// Declares `name/kernel` (outputs × inputs) and `name/bias` (outputs).
  Dense(ParameterLayout& layout, const std::string& name, int inputs, int outputs, Activation activation,
        Initialiser kernel = Initialiser::glorot_uniform);

  int inputs() const { return inputs_; }
  int outputs() const { return outputs_; }

  void plan(Arena& arena, int blocks, int steps, Cache& cache) const;
  void forward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters, Activations<const Scalar> x,
               Cache& cache) const;
  /// `dy` is overwritten with dz. Columns that don't count must arrive with dy = 0.
  void backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                Activations<const Scalar> x, const Cache& cache, Activations<Scalar> dy,
                GradientTarget<Scalar> dx, const Gradients<Scalar>& gradients) const;

 private:
  int inputs_ = 0, outputs_ = 0;
  Activation activation_ = Activation::none;
  TensorId kernel_ = -1, bias_ = -1;
};

}  // namespace deepmine::nn
