// A search for better settings: random trials, successive halving, judged on stopes that they have not seen.
//
// Trial 1 is the training as it was asked for; the others have settings drawn from the space. In the first
// rung every trial is trained for a few epochs in each of K folds of whole stopes, and judged on the fold's
// stopes; the best go on to the next rung, where they are trained anew for longer. Trial 1 gets to every
// rung, so that the table says what the search has gained.
//
// The same request gives the same trials and losses, bit for bit, for any number of threads, and however
// often the search was stopped and gone on with.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/stope/records.h"
#include "engine/stope/thresholds.h"
#include "engine/train/successive_halving.h"
#include "lifecycle/hyper_parameters.h"

namespace deepmine::lifecycle {

struct TuningRequest {
  std::vector<stope::StopeRecord> records;
  stope::SiteSettings settings;
  std::string data_sha256;
  HyperParameters base;      ///< trial 1; its epochs are those of the last rung, its seed that of everything
  train::SearchSpace space;  ///< made ready by prepare()
  int trials = 16, factor = 3, fewest_epochs = 5;
  int folds = 4;
  double validation_fraction = 0.2;  ///< of a fold's other stopes: decides when its training stops
  int threads = 1;
};

/// What a trial came to in a rung: means over the folds, on the stopes of the fold.
struct TrialResult {
  int trial = 0, rung = 0;  ///< from 1
  int epochs = 0;           ///< that it was allowed
  /// Cross-entropy of all heads with the weights of the training objective, without class weights and L2, so
  /// that trials can be compared. Infinite: a training failed (the loss was no number any more).
  double loss = 0;
  double balanced_accuracy = 0;  ///< of the current head, over the windows of all folds
  double level_accuracy = 0;     ///< mean over horizons and folds
  std::vector<double> fold_losses;

  bool operator==(const TrialResult&) const = default;
};

struct Trial {
  int number = 0;
  train::Settings settings;  ///< that were drawn; none for trial 1
  HyperParameters parameters;
  std::size_t parameter_count = 0;
  std::vector<TrialResult> results;  ///< one a rung that it got to
};

struct TuningOutcome {
  std::vector<train::Rung> rungs;
  std::vector<Trial> trials;  ///< in order
  int best = 0;               ///< number of the trial with the lowest loss in the last rung; 0: interrupted
  bool interrupted = false;
};

struct TuningProgress {
  int rung = 0, rungs = 0, trial = 0;  ///< what is being trained
  int done = 0, all = 0;               ///< trainings of this rung, in folds
  int fold = 0, epoch = 0, epochs = 0;
};

struct TuningHooks {
  std::function<void(const TuningProgress&)> progress;
  /// A trial has ended a rung. Not called for what was known.
  std::function<void(const Trial&, const TrialResult&)> result;
  std::function<bool()> stop_requested;  ///< asked after every step
};

/// `known`: results of an earlier run of the same request, which are taken over. Throws Error(usage,
/// data_invalid) where request or data do not do.
TuningOutcome tune(TuningRequest request, const std::vector<TrialResult>& known,
                   const TuningHooks& hooks = {});

/// The trials, without results.
std::vector<Trial> draw_trials(const TuningRequest& request);

}  // namespace deepmine::lifecycle
