#include "lifecycle/store.h"

#include <algorithm>
#include <cerrno>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/folder.h"
#include "io/frame.h"
#include "io/sha256.h"
#include "lifecycle/store_layout.h"

namespace deepmine::lifecycle {

namespace fs = std::filesystem;

namespace {

constexpr auto damaged = ErrorCode::model_damaged;
constexpr std::uint64_t largest_file = std::uint64_t{2} << 30;  // more than any kind of frame may have

/// A text for people whose first line is all that is wanted; what can't be read is no reason to stop.
std::string first_line(const fs::path& path) {
  std::string text;
  try {
    io::read_file_if_there(path, largest_text_file, ErrorCode::failure, text);
  } catch (const Error& error) {
    return std::string("its text can't be read: ") + error.what();
  }
  return text.substr(0, text.find('\n'));
}

}  // namespace

std::string_view name(VersionState state) {
  switch (state) {
    case VersionState::good:
      return "good";
    case VersionState::rejected:
      return "rejected";
    case VersionState::damaged:
      return "damaged";
    case VersionState::newer:
      return "newer";
    case VersionState::unreadable:
      return "unreadable";
  }
  return "unreadable";
}

bool is_absence(const io::SystemError& error) {
  const int number = error.error_number();
  return number == ENOENT || number == ENOTDIR || number == ELOOP || number == EISDIR;
}

const std::string& StoredVersion::bytes(std::string_view name) const {
  for (const StoredFile& file : files)
    if (file.name == name) return file.bytes;
  throw Error(damaged,
              "version " + std::to_string(sequence) + " of the model has no file " + std::string(name));
}

StoredVersion read_version_folder(const fs::path& folder, Sequence sequence,
                                  std::string_view expected_manifest) {
  const fs::path manifest_path = folder / store_names::manifest;
  const std::string text = io::read_file(manifest_path, largest_text_file, damaged);
  const Manifest manifest = parse_manifest(text, manifest_path.string());
  if (!expected_manifest.empty() && io::to_hexadecimal(io::sha256(text)) != expected_manifest)
    throw Error(damaged,
                manifest_path.string() + ": is not the manifest that CURRENT names (its SHA-256 differs)");

  StoredVersion version{sequence, {}};
  for (const ManifestEntry& entry : manifest) {
    const fs::path path = folder / entry.name;
    std::string bytes = io::read_file(path, std::min(entry.size, largest_file), damaged);
    if (bytes.size() != entry.size)
      throw Error(damaged, path.string() + ": truncated: " + std::to_string(bytes.size()) +
                               " bytes, expected " + std::to_string(entry.size));
    if (io::to_hexadecimal(io::sha256(bytes)) != entry.sha256)
      throw Error(damaged, path.string() + ": damaged: its SHA-256 is not the one in the manifest");
    version.files.push_back({entry.name, entry.kind, std::move(bytes)});
  }
  return version;
}

// ---- the version in service

fs::path ModelStore::version_folder(Sequence sequence) const {
  return root_ / store_names::versions / version_folder_name(sequence);
}

void ModelStore::check_layout() const {
  const fs::path path = root_ / store_names::store;
  check_store_text(io::read_file(path, largest_text_file, damaged), path.string());
}

std::string ModelStore::current_stamp() const {
  std::string text;
  try {
    io::read_file_if_there(root_ / store_names::current, largest_text_file, damaged, text);
  } catch (const Error&) {  // whoever then loads the model is told why
    return {};
  }
  return text;
}

std::optional<CurrentRecord> ModelStore::current() const {
  const fs::path path = root_ / store_names::current;
  std::string text;
  const bool has_current = io::read_file_if_there(path, largest_text_file, damaged, text);
  if (!has_current && io::names_in_folder(root_ / store_names::versions, damaged).empty())
    return std::nullopt;
  check_layout();
  // CURRENT is made while versions/ is empty (create_layout), so it was there once.
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

// ---- any version

StoredVersion ModelStore::read(Sequence sequence) const {
  if (!is_there(version_folder(sequence))) {
    const std::string note = quarantine_note(sequence);
    throw Error(ErrorCode::model_missing, root_.string() + ": has no version " + std::to_string(sequence) +
                                              (note.empty() ? "" : "; " + note));
  }
  check_layout();
  std::string expected_manifest;
  try {
    const std::optional<CurrentRecord> in_service = current();
    if (in_service && in_service->sequence == sequence) expected_manifest = in_service->manifest_sha256;
  } catch (const Error&) {  // a damaged CURRENT is no fault of this version
    expected_manifest.clear();
  }
  return read_verified(sequence, expected_manifest);
}

StoredVersion ModelStore::read_verified(Sequence sequence, std::string_view expected_manifest) const {
  return read_version_folder(version_folder(sequence), sequence, expected_manifest);
}

VersionReport ModelStore::examine(Sequence sequence, const ContentCheck& check) const {
  const auto report = [sequence](VersionState state, std::string problem) {
    return VersionReport{sequence, state, std::move(problem)};
  };
  try {
    const StoredVersion version = read(sequence);
    if (check) check(version);
    const std::optional<std::string> refusal = rejection(sequence);
    return refusal ? report(VersionState::rejected, *refusal) : report(VersionState::good, {});
  } catch (const io::NewerFormatError& error) {
    return report(VersionState::newer, error.what());
  } catch (const io::SystemError& error) {
    return report(is_absence(error) ? VersionState::damaged : VersionState::unreadable, error.what());
  } catch (const Error& error) {
    const bool is_damage =
        error.code() == ErrorCode::model_damaged || error.code() == ErrorCode::model_missing;
    return report(is_damage ? VersionState::damaged : VersionState::unreadable, error.what());
  }
}

std::vector<Sequence> ModelStore::sequences() const {
  std::vector<Sequence> found;
  for (const std::string& name : io::names_in_folder(root_ / store_names::versions, damaged))
    if (const auto sequence = parse_version_folder_name(name)) found.push_back(*sequence);
  return found;
}

EventLog ModelStore::events() const {
  return read_events(root_ / store_names::events);
}

bool ModelStore::is_pinned(Sequence sequence) const {
  return is_there(root_ / store_names::pins / version_folder_name(sequence));
}

std::optional<std::string> ModelStore::rejection(Sequence sequence) const {
  const fs::path path = version_folder(sequence) / store_names::rejected;
  if (!is_there(path)) return std::nullopt;
  return first_line(path);
}

std::string ModelStore::quarantine_note(Sequence sequence) const {
  std::string note;
  const fs::path folder = root_ / store_names::quarantine;
  for (const std::string& name : io::names_in_folder(folder, damaged))
    if (name.starts_with(version_folder_name(sequence)) && name.ends_with(".reason"))
      note += (note.empty() ? "" : "\n") + first_line(folder / name);
  return note;
}

VersionList ModelStore::list() const {
  VersionList result;
  std::optional<CurrentRecord> in_service;
  try {
    in_service = current();
  } catch (const Error& error) {
    result.problem = error.what();
  }
  const ServiceHistory history = service_history(events());
  for (const std::string& name : io::names_in_folder(root_ / store_names::versions, damaged)) {
    const std::optional<Sequence> sequence = parse_version_folder_name(name);
    if (!sequence) {
      result.unrecognised.push_back(name);
      continue;
    }
    ListedVersion version{.sequence = *sequence,
                          .in_service = in_service && in_service->sequence == *sequence,
                          .pinned = is_pinned(*sequence),
                          .withdrawn = history.withdrawn.contains(*sequence),
                          .rejected = rejection(*sequence),
                          .manifest = {},
                          .problem = {}};
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

std::vector<Sequence> ModelStore::stand_ins() const {
  ServiceHistory history;
  try {
    history = service_history(events());
  } catch (const Error&) {  // answers must not hang on the log
    history = {};
  }
  // Nothing newer than this, and this one first.
  Sequence bound = history.in_service, skipped = 0;
  try {
    if (const std::optional<CurrentRecord> record = current()) {
      skipped = record->sequence;
      bound = record->previous != 0 && record->previous < skipped ? record->previous : skipped;
    }
  } catch (const Error&) {  // CURRENT is damaged; its readers say so
    if (bound == 0) bound = ~Sequence{0};
  }
  std::vector<Sequence> order;
  for (const Sequence sequence : sequences())
    if (sequence <= bound && sequence != skipped && !history.withdrawn.contains(sequence) &&
        !rejection(sequence))
      order.push_back(sequence);
  std::reverse(order.begin(), order.end());
  return order;
}

bool is_version_folder(const fs::path& folder) {
  std::error_code not_known;  // what can't be looked at is none
  return fs::exists(folder / store_names::manifest, not_known);
}

std::string no_model_text(const fs::path& root) {
  const std::string name = root.string();
  if (!is_version_folder(root))
    return name + ": there is no model; train one with `deepmine train --store " + name + "`";
  const auto in_versions = [](const fs::path& folder) {
    return folder.parent_path().filename() == store_names::versions;
  };
  // `/.` and `/` at the end are taken off; a version that is named from within stands in an absolute path.
  fs::path folder = (root / "").lexically_normal().parent_path();
  std::error_code not_known;
  if (!in_versions(folder)) folder = (fs::absolute(root, not_known) / "").lexically_normal().parent_path();
  std::string advice = "give the store's folder";
  if (in_versions(folder)) {
    const fs::path store = folder.parent_path().parent_path();
    advice += ": --store " + (store.empty() ? "." : store.string());
  }
  return name + ": is the folder of one version, not a store; " + advice;
}

}  // namespace deepmine::lifecycle
