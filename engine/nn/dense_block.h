// The brick that the network is mostly made of: Dense with relu, batch normalisation, dropout.
#pragma once

#include <string>

#include "engine/nn/batch_norm.h"
#include "engine/nn/dense.h"
#include "engine/nn/dropout.h"

namespace deepmine::nn {

/// y = dropout(BN(relu(W·x + b))).
template <class Scalar>
class DenseBlock {
 public:
  struct Cache {
    Activations<Scalar> output;  ///< O × block_size: that of the dropout
    typename Dense<Scalar>::Cache dense;
    typename BatchNorm<Scalar>::Cache norm;
    typename Dropout<Scalar>::Cache dropout;
    Activations<Scalar> d_norm, d_dense;
  };

  DenseBlock() = default;
  /// Declares `name/dense/…` and `name/norm/…`.
  DenseBlock(ParameterLayout& layout, const std::string& name, int inputs, int outputs, double dropout)
      : dense_(layout, name + "/dense", inputs, outputs, Activation::relu),
        norm_(layout, name + "/norm", outputs),
        dropout_(name + "/dropout", dropout) {}

  int outputs() const { return dense_.outputs(); }

  void plan(Arena& arena, int blocks, int steps, Cache& cache) const {
    dense_.plan(arena, blocks, steps, cache.dense);
    norm_.plan(arena, blocks, steps, cache.norm);
    dropout_.plan(arena, blocks, outputs(), steps, cache.dropout);
    cache.d_norm = arena.activations<Scalar>(blocks, outputs(), steps);
    cache.d_dense = arena.activations<Scalar>(blocks, outputs(), steps);
    cache.output = cache.dropout.output;
  }

  void forward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters, Activations<const Scalar> x,
               Cache& cache) const {
    dense_.forward(pass, parameters, x, cache.dense);
    norm_.forward(pass, parameters, cache.dense.output, cache.norm);
    dropout_.forward(pass, cache.norm.output, cache.dropout);
    cache.output.lengths = x.lengths;
  }

  void backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                Activations<const Scalar> x, Cache& cache, Activations<const Scalar> dy,
                GradientTarget<Scalar> dx, const Gradients<Scalar>& gradients) const {
    dropout_.backward(pass, cache.dropout, dy, overwrite(cache.d_norm));
    norm_.backward(pass, parameters, cache.dense.output, cache.norm, cache.d_norm, overwrite(cache.d_dense),
                   gradients);
    dense_.backward(pass, parameters, x, cache.dense, cache.d_dense, dx, gradients);
  }

 private:
  Dense<Scalar> dense_;
  BatchNorm<Scalar> norm_;
  Dropout<Scalar> dropout_;
};

}  // namespace deepmine::nn
