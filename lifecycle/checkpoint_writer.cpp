#include "lifecycle/checkpoint_writer.h"

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/model_file_names.h"
#include "lifecycle/checkpoint.h"

namespace deepmine::lifecycle {

namespace fs = std::filesystem;

namespace {

constexpr double epoch_interval = 5;         // seconds between checkpoints at the ends of short epochs
constexpr double least_work_per_cost = 100;  // 1 %

double seconds_between(CheckpointSchedule::Clock::time_point begin,
                       CheckpointSchedule::Clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

}  // namespace

bool CheckpointSchedule::is_due(bool epoch_has_ended, Clock::time_point now) const {
  if (every_ <= 0) return true;
  const double interval = epoch_has_ended ? std::min(every_, epoch_interval) : every_;
  return seconds_between(last_, now) >= std::max(interval, least_work_per_cost * cost_);
}

void CheckpointSchedule::attempted(Clock::time_point begin, Clock::time_point end) {
  cost_ = seconds_between(begin, end);
  last_ = end;
}

CheckpointWriter::CheckpointWriter(const fs::path& store, const io::RunId& run_id, double every,
                                   Warning warning, fs::path newest, fs::path previous)
    : folder_(checkpoint_folder(store, run_id)),
      newest_(std::move(newest)),
      previous_(std::move(previous)),
      warning_(std::move(warning)),
      schedule_(every) {
  io::create_folders(folder_);
  remove_temporaries(folder_);
}

bool CheckpointWriter::save(const io::Checkpoint& checkpoint) {
  const auto begin = CheckpointSchedule::Clock::now();
  const bool worked = attempt("a checkpoint", checkpoint_worked_, [&] {
    const fs::path file = folder_ / checkpoint_file_name(checkpoint.state.progress);
    io::write_file_atomically(file, io::write_checkpoint_file(checkpoint));
    if (file != newest_) previous_ = std::exchange(newest_, file);
    // Damaged ones that the run did not go on from are among the rest.
    std::error_code ignored;  // a file that stays behind costs space, nothing else
    for (const std::string& name : checkpoints_in(folder_))
      if (folder_ / name != newest_ && folder_ / name != previous_) fs::remove(folder_ / name, ignored);
  });
  schedule_.attempted(begin, CheckpointSchedule::Clock::now());
  return worked;
}

void CheckpointWriter::save_log(const std::string& training_log) {
  attempt("the training log", log_worked_,
          [&] { io::write_file_atomically(folder_ / io::model_file_names::training_log, training_log); });
}

void CheckpointWriter::remove() const {
  remove_checkpoints(folder_);
}

bool CheckpointWriter::attempt(const char* what, bool& worked_before, const std::function<void()>& write) {
  std::string problem;
  try {
    write();
  } catch (const Error& error) {
    problem = error.what();
  } catch (const std::bad_alloc&) {
    problem = "not enough memory";
  }
  const bool worked = problem.empty();
  if (warning_ && worked != worked_before) {
    if (worked)
      warning_(std::string(what) + " could be written again");
    else
      warning_(std::string(what) + " could not be written (" + problem + "); the training goes on, " +
               (newest_.empty() ? "but it can't be resumed yet"
                                : "and can be resumed from " + newest_.filename().string()));
  }
  return worked_before = worked;
}

}  // namespace deepmine::lifecycle
