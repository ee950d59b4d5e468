// The side of the model store that writes: publish, roll back, pin, quarantine, collect. One writer at a
// time. Whatever is killed, fails or loses power, the store keeps one whole version in service and everything
// that was acknowledged (docs/file_format.md has the protocol). Every change stands in the event log before
// it is made.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lifecycle/store.h"
#include "lifecycle/store_layout.h"

namespace deepmine::lifecycle {

struct PublishRequest {
  ContentCheck check;     ///< of what was read back; empty: only hashes are compared
  std::string rejection;  ///< why it must not go into service; empty: it may
  std::string reason;     ///< for the log
};
struct Publication {
  Sequence sequence = 0;
  StoredVersion version;  ///< as it stands on disk, re-read and verified
  bool in_service = false;
  bool rejected = false;
  std::string refusal;  ///< why it is not in service: rejected, or another version is pinned
};

struct RollbackRequest {
  std::optional<Sequence> to;  ///< nothing: the best of ModelStore::stand_ins()
  ContentCheck check;
  bool even_if_rejected = false;
  std::string reason;
};
struct Rollback {
  Sequence from = 0;  ///< 0: none was in service
  Sequence to = 0;
  std::vector<VersionReport> passed_over;  ///< stand-ins that were not good
};

/// A version, and why something is done to it or not.
struct VersionNote {
  Sequence sequence = 0;
  std::string why;
};

/// The one writer of a store; holds its lock while it lives. Not thread-safe. Every function throws
/// Error{failure} if the system fails, and what was in service before still is then, unless said otherwise.
class StoreWriter {
 public:
  const ModelStore& store() const { return store_; }

  /// The number that publish() will give: larger than any that the store has seen.
  Sequence next_sequence() const;

  /// Writes the files as a new version and puts it into service, unless it is rejected (by the request or by
  /// the content check) or the one in service is pinned: then it is kept beside it. If it throws, the version
  /// that was in service before still is; only if the very last step fails (syncing the root folder, after
  /// CURRENT was renamed) may the new one be, and its files are sound then.
  Publication publish(const std::vector<StoredFile>& files, const PublishRequest& request = {});

  /// Puts a good version back into service. Nothing is deleted. Throws Error{model_missing} if there is none
  /// to roll back to, Error{model_damaged} if the named one is not good, Error{usage} if it is in service
  /// already or was rejected. Mends a damaged CURRENT.
  Rollback roll_back(const RollbackRequest& request);

  /// A pinned version is never collected, and publishing does not replace it while it is in service. False:
  /// it was so already. Throws Error{model_missing} if there is no such version.
  bool pin(Sequence sequence, const std::string& reason);
  bool unpin(Sequence sequence, const std::string& reason);

  /// Moves a version aside for good if it is damaged (it is looked at again under the lock); its report says
  /// what was found. It is never deleted, and a reader falls back to another one.
  VersionReport quarantine_if_damaged(Sequence sequence, const ContentCheck& check);

  /// Moves versions out of versions/, in one step each, and deletes them. The caller has decided
  /// (retention.h).
  void collect(const std::vector<VersionNote>& versions);

 private:
  friend class ModelStore;
  StoreWriter(ModelStore store, StoreLock lock);

  void record(EventKind kind, Sequence version, Sequence before, const std::string& why);
  void record_what_is_in_service();
  void put_into_service(EventKind kind, const CurrentRecord& record, const std::string& why,
                        StagedVersion* staged = nullptr);
  VersionReport require_good(Sequence sequence, const RollbackRequest& request) const;

  ModelStore store_;
  StoreLock lock_;
  EventLog log_;
};

/// Deletes what was moved to trash/. What can't be deleted stays there, where nobody reads.
void empty_folder_of_trash(const std::filesystem::path& folder) noexcept;

}  // namespace deepmine::lifecycle
