// A whole training: split, scalers, network, checkpoints of the best epoch, metrics beside the baselines, and
// the new version in the store, put into service only when all of it is safely on disk.
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
  GatePolicy gate;
};

/// What is known before the first step: for the caller to show.
struct TrainingOutline {
  std::size_t training_windows = 0, validation_windows = 0, test_windows = 0;
  std::size_t training_stopes = 0, validation_stopes = 0, test_stopes = 0;
  stope::DatasetCounts counts;
  std::size_t parameters = 0;
  std::filesystem::path checkpoint;  ///< folder of the best epoch so far
};

struct TrainingRunHooks {
  std::function<void(const TrainingOutline&)> started;
  TrainingHooks training;
};

struct TrainingOutcome {
  bool interrupted = false;
  /// Interrupted: the folder with the best weights so far. They were not put into service.
  std::filesystem::path checkpoint;
  io::ModelMetadata metadata;    ///< of what was published, or of the checkpoint
  Sequence sequence = 0;         ///< 0: nothing was stored
  ModelPublication publication;  ///< whether it went into service, and what the gate found
  std::int64_t dropped_samples = 0;
};

/// Holds the store's writer lock all the while: a second training into the same store fails at once. Throws
/// Error (usage for a plan or specification with a problem, data_invalid, failure); the model in service is
/// as before then.
TrainingOutcome run_training(TrainingRequest request, const TrainingRunHooks& hooks = {});

}  // namespace deepmine::lifecycle
