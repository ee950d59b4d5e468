#include <doctest/doctest.h>

#include "io/atomic_file.h"
#include "lifecycle/checkpoint.h"
#include "lifecycle/checkpoint_writer.h"
#include "tests/io/expect_error.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/tiny_checkpoint.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

constexpr io::RunId first{0xaa, 1}, second{0xaa, 2}, third{0xbb};

void save(const std::filesystem::path& store, const io::RunId& run, std::int64_t steps) {
  CheckpointWriter(store, run, 0, {}).save(tiny_checkpoint(run, steps));
}

/// As if the run's checkpoints had been saved some days ago.
void age(const std::filesystem::path& store, const io::RunId& run, int days) {
  for (const std::string& name : checkpoints_in(checkpoint_folder(store, run)))
    std::filesystem::last_write_time(
        checkpoint_folder(store, run) / name,
        std::filesystem::file_time_type::clock::now() - std::chrono::hours(24 * days));
}

}  // namespace

TEST_CASE("without a checkpoint there is nothing to resume") {
  const TemporaryFolder store;
  CHECK(checkpointed_runs(store.path()).empty());
  expect_error(ErrorCode::model_missing, "there is no checkpoint to resume from",
               [&] { choose_run(store.path(), ""); });
  // Folders that are no runs, and a run that has none yet.
  io::create_folders(store / "checkpoints" / "notes");
  io::create_folders(checkpoint_folder(store.path(), third));
  io::write_file_atomically(store / "checkpoints" / "README", "x");
  CHECK(checkpointed_runs(store.path()).empty());
}

TEST_CASE("a run is chosen by the first digits of its id, and need not be if it is the only one") {
  const TemporaryFolder store;
  save(store.path(), first, 12);
  CHECK(choose_run(store.path(), "").run_id == first);
  save(store.path(), second, 7);
  save(store.path(), third, 9);
  age(store.path(), second, 1);
  age(store.path(), third, 2);
  const auto runs = checkpointed_runs(store.path());
  REQUIRE(runs.size() == 3);
  CHECK(runs[0].run_id == first);  // the latest saved first
  CHECK(runs[2].run_id == third);
  CHECK(runs[2].steps == 9);
  CHECK(runs[2].epoch == 1);
  CHECK(choose_run(store.path(), "bb").run_id == third);
  CHECK(choose_run(store.path(), "aa02").run_id == second);
  expect_error(ErrorCode::usage, "3 runs can be resumed: name one", [&] { choose_run(store.path(), ""); });
  expect_error(ErrorCode::usage, "2 runs can be resumed: name one", [&] { choose_run(store.path(), "aa"); });
  expect_error(ErrorCode::usage, "\n  aa020000000000000000000000000000  epoch 1, step 7, saved 20",
               [&] { choose_run(store.path(), "aa"); });
  expect_error(ErrorCode::usage, "no run that can be resumed begins with 'cc'; there are:\n  aa01",
               [&] { choose_run(store.path(), "cc"); });
}

TEST_CASE("a damaged checkpoint is passed over, saying so; without a sound one there is no run") {
  const TemporaryFolder store;
  const auto path = [&](std::int64_t steps) {
    return checkpoint_folder(store.path(), first) /
           checkpoint_file_name(tiny_checkpoint(first, steps).state.progress);
  };
  CheckpointWriter writer(store.path(), first, 0, {});
  writer.save(tiny_checkpoint(first, 1));
  writer.save(tiny_checkpoint(first, 2));
  CHECK(load_checkpoint(choose_run(store.path(), "")).passed_over.empty());
  const std::string sound = io::read_file(path(2), 1 << 20);
  io::write_file_atomically(path(2), sound.substr(0, sound.size() / 2));
  const LoadedCheckpoint loaded = load_checkpoint(choose_run(store.path(), ""));
  CHECK(loaded.file == path(1));
  CHECK(loaded.previous.empty());
  REQUIRE(loaded.passed_over.size() == 1);
  CHECK(loaded.passed_over[0].find("checkpoint_step_0000000002_epoch_0001: truncated") != std::string::npos);

  // Sound, but of another run.
  io::write_file_atomically(path(2), io::write_checkpoint_file(tiny_checkpoint(second, 2)));
  CHECK(load_checkpoint(choose_run(store.path(), "")).passed_over.at(0).find("is of another run, aa02") !=
        std::string::npos);

  std::string newer = io::read_file(path(1), 1 << 20);
  newer[8] = 9;  // the frame's version, looked at before the hash
  io::write_file_atomically(path(1), newer);
  expect_error(ErrorCode::model_damaged, "none of its checkpoints is sound:\n  ",
               [&] { load_checkpoint(choose_run(store.path(), "")); });
  expect_error(ErrorCode::model_damaged, "made by a newer version of deepmine",
               [&] { load_checkpoint(choose_run(store.path(), "")); });
}

TEST_CASE("checkpoints that nobody went on with age out") {
  const TemporaryFolder store;
  for (const io::RunId& run : {first, second, third}) save(store.path(), run, 1);
  age(store.path(), first, 31);
  age(store.path(), second, 29);
  age(store.path(), third, 400);
  io::write_file_atomically(checkpoint_folder(store.path(), first) / "notes", "mine");
  const std::filesystem::path unborn = checkpoint_folder(store.path(), {0xcc});
  io::create_folders(unborn);
  io::write_file_atomically(unborn / ".checkpoint_step_0000000001_epoch_0001.tmp.12.0", "half");
  io::create_folders(store / "checkpoints" / "notes");
  CHECK(remove_old_checkpoints(store.path(), 30, third) ==
        std::vector<std::string>{"aa010000000000000000000000000000"});
  CHECK(checkpointed_runs(store.path()).size() == 2);
  CHECK(std::filesystem::exists(checkpoint_folder(store.path(), first) / "notes"));
  CHECK(!std::filesystem::exists(unborn));
  CHECK(std::filesystem::exists(store / "checkpoints" / "notes"));
}
