#include "lifecycle/store_layout.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "io/atomic_file.h"
#include "io/folder.h"

namespace deepmine::lifecycle {

namespace fs = std::filesystem;

namespace {

/// Whether it had to be made.
bool make_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0777) == 0) return true;
  if (errno != EEXIST) io::throw_system_error(ErrorCode::failure, folder, "create the folder", errno);
  return false;
}

}  // namespace

bool is_there(const fs::path& path) {
  std::error_code error;
  const bool found = fs::exists(path, error);
  if (error) io::throw_system_error(ErrorCode::failure, path, "examine", error.value());
  return found;
}

void create_root(const fs::path& root) {
  io::create_folders(root);
  if (is_there(root / store_names::store)) return;
  for (const std::string& name : io::names_in_folder(root, ErrorCode::failure))
    if (name != store_names::lock && name != store_names::training &&
        !name.starts_with(".STORE.tmp."))  // left by a creator that was killed
      throw Error(ErrorCode::usage, root.string() +
                                        ": is not a model store (it has no file STORE) and is not empty; "
                                        "name another folder");
}

void create_layout(const fs::path& root) {
  // First of all and made safe at once: without it, the rest would be somebody else's folder.
  if (!is_there(root / store_names::store))
    io::write_file_atomically(root / store_names::store, store_text());
  bool changed = false;
  for (const char* name : {store_names::versions, store_names::staging, store_names::trash,
                           store_names::quarantine, store_names::pins})
    changed |= make_folder(root / name);
  // "None yet" is written down, so that a CURRENT that got lost later is not taken for a store without a
  // model. One that is there stays, whatever else is missing: sequence numbers never start again.
  if (!is_there(root / store_names::current) &&
      io::names_in_folder(root / store_names::versions, ErrorCode::failure).empty())
    io::write_file_atomically(root / store_names::current, format_current({0, std::string(64, '0'), 0}));
  else if (changed)
    io::sync_directory(root);
}

// ---- StagedVersion

StagedVersion::StagedVersion(const fs::path& staging) {
  for (unsigned attempt = 0;; ++attempt) {  // names of killed processes may be taken
    origin_ = staging / (std::to_string(::getpid()) + "." + std::to_string(attempt));
    if (::mkdir(origin_.c_str(), 0777) == 0) break;
    if (errno != EEXIST) io::throw_system_error(ErrorCode::failure, origin_, "create the folder", errno);
  }
  folder_ = origin_;
}

StagedVersion::~StagedVersion() {
  if (folder_.empty()) return;
  // Back to staging/ before anything is deleted: a folder in versions/ is never half empty.
  if (folder_ != origin_ && ::rename(folder_.c_str(), origin_.c_str()) != 0) return;
  io::remove_folder(origin_.c_str());
}

void StagedVersion::move_to(const fs::path& folder) {
  if (::rename(folder_.c_str(), folder.c_str()) != 0)
    io::throw_system_error(ErrorCode::failure, folder, "give the version its name (rename)", errno);
  folder_ = folder;
}

}  // namespace deepmine::lifecycle
