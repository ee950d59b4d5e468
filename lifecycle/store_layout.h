// The folders of a store and what stands in them: creating what is missing, listing, recognising.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/nn/error.h"
#include "lifecycle/store_format.h"

namespace deepmine::lifecycle {

/// Throws Error{failure} where that can't be found out.
bool is_there(const std::filesystem::path& path);

/// Creates the root folder of a store, which must be empty or a store already: anything else is somebody
/// else's folder, and is left alone (Error{usage}).
void create_root(const std::filesystem::path& root);

/// Creates what is missing of a store's layout, each step safe against a crash. To be called under the lock.
void create_layout(const std::filesystem::path& root);

/// The folder of a version while it is made: in staging/ first, then in versions/. Its destructor takes it
/// away unless keep() was called; what can't be removed stays in staging/, where nobody reads.
class StagedVersion {
 public:
  explicit StagedVersion(const std::filesystem::path& staging);
  ~StagedVersion();
  StagedVersion(const StagedVersion&) = delete;
  StagedVersion& operator=(const StagedVersion&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  void move_to(const std::filesystem::path& folder);
  void keep() { folder_.clear(); }

 private:
  std::filesystem::path origin_, folder_;
};

}  // namespace deepmine::lifecycle
