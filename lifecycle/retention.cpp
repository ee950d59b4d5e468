#include "lifecycle/retention.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/folder.h"
#include "lifecycle/store_layout.h"

namespace deepmine::lifecycle {

namespace fs = std::filesystem;

namespace {

// ---- versions

/// Decides version after version, from the newest down.
class Decisions {
 public:
  Decisions(const ModelStore& store, const RetentionPolicy& policy, const ContentCheck& check)
      : store_(store), policy_(policy), check_(check) {
    if (const std::optional<CurrentRecord> record = store.current()) in_service_ = record->sequence;
  }

  void make(RetentionPlan& plan) {
    stand_in_ = best_stand_in();
    std::vector<Sequence> newest_first = store_.sequences();
    std::reverse(newest_first.begin(), newest_first.end());
    for (const Sequence sequence : newest_first) decide(store_.examine(sequence, check_), plan);
  }

 private:
  Sequence best_stand_in() const {
    for (const Sequence sequence : store_.stand_ins())
      if (store_.examine(sequence, check_).state == VersionState::good) return sequence;
    return 0;
  }

  void decide(const VersionReport& report, RetentionPlan& plan) {
    const Sequence sequence = report.sequence;
    const bool good = report.state == VersionState::good;
    if (good) ++good_;
    if (sequence == in_service_)
      plan.keep.push_back({sequence, good ? "in service" : "in service, though " + report.problem});
    else if (report.state == VersionState::newer || report.state == VersionState::unreadable)
      plan.leave.push_back({sequence, report.problem});
    else if (report.state == VersionState::damaged)
      plan.quarantine.push_back({sequence, report.problem});
    else if (store_.is_pinned(sequence))
      plan.keep.push_back({sequence, "pinned"});
    else if (sequence == stand_in_)
      plan.keep.push_back({sequence, "stands in for the version in service"});
    else if (in_service_ == 0)
      plan.keep.push_back({sequence, "no version is in service yet"});
    else if (!good && sequence > in_service_)
      plan.keep.push_back({sequence, "rejected, but newer than the version in service"});
    else if (!good)
      plan.collect.push_back({sequence, "rejected"});
    else if (good_ <= policy_.keep)
      plan.keep.push_back({sequence, "among the newest " + std::to_string(policy_.keep) + " good ones"});
    else
      plan.collect.push_back(
          {sequence, "older than the newest " + std::to_string(policy_.keep) + " good ones"});
  }

  const ModelStore& store_;
  const RetentionPolicy& policy_;
  const ContentCheck& check_;
  Sequence in_service_ = 0, stand_in_ = 0;
  std::size_t good_ = 0;
};

// ---- leftovers

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// `<process>.<number>` of staging/, `<sequence>.<number>` of trash/ and quarantine/.
bool is_number_pair(std::string_view name) {
  const std::size_t dot = name.find('.');
  return dot != std::string_view::npos && is_number(name.substr(0, dot)) && is_number(name.substr(dot + 1));
}

/// What AtomicFile calls a file that is not finished.
bool is_temporary(std::string_view name) {
  const std::size_t at = name.find(".tmp.");
  return name.starts_with('.') && at != std::string_view::npos && is_number_pair(name.substr(at + 5));
}

/// Since anything in the folder or about the file changed; negative where the clock was set back.
std::chrono::seconds age_of(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return std::chrono::seconds(-1);
  return std::chrono::seconds(std::time(nullptr) - std::max(status.st_mtime, status.st_ctime));
}

/// What may stand in a folder of the store, by its name.
enum class Standing : std::uint8_t { expected, leftover, unknown };

Standing standing_in_root(const std::string& name) {
  for (const char* known :
       {store_names::store, store_names::lock, store_names::training, store_names::current,
        store_names::versions, store_names::staging, store_names::trash, store_names::quarantine,
        store_names::pins, store_names::events, "checkpoints"})
    if (name == known) return Standing::expected;
  return is_temporary(name) ? Standing::leftover : Standing::unknown;
}

Standing standing_in_quarantine(const fs::path& folder, const std::string& name) {
  if (is_temporary(name)) return Standing::leftover;
  if (is_number_pair(name)) return Standing::expected;
  if (!name.ends_with(".reason")) return Standing::unknown;
  const std::string subject = name.substr(0, name.size() - 7);
  if (!is_number_pair(subject)) return Standing::unknown;
  return is_there(folder / subject) ? Standing::expected : Standing::leftover;
}

Standing standing_of(const fs::path& root, const std::string& folder, const std::string& name) {
  if (folder.empty()) return standing_in_root(name);
  if (folder == store_names::quarantine) return standing_in_quarantine(root / folder, name);
  if (folder == store_names::pins) {
    if (parse_version_folder_name(name)) return Standing::expected;
    return is_temporary(name) ? Standing::leftover : Standing::unknown;
  }
  if (folder == store_names::versions)
    return parse_version_folder_name(name) ? Standing::expected : Standing::unknown;
  return is_number_pair(name) ? Standing::leftover : Standing::unknown;  // staging/ and trash/
}

void find_leftovers(const fs::path& root, const RetentionPolicy& policy, RetentionPlan& plan) {
  for (const std::string folder : {"", store_names::versions, store_names::staging, store_names::trash,
                                   store_names::quarantine, store_names::pins})
    for (const std::string& name : io::names_in_folder(root / folder, ErrorCode::failure)) {
      const fs::path path = root / folder / name;
      const Standing standing = standing_of(root, folder, name);
      if (standing == Standing::unknown) plan.unrecognised.push_back(path);
      if (standing != Standing::leftover) continue;
      if (const std::chrono::seconds age = age_of(path); age >= policy.leftover_age)
        plan.leftovers.push_back({path, age});
    }
}

/// A folder of staging/ goes to trash/ first, so that a half deleted one is nowhere but there.
void remove_leftover(const fs::path& root, const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(path, error))) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
      io::throw_system_error(ErrorCode::failure, path, "remove", errno);
    return;
  }
  fs::path target = path;
  if (path.parent_path().filename() != store_names::trash) {
    target = root / store_names::trash / path.filename();
    for (unsigned n = 0; is_there(target); ++n)
      target = root / store_names::trash / (path.stem().string() + "." + std::to_string(n));
    if (::rename(path.c_str(), target.c_str()) != 0)
      io::throw_system_error(ErrorCode::failure, path, "move it to the trash (rename)", errno);
  }
  empty_folder_of_trash(target);
}

}  // namespace

RetentionPlan plan_retention(const ModelStore& store, const RetentionPolicy& policy,
                             const ContentCheck& check) {
  if (policy.keep == 0) throw Error(ErrorCode::usage, "at least one good version must be kept");
  RetentionPlan plan;
  Decisions(store, policy, check).make(plan);
  find_leftovers(store.root(), policy, plan);
  return plan;
}

void carry_out(StoreWriter& writer, const RetentionPlan& plan, const ContentCheck& check) {
  for (const VersionNote& version : plan.quarantine) writer.quarantine_if_damaged(version.sequence, check);
  writer.collect({plan.collect.rbegin(), plan.collect.rend()});  // the oldest first
  for (const Leftover& leftover : plan.leftovers) remove_leftover(writer.store().root(), leftover.path);
}

}  // namespace deepmine::lifecycle
