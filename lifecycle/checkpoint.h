// The folder of a running training: the best epoch so far, and the log, one line an epoch.
#pragma once

#include <filesystem>
#include <string>

#include "io/components_file.h"
#include "io/metadata_file.h"
#include "lifecycle/batch.h"
#include "lifecycle/store.h"

namespace deepmine::lifecycle {

/// The bytes of the files of a model, under the names that a version of the store has.
std::vector<StoredFile> model_files(const Network& network, const float* values,
                                    const io::Components& components, const io::ModelMetadata& metadata,
                                    const std::string& training_log);

/// Creates the folder; every file in it is always whole.
class Checkpoint {
 public:
  explicit Checkpoint(std::filesystem::path folder);

  const std::filesystem::path& folder() const { return folder_; }
  void write_best(const Network& network, const float* values, const io::Components& components,
                  const io::ModelMetadata& metadata) const;
  void write_log(const std::string& training_log) const;
  /// Removes the files that this class writes, and the folder if nothing else is in it. For after publishing.
  void remove() const;

 private:
  std::filesystem::path folder_;
};

}  // namespace deepmine::lifecycle
