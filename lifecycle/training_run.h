// A whole training: split, scalers, network, checkpoints, metrics beside the baselines, and the new version
// in the store, put into service only when all of it is safely on disk.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/stope/records.h"
#include "engine/stope/split.h"
#include "io/metadata_file.h"
#include "lifecycle/publishing_gate.h"
#include "lifecycle/store.h"
#include "lifecycle/trainer.h"

namespace deepmine::lifecycle {

struct TrainingRequest {
  std::vector<stope::StopeRecord> records;
  stope::SiteSettings settings;
  std::string data_sha256;  ///< of the files that the records came from
  std::int64_t static_rows = 0, timeseries_rows = 0;
  stope::SplitPlan split;  ///< its seed is the plan's
  stope::NetworkSpecification network;
  train::TrainingPlan plan;
  int threads = 1;
  std::filesystem::path store;
  GatePolicy gate;               ///< may be another than the run was begun with
  double checkpoint_every = 60;  ///< seconds (lifecycle/checkpoint.h); 0: after each step
  double writer_patience = 30;   ///< seconds to wait for somebody else who writes to the store
  /// Go on with this run (the first digits of its id; empty: the only one there is). Everything above but
  /// `threads`, `checkpoint_every` and `writer_patience` must be as it was.
  std::optional<std::string> resume;
};

/// What is known before the first step: for the caller to show.
struct TrainingOutline {
  std::size_t training_windows = 0, validation_windows = 0, test_windows = 0;
  std::size_t training_stopes = 0, validation_stopes = 0, test_stopes = 0;
  stope::DatasetCounts counts;
  std::size_t parameters = 0;
  std::string run;                   ///< its id
  std::filesystem::path checkpoint;  ///< folder of the run's checkpoints
  bool resumed = false;              ///< after `epoch` − 1 epochs and `step` steps
  int epoch = 1, step = 0;
};

struct TrainingRunHooks {
  std::function<void(const TrainingOutline&)> started;
  /// Something that the user has to know and that ends nothing: a checkpoint that could not be written.
  std::function<void(const std::string&)> warning;
  TrainingHooks training;  ///< without those that save
};

struct TrainingOutcome {
  std::string run;  ///< its id
  bool interrupted = false;
  /// Interrupted: where it stopped, and the checkpoint; empty if that could not be written (a warning said
  /// why).
  std::filesystem::path checkpoint;
  int epoch = 0, step = 0;
  io::ModelMetadata metadata;         ///< of what was published
  Sequence sequence = 0;              ///< 0: nothing was stored
  ModelPublication publication;       ///< whether it went into service, and what the gate found
  bool was_published_before = false;  ///< by the session that was killed right after it
  std::int64_t dropped_samples = 0;
  std::vector<std::string> remarks;  ///< what a user must know of the model's calibration, a sentence each
};

/// Holds the store's lock for training all the while: a second training into the same store fails at once,
/// other writers are not hindered. The writer's lock is taken only to look at the store in the beginning and
/// to publish in the end; both wait for another writer (a warning says so). Throws Error (usage for a plan or
/// specification with a problem, and for a run that can't be gone on with, naming what differs; data_invalid,
/// failure; model_missing, model_damaged for a run without a sound checkpoint); the model in service is as
/// before then, and checkpoints stay.
TrainingOutcome run_training(TrainingRequest request, const TrainingRunHooks& hooks = {});

}  // namespace deepmine::lifecycle
