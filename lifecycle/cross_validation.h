// How good networks of a plan are on stopes that they have not seen: trains them, fold by fold, and judges
// them beside the baselines.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/stope/split.h"
#include "lifecycle/judgement.h"
#include "lifecycle/trainer.h"

namespace deepmine::lifecycle {

struct CrossValidationRequest {
  std::vector<stope::StopeRecord> records;
  stope::SiteSettings settings;
  std::string data_sha256;
  /// Above 0: that many folds of whole stopes, stratified on the label (the split's method must be `stope`);
  /// 0: one training, with the parts of `split`.
  int folds = 0;
  stope::SplitPlan split;  ///< its seed is the plan's; with folds, validation_fraction is of what is left
  int seeds = 1;           ///< trainings of each fold, with the plan's seed and the ones after it
  bool ablate = false;     ///< also train networks that see only statics, and only series
  stope::NetworkSpecification network;
  train::TrainingPlan plan;
  int threads = 1;
  std::optional<FailureDates> failures;
  Bootstrap bootstrap;
};

/// A training that has ended.
struct TrainingEnded {
  int number = 0, trainings = 0;  ///< from 1
  int fold = 0, folds = 0;        ///< from 1
  std::uint64_t seed = 0;
  std::string trained;  ///< network, static_only, temporal_only
  int best_epoch = 0, epochs = 0;
  double best_validation_loss = 0, seconds = 0;
};

struct CrossValidationHooks {
  std::function<void(const TrainingEnded&)> training_ended;
  std::function<void(const StepReport&)> step_ended;
};

/// Folds depend on the plan's seed alone, so that all seeds and predictors see the same. In each fold the
/// training and validation stopes together are what majority and logistic regression learn from; scalers are
/// fitted on the training stopes. Throws Error(usage, data_invalid) where the request or the data do not do.
io::EvaluationReport cross_validate(CrossValidationRequest request, const CrossValidationHooks& hooks = {});

/// The folds of a cross-validation by stope: fold k is the test part, the rest is split into training and
/// validation by `validation_seed`.
std::vector<stope::Split> stope_folds(const stope::Dataset& dataset, int folds, double validation_fraction,
                                      std::uint64_t fold_seed, std::uint64_t validation_seed);

/// Training and validation windows together: what a predictor without early stopping may learn from.
stope::WindowSelection learning_windows(const stope::Split& split);

}  // namespace deepmine::lifecycle
