// Inverted dropout: y = x · m, m = 0 with probability `rate`, else 1/(1 − rate). Masks come from a
// counter-based generator keyed by (sample key, stream of the layer, unit), so neither threads nor batch size
// change them.
#pragma once

#include <string_view>

#include "engine/nn/pass.h"

namespace deepmine::nn {

/// The random numbers of one dropout place of a network; the stream follows from its name.
class DropoutSource {
 public:
  DropoutSource() = default;
  DropoutSource(std::string_view name, double rate);

  double rate() const { return rate_; }
  /// Whether masks have to be drawn at all in this pass.
  bool active(const Mode& mode) const { return mode.dropout && rate_ > 0; }
  /// Multipliers of units [first, first + count) of one sample; `first` is a multiple of 4.
  template <class Scalar>
  void draw(const Kernels<Scalar>& kernels, RandomKey sample_key, std::uint64_t first, std::size_t count,
            Scalar* mask) const;

 private:
  double rate_ = 0;
  std::uint64_t stream_ = 0;
  std::uint32_t threshold_ = 0;
};

/// Dropout of every feature of every step. F features, T steps; unit = step · (F rounded up to 4) + feature.
template <class Scalar>
class Dropout {
 public:
  struct Cache {
    Activations<Scalar> output;  ///< F × (T · block_size)
    Activations<Scalar> mask;    ///< the multipliers; not filled where dropout is off
  };

  Dropout() = default;
  Dropout(std::string_view name, double rate) : source_(name, rate) {}

  void plan(Arena& arena, int blocks, int features, int steps, Cache& cache) const;
  void forward(const Pass<Scalar>& pass, Activations<const Scalar> x, Cache& cache) const;
  /// dx (=, +=) dy · mask.
  void backward(const Pass<Scalar>& pass, const Cache& cache, Activations<const Scalar> dy,
                GradientTarget<Scalar> dx) const;

 private:
  DropoutSource source_;
};

}  // namespace deepmine::nn
