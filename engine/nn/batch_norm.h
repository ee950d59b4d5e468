// Batch normalisation (Ioffe and Szegedy 2015) of each feature over the batch, or over batch × time for
// sequences:
//
//   training:    x̂ = (x − μ) / √(σ² + ε),  μ and σ² (biased) over the n columns that count
//                running ← 0.99·running + 0.01·(μ, σ²)
//   prediction:  x̂ = (x − running mean) / √(running variance + ε)
//   y = γ·x̂ + β
//
//   dγ += Σ dy·x̂    dβ += Σ dy    dx = γ/√(σ² + ε) · (dy − Σdy/n − x̂·Σ(dy·x̂)/n)
//
// Statistics are the mean and M2 of each block, merged in block order (Chan, Golub, LeVeque 1979): no
// cancellation, and the same bits for any number of threads.
#pragma once

#include <string>

#include "engine/nn/pass.h"

namespace deepmine::nn {

inline constexpr double normalisation_epsilon = 1e-3;
inline constexpr double running_momentum = 0.99;

template <class Scalar>
class BatchNorm {
 public:
  struct Cache {
    Activations<Scalar> output;  ///< F × (T · block_size)
    Scalar* block_sums =
        nullptr;  ///< a block: mean and M2 on the way forward, Σdy and Σdy·x̂ on the way back (4 × F)
    Scalar* merged = nullptr;  ///< a thread: mean, 1/√(σ² + ε), and the two sums of the way back (4 × F)
  };

  BatchNorm() = default;
  /// Declares `name/scale`, `name/shift`, `name/running_mean` and `name/running_variance` (F each).
  BatchNorm(ParameterLayout& layout, const std::string& name, int features);

  void plan(Arena& arena, int blocks, int steps, Cache& cache) const;
  void forward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters, Activations<const Scalar> x,
               Cache& cache) const;
  /// Columns that don't count get dx = 0 (nothing is added to them).
  void backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                Activations<const Scalar> x, Cache& cache, Activations<const Scalar> dy,
                GradientTarget<Scalar> dx, const Gradients<Scalar>& gradients) const;

 private:
  Scalar* block_sums(const Cache& cache, int block, int which) const {
    return cache.block_sums + (static_cast<std::ptrdiff_t>(block) * 4 + which) * features_;
  }
  Scalar* merged(const Pass<Scalar>& pass, const Cache& cache, int which) const {
    return cache.merged + (static_cast<std::ptrdiff_t>(pass.team.thread()) * 4 + which) * features_;
  }
  void measure_block(const Pass<Scalar>& pass, int block, Activations<const Scalar> x,
                     const Cache& cache) const;
  void merge_statistics(const Pass<Scalar>& pass, const ParameterLayout& layout, Activations<const Scalar> x,
                        const Cache& cache) const;
  void normalise(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                 Activations<const Scalar> x, Cache& cache) const;
  void sum_block_gradients(const Pass<Scalar>& pass, int block, Activations<const Scalar> x,
                           const Cache& cache, Activations<const Scalar> dy) const;

  int features_ = 0;
  TensorId scale_ = -1, shift_ = -1, running_mean_ = -1, running_variance_ = -1;
};

}  // namespace deepmine::nn
