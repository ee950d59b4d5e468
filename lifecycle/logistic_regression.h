// The baseline that a network must beat before anybody needs one: logistic regression (for the horizons
// multinomial) on summaries of the window (engine/stope/window_summary.h), with the engine's own dense layer
// and optimiser.
#pragma once

#include <memory>
#include <vector>

#include "engine/stope/scaler.h"
#include "engine/train/training_plan.h"
#include "lifecycle/answers.h"
#include "lifecycle/linear_heads.h"

namespace deepmine::lifecycle {

/// A fixed recipe: there is no validation part that could stop it.
struct LogisticPlan {
  int batch_size = 64;
  int fewest_steps = 1500, passes = 20;  ///< as many steps as either asks for
  double learning_rate = 0.02;           ///< falls to 0 along half a cosine
  double l2 = 0.03;  ///< λ of λ·Σ kernel²: what served this baseline best (docs/evaluation.md)
  train::ClassWeights class_weights = train::ClassWeights::none;
  std::uint64_t seed = 0;
};

/// Immutable after construction; answers() may be called from several threads.
class LogisticRegression {
 public:
  /// Standardises the summaries of these windows (a constant column becomes 0) and fits. Throws
  /// Error(data_invalid) for fewer than two windows. One thread: so small a
  /// step is over before others have heard of it.
  LogisticRegression(const stope::Dataset& dataset, const stope::WindowSelection& training,
                     const LogisticPlan& plan);
  LogisticRegression(const LogisticRegression&) = delete;
  LogisticRegression& operator=(const LogisticRegression&) = delete;

  Answers answers(const stope::Dataset& dataset, const stope::WindowSelection& selection) const;
  double last_loss() const { return last_loss_; }  ///< of the last batch, penalty included

 private:
  void fit_scales(const stope::Dataset& dataset, const stope::WindowSelection& training);
  void fit(const stope::Dataset& dataset, const stope::WindowSelection& training, const LogisticPlan& plan);
  /// Standardised summary of a window as a column of a batch.
  void write_summary(const stope::Dataset& dataset, std::uint32_t window, float* out) const;

  LinearHeads network_;
  std::vector<stope::ColumnScale> scales_;
  std::unique_ptr<nn::Parameters<float>> parameters_;
  double last_loss_ = 0;
};

}  // namespace deepmine::lifecycle
