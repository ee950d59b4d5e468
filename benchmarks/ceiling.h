// What the machine can do at this moment with this many threads: timed beside every measurement, because it
// changes from one moment to the next (clock rate, neighbours).
#pragma once

#include "engine/nn/arena.h"
#include "engine/nn/kernels/kernels.h"
#include "engine/stope/network_specification.h"

namespace deepmine::benchmarks {

/// Not thread-safe.
class Ceiling {
 public:
  /// For the network's own largest product: 4H × H times H × (T · block_size), the input projection of the
  /// second LSTM for one block. Threads share the weights and have the rest for themselves, as in a step; at
  /// most nn::max_lanes of them run, also as in a step.
  Ceiling(const stope::NetworkSpecification& specification, const nn::Kernels<float>& kernels, int threads);

  /// GFLOP/s of all threads together.
  struct Rates {
    double product = 0;
    double fma = 0;  ///< fused multiply-adds alone; 0 for kernels without such an instruction
    /// Products again, by processor time: GFLOP for each second that a core worked on them.
    double product_a_core = 0;
  };
  /// Runs the products for about `seconds`, the multiply-adds for a quarter of it.
  Rates measure(double seconds);

 private:
  double time_products(int repeats);  ///< seconds
  double time_fma(int repeats, double& operations);

  const nn::Kernels<float>& kernels_;
  int threads_;
  nn::Arena arena_;
  nn::Product<float> product_{};  // of thread 0
  std::size_t b_size_ = 0, c_size_ = 0;
  float *b_ = nullptr, *c_ = nullptr;
};

}  // namespace deepmine::benchmarks
