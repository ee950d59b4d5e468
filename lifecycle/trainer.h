// Trains a network on the windows of a dataset: epochs, validation, learning-rate schedule, early stopping,
// the best weights restored. Knows nothing of files; what should happen after a step or an epoch is the
// caller's.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/stope/dataset.h"
#include "engine/stope/split.h"
#include "engine/train/training_plan.h"
#include "lifecycle/batch.h"
#include "lifecycle/network_runner.h"
#include "lifecycle/training_log.h"

namespace deepmine::lifecycle {

/// Where a training stands after a step.
struct StepReport {
  int epoch = 0, epochs = 0;      ///< from 1
  int step = 0, steps = 0;        ///< in this epoch, from 1
  double loss = 0;                ///< mean so far in this epoch
  double validation_loss = 0;     ///< of the last epoch; NaN before the first
  double samples_per_second = 0;  ///< in this epoch
  double seconds_left = 0;        ///< of this epoch
};

/// What the caller wants to know or decide while a training runs. Each may be empty; all are called from the
/// thread that called train().
struct TrainingHooks {
  std::function<void(const StepReport&)> step_ended;
  /// `parameters` are those at the end of the epoch, the best so far if `record.best`.
  std::function<void(const EpochRecord& record, const nn::Parameters<float>& parameters)> epoch_ended;
  /// Asked after every step; true ends the training.
  std::function<bool()> stop_requested;
};

struct TrainingSetup {
  const stope::Dataset& dataset;
  const stope::Split& split;
  const stope::InputScaler& scaler;
  stope::NetworkSpecification specification;
  train::TrainingPlan plan;
  int threads = 1;
};

struct TrainedNetwork {
  std::unique_ptr<const Network> network;
  nn::Parameters<float> parameters;  ///< the best epoch's; the last ones if no epoch was finished
  std::vector<EpochRecord> epochs;
  int best_epoch = 0;  ///< 0: stopped before the first epoch was finished
  bool interrupted = false;
  std::int64_t steps = 0, samples = 0;
  std::int64_t dropped_samples = 0;  ///< last batches of one sample, which batch normalisation can't use
  double seconds = 0;
};

/// Runs the plan. Without a validation part the training loss takes the place of the validation loss. The
/// bits of the result depend on data, plan, kernels; not on `threads`. Throws Error(data_invalid) if there
/// are fewer than two training windows and Error(failure) if the loss stops being a number.
TrainedNetwork train(const TrainingSetup& setup, const TrainingHooks& hooks = {});

}  // namespace deepmine::lifecycle
