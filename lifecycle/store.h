// Where models live: immutable versions, one of which is in service. A version is wholly there or not at all,
// whatever is killed or fails (docs/file_format.md has the layout and the protocol). The store knows files
// and their hashes, not what is in them: whoever knows more passes a ContentCheck. This is the side that
// reads; store_writer.h is the side that writes.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lifecycle/store_events.h"
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

/// Looks into the files of a version: throws Error{model_damaged} if they are no sound model.
using ContentCheck = std::function<void(const StoredVersion&)>;

/// What became of looking at every byte of a version.
enum class VersionState : std::uint8_t {
  good,
  rejected,    ///< sound, but the publishing gate refused it
  damaged,     ///< bytes are missing or not those that were written, or the content check failed
  newer,       ///< written by a newer version of the program
  unreadable,  ///< the system did not let us look: nothing is known
};
std::string_view name(VersionState state);
struct VersionReport {
  Sequence sequence = 0;
  VersionState state = VersionState::unreadable;
  std::string problem;  ///< why it is not good
};

/// What list() says of a version. Of the files, only the manifest is looked at.
struct ListedVersion {
  Sequence sequence = 0;
  bool in_service = false, pinned = false;
  bool withdrawn = false;               ///< rolled back from, and not in service again since
  std::optional<std::string> rejected;  ///< why the publishing gate refused it
  Manifest manifest;
  std::string problem;  ///< why the manifest can't be read; empty: it can
};
struct VersionList {
  std::vector<ListedVersion> versions;    ///< ascending
  std::vector<std::string> unrecognised;  ///< names in versions/ that are no versions
  std::string problem;                    ///< why CURRENT can't be read; empty: it can
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

  /// The text of CURRENT, unchecked, empty if it can't be read: equal as long as nothing was put into
  /// service. Three system calls, for whoever wants to ask often.
  std::string current_stamp() const;
  /// The version in service, or nothing if there is no store or nothing was published yet.
  std::optional<CurrentRecord> current() const;
  /// Reads and verifies the version in service; nothing where current() is nothing.
  std::optional<StoredVersion> read_current() const;
  /// Reads and verifies a version. Throws Error{model_missing} if there is none of that number.
  StoredVersion read(Sequence sequence) const;
  /// The same without a throw: what state a version is in, and why.
  VersionReport examine(Sequence sequence, const ContentCheck& check = {}) const;

  VersionList list() const;
  /// The numbers in versions/, ascending.
  std::vector<Sequence> sequences() const;
  EventLog events() const;
  bool is_pinned(Sequence sequence) const;
  /// Why the gate refused the version; nothing: it did not.
  std::optional<std::string> rejection(Sequence sequence) const;
  /// Where damaged copies of a version lie and why they were moved there, one line each; empty: nowhere.
  std::string quarantine_note(Sequence sequence) const;

  /// Who may stand in for the version in service, best first: the one before it, then older ones, newest
  /// first. None that was rejected or withdrawn; whether they are sound, their reader must see. Where CURRENT
  /// can't be read, the log says what was in service, and that comes first.
  std::vector<Sequence> stand_ins() const;

  /// Creates the store if need be and locks it. Throws Error{failure} naming the holder if it is locked,
  /// Error{usage} if the folder is in use for something else, Error{model_damaged} if CURRENT is damaged.
  StoreWriter lock_for_writing(const LockPatience& patience = {}) const;
  /// Locks a store that is there (Error{model_missing} if not), even if its CURRENT is damaged.
  StoreWriter lock_for_maintenance() const;

  /// The lock that a training holds as long as it runs, besides the one for writing, which it needs only to
  /// publish. Whoever holds it owns checkpoints/. Creates the root folder. Throws as lock_for_writing() does.
  StoreLock lock_for_training() const;
  /// Who trains into the store at this moment; nothing: nobody. Creates nothing.
  std::optional<std::string> training_holder() const;

 private:
  friend class StoreWriter;
  /// `expected_manifest`: SHA-256 that CURRENT promises; empty: any.
  StoredVersion read_verified(Sequence sequence, std::string_view expected_manifest) const;
  void check_layout() const;

  std::filesystem::path root_;
};

/// Whether the system said that there is nothing of the kind, and not that we may not look now.
bool is_absence(const io::SystemError& error);

/// The bytes of a version's folder, compared with its manifest. What read() does, for a folder anywhere.
StoredVersion read_version_folder(const std::filesystem::path& folder, Sequence sequence,
                                  std::string_view expected_manifest);

/// Whether this is the folder of one version, which is easily taken for the store.
bool is_version_folder(const std::filesystem::path& folder);
/// What to say and to advise where a store has no model: `models: there is no model; train one with ...`.
/// Where the folder is that of one version of a store, that the store's is wanted.
std::string no_model_text(const std::filesystem::path& root);

}  // namespace deepmine::lifecycle
