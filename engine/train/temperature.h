// Temperature scaling (Guo, Pleiss, Sun, Weinberger: "On calibration of modern neural networks", ICML 2017):
// the logits of a head divided by one number T > 0, so that the probabilities that follow fit what happened.
// T > 1 takes back certainty, T < 1 adds some; the order of the classes stays as it is.
//
//   T = argmin  1/n · Σ_i loss(z_i / T, y_i)          loss: cross-entropy of the two classes or of the levels
//
// With β = 1/T the mean loss is convex, and its derivative is 1/n · Σ_i (E_β[z] − z_y): found by bisection.
#pragma once

#include <cstdint>
#include <span>

namespace deepmine::train {

/// T never leaves these bounds: a few samples that all came out right ask for T = 0, which is certainty.
inline constexpr double lowest_temperature = 0.5, highest_temperature = 10;

struct TemperatureFit {
  double temperature = 1;
  double log_loss_before = 0, log_loss_after = 0;  ///< mean over the samples, at 1 and at `temperature`
};

/// `logits` of the positive class, `labels` 0 or 1, one a sample; at least one. Pure.
TemperatureFit fit_binary_temperature(std::span<const double> logits, std::span<const std::int8_t> labels);

/// `logits` sample by sample, `classes` each; `labels` from 0. At least one sample. Pure.
TemperatureFit fit_level_temperature(std::span<const double> logits, std::size_t classes,
                                     std::span<const std::int8_t> labels);

}  // namespace deepmine::train
