// Adam (Kingma and Ba 2015) as Keras writes it, over the whole layout at once, with L2 decay and clipping:
//
//   g ← Σ lanes, in order;  + 2·λ·w for decayed kernels;  · min(1, clip / ‖g‖) for each named tensor
//   m ← m + (1 − β1)·(g − m)      v ← v + (1 − β2)·(g² − v)
//   w ← w − lr·√(1 − β2ᵗ)/(1 − β1ᵗ) · m / (√v + ε)
#pragma once

#include <cstdint>
#include <vector>

#include "engine/nn/pass.h"

namespace deepmine::nn {

struct AdamSettings {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7;
  double clip_norm = 1;  ///< of each named tensor; 0: no clipping
  double l2 = 0.001;     ///< λ in λ·Σ kernel²
};

template <class Scalar>
class Adam {
 public:
  Adam(const ParameterLayout& layout, AdamSettings settings);

  /// One update, made by all threads of the team together after all lanes' gradients are complete (it begins
  /// with a barrier and ends with one; packed copies are fresh then). Lane 0 is overwritten with the
  /// summed gradient.
  void step(const Team& team, const Kernels<Scalar>& kernels, int lanes, const Gradients<Scalar>& gradients,
            Parameters<Scalar>& parameters, double learning_rate);

  /// λ·Σ kernel² of the parameters before the last step.
  double penalty() const { return penalty_; }
  std::int64_t steps_made() const { return steps_made_; }

  /// Moments, each a slab of layout.trainable_size() values: for checkpoints.
  Scalar* first_moment() { return first_moment_; }
  Scalar* second_moment() { return second_moment_; }
  void set_steps_made(std::int64_t steps) { steps_made_ = steps; }

 private:
  /// A piece of one tensor, small enough to share the work and always the same: sums are made piece by piece.
  struct Piece {
    TensorId tensor;
    std::size_t begin, end;       ///< in the slab
    double gradient_squares = 0;  ///< Σ g² after decay
    double decayed_squares = 0;   ///< Σ w²
  };
  void sum_lanes(const Kernels<Scalar>& kernels, Piece& piece, int lanes, const Gradients<Scalar>& gradients,
                 const Parameters<Scalar>& parameters) const;
  double clip_factor(TensorId tensor) const;

  const ParameterLayout* layout_;
  AdamSettings settings_;
  AlignedMemory memory_;
  Scalar *first_moment_, *second_moment_;
  std::vector<Piece> pieces_;
  std::vector<Range> pieces_of_;  ///< by tensor
  std::int64_t steps_made_ = 0;
  double penalty_ = 0;
};

/// λ·Σ kernel² over the decayed kernels, in layout order.
template <class Scalar>
double l2_penalty(const Parameters<Scalar>& parameters, double l2);

}  // namespace deepmine::nn
