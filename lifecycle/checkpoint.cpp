#include "lifecycle/checkpoint.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <system_error>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/folder.h"
#include "io/model_file_names.h"
#include "lifecycle/run_id.h"

namespace deepmine::lifecycle {

namespace fs = std::filesystem;

namespace {

constexpr const char* folder_name = "checkpoints";

struct FileName {
  std::int64_t steps = 0;
  int epoch = 0;
};

/// Names sort as their checkpoints follow each other.
std::string file_name(const FileName& name) {
  return fmt::format("checkpoint_step_{:010}_epoch_{:04}", name.steps, name.epoch);
}

std::optional<FileName> parse_file_name(const std::string& text) {
  FileName name;
  long long steps = 0;
  if (std::sscanf(text.c_str(), "checkpoint_step_%lld_epoch_%d", &steps, &name.epoch) != 2) return {};
  name.steps = steps;
  if (steps < 0 || name.epoch < 0 || file_name(name) != text) return {};
  return name;
}

std::optional<io::RunId> parse_run_id(const std::string& text) {
  io::RunId run_id{};
  if (text.size() != 2 * run_id.size()) return {};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(text[i]);
    if (digit == std::string_view::npos) return {};
    run_id[i / 2] = static_cast<std::uint8_t>(std::size_t{16} * run_id[i / 2] | digit);
  }
  return run_id;
}

/// Names in a folder; none if it is not there or something else.
std::vector<std::string> names_in(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_directory(folder, ignored) ? io::names_in_folder(folder, ErrorCode::failure)
                                           : std::vector<std::string>();
}

/// A temporary of io::AtomicFile for a file that stands in such a folder.
bool is_temporary(const std::string& name) {
  return name.find(".tmp.") != std::string::npos &&
         (name.starts_with(".checkpoint_step_") ||
          name.starts_with("." + std::string(io::model_file_names::training_log)));
}

std::int64_t time_of_change(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<std::int64_t>(status.st_mtime) : 0;
}

std::optional<CheckpointedRun> run_in(const fs::path& folder) {
  const std::optional<io::RunId> run_id = parse_run_id(folder.filename().string());
  if (!run_id) return {};
  CheckpointedRun run{*run_id, folder, {}, 0, 0, 0};
  for (const std::string& name : checkpoints_in(folder)) run.files.insert(run.files.begin(), folder / name);
  if (run.files.empty()) return {};
  const FileName newest = *parse_file_name(run.files.front().filename().string());
  run.epoch = newest.epoch;
  run.steps = newest.steps;
  run.saved_at = time_of_change(run.files.front());
  return run;
}

std::string list_text(const std::vector<CheckpointedRun>& runs) {
  std::string text;
  for (const CheckpointedRun& run : runs) {
    char date[32] = "?";
    const std::time_t time = run.saved_at;
    std::tm parts{};
    if (::gmtime_r(&time, &parts) != nullptr)
      std::strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S UTC", &parts);
    text += fmt::format("\n  {}  epoch {}, step {}, saved {}", run_id_text(run.run_id), run.epoch, run.steps,
                        date);
  }
  return text;
}

}  // namespace

std::vector<CheckpointedRun> checkpointed_runs(const fs::path& store) {
  std::vector<CheckpointedRun> runs;
  for (const std::string& name : names_in(store / folder_name))
    if (auto run = run_in(store / folder_name / name)) runs.push_back(std::move(*run));
  std::stable_sort(runs.begin(), runs.end(), [](const CheckpointedRun& a, const CheckpointedRun& b) {
    return a.saved_at > b.saved_at;
  });
  return runs;
}

CheckpointedRun choose_run(const fs::path& store, const std::string& name) {
  const std::vector<CheckpointedRun> runs = checkpointed_runs(store);
  if (runs.empty())
    throw Error(ErrorCode::model_missing,
                (store / folder_name).string() +
                    ": there is no checkpoint to resume from (a training that was published has none left); "
                    "start a training without --resume");
  std::vector<CheckpointedRun> fitting;
  for (const CheckpointedRun& run : runs)
    if (run_id_text(run.run_id).starts_with(name)) fitting.push_back(run);
  if (fitting.size() == 1) return fitting.front();
  if (fitting.empty())
    throw Error(ErrorCode::usage,
                "no run that can be resumed begins with '" + name + "'; there are:" + list_text(runs));
  throw Error(ErrorCode::usage,
              std::to_string(fitting.size()) +
                  " runs can be resumed: name one, --resume RUN (its first digits do):" + list_text(fitting));
}

LoadedCheckpoint load_checkpoint(const CheckpointedRun& run) {
  std::vector<std::string> reasons;
  for (const fs::path& file : run.files) {
    try {
      io::Checkpoint checkpoint =
          io::parse_checkpoint_file(io::read_frame_file(file, io::FrameKind::checkpoint), file.string());
      if (checkpoint.run_id != run.run_id)
        throw Error(ErrorCode::model_damaged,
                    file.string() + ": is of another run, " + run_id_text(checkpoint.run_id));
      const bool is_last = &file == &run.files.back();
      return {std::move(checkpoint), file, is_last ? fs::path() : *(&file + 1), std::move(reasons)};
    } catch (const Error& error) {
      reasons.emplace_back(error.what());
    }
  }
  throw Error(ErrorCode::model_damaged,
              fmt::format("run {} can't be resumed, none of its checkpoints is sound:\n  {}",
                          run_id_text(run.run_id), fmt::join(reasons, "\n  ")));
}

std::vector<std::string> remove_old_checkpoints(const fs::path& store, int days, const io::RunId& keep) {
  constexpr std::int64_t day = 24 * 60 * 60;
  std::vector<std::string> removed;
  for (const std::string& name : names_in(store / folder_name)) {  // killed before the first checkpoint
    const fs::path folder = store / folder_name / name;
    const std::optional<io::RunId> run_id = parse_run_id(name);
    if (run_id && *run_id != keep && !run_in(folder)) remove_checkpoints(folder);
  }
  for (const CheckpointedRun& run : checkpointed_runs(store)) {
    if (run.run_id == keep || std::time(nullptr) - run.saved_at <= days * day) continue;
    remove_checkpoints(run.folder);
    removed.push_back(run_id_text(run.run_id));
  }
  return removed;
}

void remove_checkpoints(const fs::path& folder) {
  remove_temporaries(folder);
  std::error_code ignored;  // a file that stays behind costs space, nothing else
  for (const std::string& name : checkpoints_in(folder)) fs::remove(folder / name, ignored);
  fs::remove(folder / io::model_file_names::training_log, ignored);
  fs::remove(folder, ignored);
}

// ---- names

fs::path checkpoint_folder(const fs::path& store, const io::RunId& run_id) {
  return store / folder_name / run_id_text(run_id);
}

std::string checkpoint_file_name(const io::TrainingProgress& progress) {
  return file_name({progress.steps, progress.epoch});
}

std::vector<std::string> checkpoints_in(const fs::path& folder) {
  std::vector<std::string> names = names_in(folder);
  std::erase_if(names, [](const std::string& name) { return !parse_file_name(name); });
  return names;
}

void remove_temporaries(const fs::path& folder) {
  std::error_code ignored;
  for (const std::string& name : names_in(folder))
    if (is_temporary(name)) fs::remove(folder / name, ignored);
}

}  // namespace deepmine::lifecycle
