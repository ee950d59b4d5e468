// Where models live: immutable versions, one of which is in service. A version is wholly there or not at all,
// whatever is killed or fails (docs/file_format.md has the layout and the protocol). The store knows files
// and their hashes, not what is in them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lifecycle/store_format.h"
#include "lifecycle/store_lock.h"

namespace deepmine::lifecycle {

/// A file of a version, in memory.
struct StoredFile {
  std::string name, kind;
  std::string bytes;
};

/// A version whose every byte agreed with its manifest when it was read.
struct StoredVersion {
  Sequence sequence = 0;
  std::vector<StoredFile> files;

  /// The bytes of the file of that name. Throws Error{model_damaged} if the version has none.
  const std::string& bytes(std::string_view name) const;
};

/// What list() says of a version: its manifest, or why that can't be read. The files are not looked at.
struct ListedVersion {
  Sequence sequence = 0;
  bool in_service = false;
  Manifest manifest;
  std::string problem;  ///< empty: none
};
struct VersionList {
  std::vector<ListedVersion> versions;    ///< ascending
  std::vector<std::string> unrecognised;  ///< names in versions/ that are no versions
};

class StoreWriter;

/// A store, for reading. Takes no lock; may be used from many threads and beside a writer. Damage is
/// Error{model_damaged} that says which file and why; that there is no store or no model is a value.
class ModelStore {
 public:
  /// Touches nothing on disk.
  explicit ModelStore(std::filesystem::path root) : root_(std::move(root)) {}

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path version_folder(Sequence sequence) const;

  /// The version in service, or nothing if there is no store or nothing was published yet.
  std::optional<CurrentRecord> current() const;
  /// Reads and verifies the version in service; nothing where current() is nothing.
  std::optional<StoredVersion> read_current() const;
  /// Reads and verifies a version. Throws Error{model_missing} if there is none of that number.
  StoredVersion read(Sequence sequence) const;
  VersionList list() const;

  /// Creates the store if need be and locks it. Throws Error{failure} naming the holder if it is locked,
  /// Error{usage} if the folder is in use for something else.
  StoreWriter lock_for_writing() const;

 private:
  friend class StoreWriter;
  /// `expected_manifest`: SHA-256 that CURRENT promises; empty: any.
  StoredVersion read_verified(Sequence sequence, std::string_view expected_manifest) const;
  void check_layout() const;

  std::filesystem::path root_;
};

/// The one writer of a store; holds its lock while it lives. Not thread-safe.
class StoreWriter {
 public:
  /// The number that publish() will give: larger than any that the store has seen.
  Sequence next_sequence() const;

  /// Writes the files as a new version and puts it into service. Returns what stands on disk, re-read and
  /// verified. If it throws, the version that was in service before still is; only if the very last step
  /// fails (syncing the root folder, after CURRENT was renamed) may the new one be, and its files are sound
  /// then.
  StoredVersion publish(const std::vector<StoredFile>& files);

 private:
  friend class ModelStore;
  explicit StoreWriter(ModelStore store);

  ModelStore store_;
  StoreLock lock_;
};

}  // namespace deepmine::lifecycle
