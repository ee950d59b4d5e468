// The folder of a running training: the best epoch so far, and the log, one line an epoch.
#pragma once

#include <filesystem>
#include <string>

#include "lifecycle/saved_model.h"

namespace deepmine::lifecycle {

/// Creates the folder; every file in it is always whole.
class Checkpoint {
 public:
  explicit Checkpoint(std::filesystem::path folder);

  const std::filesystem::path& folder() const { return folder_; }
  void write_best(const SavedModel& model) const;
  void write_log(const std::string& training_log) const;
  /// Removes the files that this class writes, and the folder if nothing else is in it. For after publishing.
  void remove() const;

 private:
  std::filesystem::path folder_;
};

}  // namespace deepmine::lifecycle
