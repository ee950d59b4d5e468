// The answers are checked before anything is timed: speed at the wrong answer is worth nothing.
#pragma once

#include <string>

#include "lifecycle/batch.h"

namespace deepmine::benchmarks {

/// How far the kernels' answer lies from that of the reference kernels.
struct CheckResult {
  double difference = 0;
  double limit = 0;
  std::string what;  ///< what was compared, for people
};

inline constexpr double gradient_limit = 1e-4;
inline constexpr double logit_limit = 1e-5;

/// One training step on `samples` samples: for every named tensor the gradient g of these kernels and that of
/// the reference kernels, r, must have ‖g − r‖ / (‖g‖ + ‖r‖) ≤ 1e-4 (tensors whose gradient is nothing but
/// rounding, below 1e-6 of the whole, must be so for both). After two steps all parameters must be finite,
/// not what they were, and the same bits for one and for `threads` threads (two, if that is one). Throws
/// Error(failure) where one of these does not hold.
CheckResult check_training(const lifecycle::Network& network, const nn::Kernels<float>& kernels, int samples,
                           int threads);

/// The logits of `samples` samples (at least eleven, so that there is more than one block and the last one is
/// not full): within 1e-5 of those of the reference kernels (relative for logits above 1), and for each
/// sample the same bits alone as in the batch. Throws Error(failure) where one of these does not hold.
CheckResult check_prediction(const lifecycle::Network& network, const nn::Kernels<float>& kernels,
                             int samples, int threads);

}  // namespace deepmine::benchmarks
