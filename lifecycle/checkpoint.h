// The checkpoints of training runs in a store: checkpoints/<run>/checkpoint_step_<10 digits>_epoch_<4
// digits>, the newest two of each run, beside its training log. Everything that writes or removes holds the
// store's lock for training.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/checkpoint_file.h"

namespace deepmine::lifecycle {

/// A run that has checkpoints. Its files were not read: only what their names and dates say is known.
struct CheckpointedRun {
  io::RunId run_id{};
  std::filesystem::path folder;
  std::vector<std::filesystem::path> files;  ///< the newest first; at least one
  int epoch = 0;                             ///< of the newest
  std::int64_t steps = 0;
  std::int64_t saved_at = 0;  ///< seconds since 1970
};

/// The runs that have checkpoints, latest saved first. Throws Error{failure} if the folder can't be read.
std::vector<CheckpointedRun> checkpointed_runs(const std::filesystem::path& store);

/// The one that `name` means: the first digits of a run's id; empty: the only run there is. Throws
/// Error{model_missing} if there is none at all, Error{usage} if none or several fit, listing them.
CheckpointedRun choose_run(const std::filesystem::path& store, const std::string& name);

struct LoadedCheckpoint {
  io::Checkpoint checkpoint;
  std::filesystem::path file, previous;  ///< the file, and the one before it (not looked at), if any
  std::vector<std::string> passed_over;  ///< newer files, each with the reason why it could not be used
};
/// The newest checkpoint of a run that is sound. Throws Error{model_damaged} if none is, with all reasons.
LoadedCheckpoint load_checkpoint(const CheckpointedRun& run);

/// Removes the checkpoints of runs whose last one was saved more than `days` ago, except those of `keep`.
/// Returns the ids of these runs. Folders of runs that have no checkpoint go in any case; what is not
/// recognised stays.
std::vector<std::string> remove_old_checkpoints(const std::filesystem::path& store, int days,
                                                const io::RunId& keep);

/// Removes the files in a run's folder that belong to its checkpoints, and the folder if nothing else is in
/// it.
void remove_checkpoints(const std::filesystem::path& folder);

// ---- names

std::filesystem::path checkpoint_folder(const std::filesystem::path& store, const io::RunId& run_id);
/// Names sort as the checkpoints of a run follow each other.
std::string checkpoint_file_name(const io::TrainingProgress& progress);
/// The names of the checkpoints in a folder, oldest first.
std::vector<std::string> checkpoints_in(const std::filesystem::path& folder);
/// Removes files that a killed process did not come to rename.
void remove_temporaries(const std::filesystem::path& folder);

}  // namespace deepmine::lifecycle
