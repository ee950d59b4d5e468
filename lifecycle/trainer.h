// Trains a network on the windows of a dataset: epochs, validation, learning-rate schedule, early stopping,
// the best weights restored. Can hand out its whole state between any two steps, and go on from it. Knows
// nothing of the file system; what should happen after a step or an epoch is the caller's.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/stope/dataset.h"
#include "engine/stope/split.h"
#include "engine/train/training_plan.h"
#include "io/checkpoint_file.h"
#include "lifecycle/batch.h"
#include "lifecycle/network_runner.h"
#include "lifecycle/sample_source.h"
#include "lifecycle/training_log.h"

namespace deepmine::lifecycle {

/// Where a training stands after a step.
struct StepReport {
  int epoch = 0, epochs = 0;      ///< from 1
  int step = 0, steps = 0;        ///< in this epoch, from 1
  double loss = 0;                ///< mean so far in this epoch
  double validation_loss = 0;     ///< of the last epoch; NaN before the first, or without a validation part
  double samples_per_second = 0;  ///< in this epoch
  double seconds_left = 0;        ///< of this epoch
};

/// What the caller wants to know or decide while a training runs. Each may be empty; all are called from the
/// thread that called train().
struct TrainingHooks {
  std::function<void(const StepReport&)> step_ended;
  /// `parameters` are those at the end of the epoch, the best so far if `record.best`.
  std::function<void(const EpochRecord& record, const nn::Parameters<float>& parameters)> epoch_ended;
  /// Asked after every step and every epoch; true ends the training.
  std::function<bool()> stop_requested;
  /// Asked after every step (false) and every epoch (true); true calls `save_state`.
  std::function<bool(bool epoch_has_ended)> save_wanted;
  /// Takes the whole state. Called, too, when the training ends because of `stop_requested`.
  std::function<void(io::TrainingState)> save_state;
};

struct TrainingSetup {
  const stope::Dataset& dataset;
  const stope::Split& split;
  const stope::InputScaler& scaler;
  stope::NetworkSpecification specification;
  train::TrainingPlan plan;
  int threads = 1;
  /// State of an earlier training with the same setup (but for the threads) to go on from; null: begin.
  const io::TrainingState* resume_from = nullptr;
  SeenInputs seen = SeenInputs::all;  ///< ablations only; it is no part of a saved model
};

struct TrainedNetwork {
  std::unique_ptr<const Network> network;
  nn::Parameters<float> parameters;  ///< the best epoch's; the last ones if no epoch was finished
  std::vector<EpochRecord> epochs;
  int best_epoch = 0;  ///< 0: stopped before the first epoch was finished
  bool interrupted = false;
  std::int64_t steps = 0, samples = 0;  ///< of all sessions, as everything below
  std::int64_t dropped_samples = 0;     ///< last batches of one sample, which batch normalisation can't use
  double seconds = 0;
};

/// Runs the plan. Without a validation part the training loss decides which epoch is best and when to stop.
/// The bits of the result depend on data, plan, kernels; not on `threads`, and not on how often the training
/// was stopped and gone on with. Throws Error(data_invalid) if there are fewer than two training windows,
/// Error(failure) if the loss stops being a number, Error(model_damaged) if the state to go on from is of
/// another network.
TrainedNetwork train(const TrainingSetup& setup, const TrainingHooks& hooks = {});

}  // namespace deepmine::lifecycle
