// Why a network says what it says: integrated gradients (Sundararajan, Taly, Yan: "Axiomatic attribution for
// deep networks", ICML 2017). The inputs go from a baseline b to the sample x on a straight line, and each
// input is credited with what the output changed on its account:
//
//   a_i = (x_i − b_i) · ∫₀¹ ∂F/∂x_i (b + α·(x − b)) dα        Σ_i a_i = F(x) − F(b)
//
// F is the calibrated probability of instability, or the expected level Σ_k k·p_k of a horizon. The integral
// is a sum over the midpoints of N equal parts; N is doubled until the attributions sum to the change.
//
// The baseline is the average stope of the training: every scaled column at its mean, the categories in the
// shares that they had there, every day at the sensor's mean, and rules that expect nothing in particular.
// Nothing in it speaks for or against risk more than the training's average does, and it needs no choice of
// the user's. It is no real stope, and the network's answer to it is shown beside the attributions.
#pragma once

#include <span>
#include <vector>

#include "lifecycle/batch.h"
#include "lifecycle/loaded_model.h"

namespace deepmine::lifecycle {

/// Attributions may miss the change of the output by so much, absolutely or as a part of it.
inline constexpr double completeness_absolute = 0.001, completeness_relative = 0.01;

struct InputAttributions {
  double output = 0, baseline_output = 0;
  std::vector<double> features;  ///< sample_features() of them
  std::vector<double> series;    ///< sensors × days, one day after the other
  int steps = 0;                 ///< N
  double completeness_error = 0;
  bool complete() const;  ///< within the tolerances above
};

/// Attributions of one model. Has a workspace of its own; not thread-safe. The model must outlive it.
class IntegratedGradients {
 public:
  explicit IntegratedGradients(const LoadedModel& model);

  /// Head 0 is the current one, head 1 + h that of horizon number h. The same bits each time.
  InputAttributions explain(std::span<const float> features, std::span<const float> series, int head);

  const std::vector<float>& baseline_features() const { return baseline_features_; }

 private:
  void forward(int samples);
  void backward(int samples);
  double output_of(int sample, int head) const;
  void set_output_gradients(int samples, int head);
  void add_gradients(int samples, std::vector<double>& features, std::vector<double>& series) const;

  const LoadedModel& model_;
  nn::Parameters<float> parameters_;
  std::vector<float> baseline_features_, baseline_series_;
  Batch batch_;
  nn::Arena arena_;
  Network::Workspace workspace_;
  nn::Gradients<float> gradients_;
  nn::Activations<float> d_features_, d_series_;
};

/// The features of the baseline (its series is 0 everywhere).
std::vector<float> attribution_baseline(const io::Components& components);

}  // namespace deepmine::lifecycle
