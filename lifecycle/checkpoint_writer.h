// Writes the checkpoints of the training that runs: when they are due, and so that there is always a good
// one.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "io/checkpoint_file.h"

namespace deepmine::lifecycle {

/// When to save. At most every `every` seconds, and after an epoch if the last checkpoint is some seconds
/// old; but never more often than every 100 times what the last one took, so that checkpoints cost less than
/// 1 %. `every` 0: after each step and epoch, whatever it costs.
class CheckpointSchedule {
 public:
  using Clock = std::chrono::steady_clock;
  explicit CheckpointSchedule(double every, Clock::time_point now = Clock::now())
      : every_(every), last_(now) {}

  bool is_due(bool epoch_has_ended, Clock::time_point now = Clock::now()) const;
  /// A checkpoint was written, or could not be, between these times.
  void attempted(Clock::time_point begin, Clock::time_point end);

 private:
  double every_, cost_ = 0;  // seconds
  Clock::time_point last_;
};

/// For the holder of the store's lock for training.
class CheckpointWriter {
 public:
  using Warning = std::function<void(const std::string&)>;  ///< may be empty

  /// Creates the run's folder. `newest`: the checkpoint that the run goes on from, if any, and the one before
  /// it. Throws Error{failure}.
  CheckpointWriter(const std::filesystem::path& store, const io::RunId& run_id, double every, Warning warning,
                   std::filesystem::path newest = {}, std::filesystem::path previous = {});

  const std::filesystem::path& folder() const { return folder_; }
  /// The newest that is safely on disk; empty: none yet.
  const std::filesystem::path& newest() const { return newest_; }
  bool is_due(bool epoch_has_ended) const { return schedule_.is_due(epoch_has_ended); }

  /// Makes the checkpoint safe, then removes all but it and the one before. False if that failed: a training
  /// goes on without, so this is a warning, once until it works again. What was there before is still there.
  bool save(const io::Checkpoint& checkpoint);
  /// For people to look at while it trains; nothing reads it. Failures as above.
  void save_log(const std::string& training_log);
  /// Removes the checkpoints of the run. For after publishing.
  void remove() const;

 private:
  bool attempt(const char* what, bool& worked_before, const std::function<void()>& write);

  std::filesystem::path folder_, newest_, previous_;
  Warning warning_;
  CheckpointSchedule schedule_;
  bool checkpoint_worked_ = true, log_worked_ = true;
};

}  // namespace deepmine::lifecycle
