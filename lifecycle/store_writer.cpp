#include "lifecycle/store_writer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/folder.h"
#include "io/sha256.h"
#include "lifecycle/clock.h"
#include "lifecycle/store_layout.h"

namespace deepmine::lifecycle {

namespace fs = std::filesystem;

namespace {

std::string version_text(Sequence sequence) {
  return "version " + std::to_string(sequence);
}

std::string manifest_of(const std::vector<StoredFile>& files) {
  Manifest manifest;
  for (const StoredFile& file : files)
    manifest.push_back({file.name, file.kind, file.bytes.size(), io::to_hexadecimal(io::sha256(file.bytes))});
  return format_manifest(std::move(manifest));
}

/// Reads a staged version from the disk, not from what the kernel remembers of the writing.
StoredVersion read_back(const fs::path& folder, const std::vector<StoredFile>& files, Sequence sequence,
                        const std::string& manifest_sha256) {
  for (const StoredFile& file : files) io::forget_cached_bytes(folder / file.name);
  return read_version_folder(folder, sequence, manifest_sha256);
}

/// Why the content check refuses it; empty: it does not.
std::string refusal_of(const ContentCheck& check, const StoredVersion& version) {
  if (!check) return {};
  try {
    check(version);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::model_damaged) throw;
    return error.what();
  }
  return {};
}

void rename_or_throw(const fs::path& from, const fs::path& to, const char* action) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    io::throw_system_error(ErrorCode::failure, from, action, errno);
}

/// A name in a folder that is not taken: `name`, else `name.1`, `name.2`, …
fs::path free_name(const fs::path& folder, const std::string& name) {
  fs::path path = folder / (name + ".0");
  for (unsigned n = 1; is_there(path) || is_there(path.string() + ".reason"); ++n)
    path = folder / (name + "." + std::to_string(n));
  return path;
}

}  // namespace

// ---- locking

StoreWriter ModelStore::lock_for_writing(const LockPatience& patience) const {
  create_root(root_);
  StoreWriter writer(*this, StoreLock(root_ / store_names::lock, held_for_writing, patience));
  create_layout(root_);
  check_layout();
  current();
  writer.record_what_is_in_service();
  return writer;
}

StoreWriter ModelStore::lock_for_maintenance() const {
  if (!is_there(root_ / store_names::store) && !is_there(root_ / store_names::versions))
    throw Error(ErrorCode::model_missing, is_version_folder(root_)
                                              ? no_model_text(root_)
                                              : root_.string() + ": there is no model store");
  check_layout();
  StoreWriter writer(*this, StoreLock(root_ / store_names::lock));
  create_layout(root_);
  writer.record_what_is_in_service();
  return writer;
}

StoreLock ModelStore::lock_for_training() const {
  create_root(root_);
  return StoreLock(root_ / store_names::training, held_for_training);
}

std::optional<std::string> ModelStore::training_holder() const {
  return lock_holder(root_ / store_names::training);
}

StoreWriter::StoreWriter(ModelStore store, StoreLock lock)
    : store_(std::move(store)), lock_(std::move(lock)), log_(store_.events()) {}

// ---- the event log

void StoreWriter::record(EventKind kind, Sequence version, Sequence before, const std::string& why) {
  const std::uint64_t number = log_.events.empty() ? 1 : log_.events.back().number + 1;
  StoreEvent event{number, utc_timestamp(), kind, version, before, this_user(), why};
  const fs::path path = store_.root() / store_names::events;
  log_.events.reserve(log_.events.size() + 1);  // once it is written it is also remembered
  try {
    io::append_to_file(path, (log_.ends_with_line_feed ? "" : "\n") + format_event(event));
  } catch (...) {
    log_.ends_with_line_feed = false;
    log_ = store_.events();  // a part of the line may stand there, or all of it
    throw;
  }
  log_.ends_with_line_feed = true;
  log_.events.push_back(std::move(event));
}

/// A writer that was stopped between its record and the deed left a log that says too much.
void StoreWriter::record_what_is_in_service() {
  std::optional<CurrentRecord> current;
  try {
    current = store_.current();
  } catch (const Error&) {  // whoever needs CURRENT says so
    return;
  }
  const Sequence found = current ? current->sequence : 0, logged = service_history(log_).in_service;
  if (found == logged) return;
  record(EventKind::recovered, found, logged,
         "found in service; the log says " + (log_.events.empty() ? "nothing yet"
                                              : logged == 0       ? "none"
                                                                  : version_text(logged)));
}

/// Everything that can fail for want of room comes before the record, and the record before the deed.
void StoreWriter::put_into_service(EventKind kind, const CurrentRecord& current, const std::string& why,
                                   StagedVersion* staged) {
  io::AtomicFile file(store_.root() / store_names::current);
  file.write(format_current(current));
  file.prepare();
  record(kind, current.sequence, current.previous, why);
  // From here on the version may be in service: it stays, even if the next step fails.
  if (staged != nullptr) staged->keep();
  file.commit();
}

// ---- publishing

Sequence StoreWriter::next_sequence() const {
  Sequence newest = service_history(log_).newest;
  if (const std::optional<CurrentRecord> record = store_.current())
    newest = std::max({newest, record->sequence, record->previous});
  for (const Sequence sequence : store_.sequences()) newest = std::max(newest, sequence);
  for (const std::string& name :
       io::names_in_folder(store_.root() / store_names::quarantine, ErrorCode::failure))
    newest = std::max(newest, parse_version_folder_name(name.substr(0, name.find('.'))).value_or(0));
  return newest + 1;
}

Publication StoreWriter::publish(const std::vector<StoredFile>& files, const PublishRequest& request) {
  if (files.empty()) throw Error(ErrorCode::usage, "a version needs at least one file");
  const fs::path& root = store_.root();
  record_what_is_in_service();
  const std::optional<CurrentRecord> before = store_.current();
  Publication result;
  result.sequence = next_sequence();
  const std::string manifest_text = manifest_of(files);
  const std::string manifest_sha256 = io::to_hexadecimal(io::sha256(manifest_text));

  // Every line below is needed: the tests fail if any one of them is left out.
  StagedVersion staged(root / store_names::staging);
  for (const StoredFile& file : files) io::write_new_file(staged.folder() / file.name, file.bytes);
  io::write_new_file(staged.folder() / store_names::manifest, manifest_text);
  result.version = read_back(staged.folder(), files, result.sequence, manifest_sha256);
  result.refusal = request.rejection;
  if (result.refusal.empty()) result.refusal = refusal_of(request.check, result.version);
  result.rejected = !result.refusal.empty();
  if (result.rejected)
    io::write_new_file(staged.folder() / store_names::rejected,
                       result.refusal.substr(0, largest_text_file / 2) + "\n");
  io::sync_directory(staged.folder());
  staged.move_to(store_.version_folder(result.sequence));
  io::sync_directory(root / store_names::versions);

  const Sequence replaced = before ? before->sequence : 0;
  if (!result.rejected && before && store_.is_pinned(replaced))
    result.refusal = version_text(replaced) + " is in service and pinned";
  if (!result.refusal.empty()) {
    record(result.rejected ? EventKind::rejected : EventKind::kept, result.sequence, replaced,
           result.refusal);
    staged.keep();
    return result;
  }
  put_into_service(EventKind::published, {result.sequence, manifest_sha256, replaced}, request.reason,
                   &staged);
  result.in_service = true;
  return result;
}

// ---- rolling back

/// The report of a version that may go into service; throws if it may not.
VersionReport StoreWriter::require_good(Sequence sequence, const RollbackRequest& request) const {
  if (!is_there(store_.version_folder(sequence))) (void)store_.read(sequence);  // says where it went
  VersionReport report = store_.examine(sequence, request.check);
  if (report.state == VersionState::good) return report;
  if (report.state != VersionState::rejected)
    throw Error(report.state == VersionState::unreadable ? ErrorCode::failure : ErrorCode::model_damaged,
                version_text(sequence) + " can't go into service: " + report.problem);
  if (!request.even_if_rejected)
    throw Error(ErrorCode::usage, version_text(sequence) + " was rejected: " + report.problem +
                                      "; use --force to put it into service all the same");
  return report;
}

Rollback StoreWriter::roll_back(const RollbackRequest& request) {
  std::optional<CurrentRecord> before;
  try {
    before = store_.current();
  } catch (const Error&) {  // this is how a damaged CURRENT is mended
    before.reset();
  }
  if (before) record_what_is_in_service();
  Rollback result;
  result.from = before ? before->sequence : 0;
  if (request.to && *request.to == result.from)
    throw Error(ErrorCode::usage, version_text(result.from) + " is in service already");
  if (request.to) {
    require_good(*request.to, request);
    result.to = *request.to;
  }
  for (const Sequence candidate : request.to ? std::vector<Sequence>{} : store_.stand_ins()) {
    VersionReport report = store_.examine(candidate, request.check);
    if (report.state == VersionState::good) {
      result.to = candidate;
      break;
    }
    result.passed_over.push_back(std::move(report));
  }
  if (result.to == 0)
    throw Error(ErrorCode::model_missing,
                store_.root().string() + ": there is no older good version to roll back to");
  const std::string manifest =
      io::read_file(store_.version_folder(result.to) / store_names::manifest, largest_text_file);
  put_into_service(EventKind::rolled_back, {result.to, io::to_hexadecimal(io::sha256(manifest)), result.from},
                   request.reason);
  return result;
}

// ---- pins

bool StoreWriter::pin(Sequence sequence, const std::string& reason) {
  if (!is_there(store_.version_folder(sequence))) (void)store_.read(sequence);  // says where it went
  if (store_.is_pinned(sequence)) return false;
  record(EventKind::pinned, sequence, 0, reason);
  io::write_file_atomically(store_.root() / store_names::pins / version_folder_name(sequence),
                            "pinned " + utc_timestamp() + " by " + this_user() + ": " + reason + "\n");
  return true;
}

bool StoreWriter::unpin(Sequence sequence, const std::string& reason) {
  if (!store_.is_pinned(sequence)) {
    if (!is_there(store_.version_folder(sequence))) (void)store_.read(sequence);
    return false;
  }
  record(EventKind::unpinned, sequence, 0, reason);
  const fs::path pins = store_.root() / store_names::pins, file = pins / version_folder_name(sequence);
  if (::unlink(file.c_str()) != 0) io::throw_system_error(ErrorCode::failure, file, "remove", errno);
  io::sync_directory(pins);
  return true;
}

// ---- moving aside, and away

VersionReport StoreWriter::quarantine_if_damaged(Sequence sequence, const ContentCheck& check) {
  VersionReport report = store_.examine(sequence, check);
  const fs::path folder = store_.version_folder(sequence), root = store_.root();
  if (report.state != VersionState::damaged || !is_there(folder)) return report;
  record(EventKind::quarantined, sequence, 0, report.problem);
  const fs::path aside = free_name(root / store_names::quarantine, version_folder_name(sequence));
  // The reason first: what lies in quarantine always has one.
  io::write_file_atomically(aside.string() + ".reason", version_text(sequence) + " was moved to quarantine " +
                                                            utc_timestamp() + " by " + this_user() + ": " +
                                                            report.problem + "\n");
  rename_or_throw(folder, aside, "move it to quarantine (rename)");
  io::sync_directory(root / store_names::quarantine);
  io::sync_directory(root / store_names::versions);
  return report;
}

void StoreWriter::collect(const std::vector<VersionNote>& versions) {
  const fs::path trash = store_.root() / store_names::trash;
  std::vector<fs::path> moved;
  for (const auto& [sequence, why] : versions) {
    record(EventKind::collected, sequence, 0, why);
    moved.push_back(free_name(trash, version_folder_name(sequence)));
    rename_or_throw(store_.version_folder(sequence), moved.back(), "move it to the trash (rename)");
  }
  // Before anything is deleted: after a loss of power, no version is back in its place and half empty.
  if (!moved.empty()) io::sync_directory(store_.root() / store_names::versions);
  for (const fs::path& folder : moved) empty_folder_of_trash(folder);
}

void empty_folder_of_trash(const fs::path& folder) noexcept {
  io::remove_folder(folder.c_str());
}

}  // namespace deepmine::lifecycle
