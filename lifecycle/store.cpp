#include "lifecycle/store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/sha256.h"

namespace deepmine::lifecycle {

namespace fs = std::filesystem;

namespace {

constexpr auto damaged = ErrorCode::model_damaged;
constexpr std::uint64_t largest_file = std::uint64_t{2} << 30;  // more than any kind of frame may have

std::string sha256_text(std::string_view bytes) {
  return io::to_hexadecimal(io::sha256(bytes));
}

void make_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
    io::throw_system_error(ErrorCode::failure, folder, "create the folder", errno);
}

/// The names in a folder, ascending. Throws Error{code} if it can't be read; a folder that is not there has
/// none.
std::vector<std::string> names_in(const fs::path& folder, ErrorCode code) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    names.push_back(entry->path().filename().string());
  if (error && error != std::errc::no_such_file_or_directory)
    io::throw_system_error(code, folder, "list the folder", error.value());
  std::sort(names.begin(), names.end());
  return names;
}

bool is_there(const fs::path& path) {
  std::error_code error;
  const bool found = fs::exists(path, error);
  if (error) io::throw_system_error(ErrorCode::failure, path, "examine", error.value());
  return found;
}

/// Creates the root folder of a store, which must be empty or a store already: anything else is somebody
/// else's folder, and is left alone.
void create_root(const fs::path& root) {
  io::create_folders(root);
  if (is_there(root / store_names::store)) return;
  for (const std::string& name : names_in(root, ErrorCode::failure))
    if (name != store_names::lock && !name.starts_with(".STORE.tmp."))  // left by a creator that was killed
      throw Error(ErrorCode::usage, root.string() +
                                        ": is not a model store (it has no file STORE) and is not empty; "
                                        "name another folder");
}

/// Creates what is missing of a store's layout. To be called under the lock.
void create_layout(const fs::path& root) {
  if (!is_there(root / store_names::store))
    io::write_file_atomically(root / store_names::store, store_text());
  // "None yet" is written down, so that a CURRENT that got lost is not taken for a store without a model.
  // One that is there stays, whatever else is missing: sequence numbers never start again.
  if (!is_there(root / store_names::versions) && !is_there(root / store_names::current))
    io::write_file_atomically(root / store_names::current, format_current({0, std::string(64, '0'), 0}));
  make_folder(root / store_names::versions);
  make_folder(root / store_names::staging);
  io::sync_directory(root);
}

/// The folder of a version while it is made: in staging/ first, then in versions/. Its destructor takes it
/// away unless keep() was called; what can't be removed stays in staging/, where nobody reads.
class StagedVersion {
 public:
  explicit StagedVersion(const fs::path& staging) {
    for (unsigned attempt = 0;; ++attempt) {  // names of killed processes may be taken
      origin_ = staging / (std::to_string(::getpid()) + "." + std::to_string(attempt));
      if (::mkdir(origin_.c_str(), 0777) == 0) break;
      if (errno != EEXIST) io::throw_system_error(ErrorCode::failure, origin_, "create the folder", errno);
    }
    folder_ = origin_;
  }
  ~StagedVersion() {
    if (folder_.empty()) return;
    // Back to staging/ before anything is deleted: a folder in versions/ is never half empty.
    if (folder_ != origin_ && ::rename(folder_.c_str(), origin_.c_str()) != 0) return;
    std::error_code ignored;
    fs::remove_all(origin_, ignored);
  }
  StagedVersion(const StagedVersion&) = delete;
  StagedVersion& operator=(const StagedVersion&) = delete;

  const fs::path& folder() const { return folder_; }
  void move_to(const fs::path& folder) {
    if (::rename(folder_.c_str(), folder.c_str()) != 0)
      io::throw_system_error(ErrorCode::failure, folder, "give the version its name (rename)", errno);
    folder_ = folder;
  }
  void keep() { folder_.clear(); }

 private:
  fs::path origin_, folder_;
};

}  // namespace

const std::string& StoredVersion::bytes(std::string_view name) const {
  for (const StoredFile& file : files)
    if (file.name == name) return file.bytes;
  throw Error(damaged,
              "version " + std::to_string(sequence) + " of the model has no file " + std::string(name));
}

// ---- reading

fs::path ModelStore::version_folder(Sequence sequence) const {
  return root_ / store_names::versions / version_folder_name(sequence);
}

void ModelStore::check_layout() const {
  const fs::path path = root_ / store_names::store;
  check_store_text(io::read_file(path, largest_text_file, damaged), path.string());
}

std::optional<CurrentRecord> ModelStore::current() const {
  const fs::path path = root_ / store_names::current;
  std::string text;
  const bool has_current = io::read_file_if_there(path, largest_text_file, damaged, text);
  if (!has_current && names_in(root_ / store_names::versions, damaged).empty()) return std::nullopt;
  check_layout();
  // CURRENT is made before versions/ is (create_layout), so it was there once.
  if (!has_current) throw Error(damaged, path.string() + ": is missing, though there are versions");
  const CurrentRecord record = parse_current(text, path.string());
  if (record.sequence == 0) return std::nullopt;
  return record;
}

std::optional<StoredVersion> ModelStore::read_current() const {
  std::optional<CurrentRecord> record = current();
  while (record) {
    try {
      return read_verified(record->sequence, record->manifest_sha256);
    } catch (const Error&) {
      // Cleaned up under our hands because a newer one is in service? Then that one is the answer.
      const std::optional<CurrentRecord> again = current();
      if (again == record) throw;
      record = again;
    }
  }
  return std::nullopt;
}

StoredVersion ModelStore::read(Sequence sequence) const {
  if (!is_there(version_folder(sequence)))
    throw Error(ErrorCode::model_missing, root_.string() + ": has no version " + std::to_string(sequence));
  check_layout();
  return read_verified(sequence, {});
}

StoredVersion ModelStore::read_verified(Sequence sequence, std::string_view expected_manifest) const {
  const fs::path folder = version_folder(sequence), manifest_path = folder / store_names::manifest;
  const std::string text = io::read_file(manifest_path, largest_text_file, damaged);
  const Manifest manifest = parse_manifest(text, manifest_path.string());
  if (!expected_manifest.empty() && sha256_text(text) != expected_manifest)
    throw Error(damaged,
                manifest_path.string() + ": is not the manifest that CURRENT names (its SHA-256 differs)");

  StoredVersion version{sequence, {}};
  for (const ManifestEntry& entry : manifest) {
    const fs::path path = folder / entry.name;
    std::string bytes = io::read_file(path, std::min(entry.size, largest_file), damaged);
    if (bytes.size() != entry.size)
      throw Error(damaged, path.string() + ": truncated: " + std::to_string(bytes.size()) +
                               " bytes, expected " + std::to_string(entry.size));
    if (sha256_text(bytes) != entry.sha256)
      throw Error(damaged, path.string() + ": damaged: its SHA-256 is not the one in the manifest");
    version.files.push_back({entry.name, entry.kind, std::move(bytes)});
  }
  return version;
}

VersionList ModelStore::list() const {
  const std::optional<CurrentRecord> in_service = current();
  VersionList result;
  for (const std::string& name : names_in(root_ / store_names::versions, damaged)) {
    const std::optional<Sequence> sequence = parse_version_folder_name(name);
    if (!sequence) {
      result.unrecognised.push_back(name);
      continue;
    }
    ListedVersion version{*sequence, in_service && in_service->sequence == *sequence, {}, {}};
    const fs::path path = version_folder(*sequence) / store_names::manifest;
    try {
      version.manifest = parse_manifest(io::read_file(path, largest_text_file, damaged), path.string());
    } catch (const Error& error) {
      version.problem = error.what();
    }
    result.versions.push_back(std::move(version));
  }
  return result;
}

// ---- writing

StoreWriter ModelStore::lock_for_writing() const {
  create_root(root_);
  StoreWriter writer(*this);
  create_layout(root_);
  check_layout();
  current();  // a damaged CURRENT is reported now, not when hours of training are to be saved
  return writer;
}

StoreWriter::StoreWriter(ModelStore store)
    : store_(std::move(store)), lock_(store_.root() / store_names::lock) {}

Sequence StoreWriter::next_sequence() const {
  Sequence newest = 0;
  if (const std::optional<CurrentRecord> record = store_.current())
    newest = std::max(record->sequence, record->previous);
  for (const std::string& name : names_in(store_.root() / store_names::versions, ErrorCode::failure))
    newest = std::max(newest, parse_version_folder_name(name).value_or(0));
  return newest + 1;
}

StoredVersion StoreWriter::publish(const std::vector<StoredFile>& files) {
  if (files.empty()) throw Error(ErrorCode::usage, "a version needs at least one file");
  const fs::path& root = store_.root();
  const std::optional<CurrentRecord> before = store_.current();
  const Sequence sequence = next_sequence();

  Manifest manifest;
  for (const StoredFile& file : files)
    manifest.push_back({file.name, file.kind, file.bytes.size(), sha256_text(file.bytes)});
  const std::string manifest_text = format_manifest(std::move(manifest));

  // Every line below is needed: the tests fail if any one of them is left out.
  StagedVersion staged(root / store_names::staging);
  for (const StoredFile& file : files) io::write_new_file(staged.folder() / file.name, file.bytes);
  io::write_new_file(staged.folder() / store_names::manifest, manifest_text);
  io::sync_directory(staged.folder());
  staged.move_to(store_.version_folder(sequence));
  io::sync_directory(root / store_names::versions);

  const CurrentRecord after{sequence, sha256_text(manifest_text), before ? before->sequence : 0};
  StoredVersion version = store_.read_verified(sequence, after.manifest_sha256);
  // From here on the version may be in service: it stays, even if CURRENT can't be written.
  staged.keep();
  io::write_file_atomically(root / store_names::current, format_current(after));
  return version;
}

}  // namespace deepmine::lifecycle
