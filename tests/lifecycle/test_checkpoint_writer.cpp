#include <doctest/doctest.h>

#include <cerrno>

#include "io/atomic_file.h"
#include "lifecycle/checkpoint.h"
#include "lifecycle/checkpoint_writer.h"
#include "tests/io/expect_error.h"
#include "tests/io/system_call_faults.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/tiny_checkpoint.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

std::vector<std::int64_t> steps_in(const std::filesystem::path& folder) {
  std::vector<std::int64_t> steps;
  for (const std::string& name : checkpoints_in(folder))
    steps.push_back(
        io::parse_checkpoint_file(io::read_frame_file(folder / name, io::FrameKind::checkpoint), name)
            .state.progress.steps);
  return steps;
}

using Steps = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a checkpoint is due after so many seconds, at the end of an epoch sooner, and never costs 1 %") {
  using Clock = CheckpointSchedule::Clock;
  const Clock::time_point start{};
  const auto at = [&](double seconds) {
    return start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  };
  CheckpointSchedule schedule(60, start);
  CHECK(!schedule.is_due(false, at(59.9)));
  CHECK(schedule.is_due(false, at(60.1)));
  CHECK(!schedule.is_due(true, at(4.9)));
  CHECK(schedule.is_due(true, at(5.1)));
  schedule.attempted(at(60), at(61));  // it took a second
  CHECK(!schedule.is_due(false, at(160.9)));
  CHECK(!schedule.is_due(true, at(160.9)));
  CHECK(schedule.is_due(false, at(161.1)));
  schedule.attempted(at(200), at(200.01));
  CHECK(schedule.is_due(true, at(205.1)));
  CHECK(!schedule.is_due(false, at(259)));

  CheckpointSchedule often(2, start);
  CHECK(often.is_due(true, at(2.1)));
  CHECK(!often.is_due(true, at(1.9)));
  CheckpointSchedule always(0, start);
  always.attempted(at(0), at(9));
  CHECK(always.is_due(false, at(9)));
}

TEST_CASE("the newest two checkpoints are kept, and nothing else is touched") {
  const TemporaryFolder store;
  const io::RunId run{1, 2, 3};
  CheckpointWriter writer(store.path(), run, 0, {});
  CHECK(writer.newest().empty());
  io::write_file_atomically(writer.folder() / "notes.txt", "mine");
  io::write_file_atomically(writer.folder() / "checkpoint_step_1_epoch_1", "not a name of ours");
  for (const std::int64_t steps : {3, 9, 10, 11}) {
    CHECK(writer.save(tiny_checkpoint(run, steps)));
    CHECK(writer.newest().filename() == checkpoint_file_name(tiny_checkpoint(run, steps).state.progress));
  }
  CHECK(writer.newest().filename() == "checkpoint_step_0000000011_epoch_0001");
  CHECK(steps_in(writer.folder()) == Steps{10, 11});
  CHECK(writer.save(tiny_checkpoint(run, 11)));  // the same again
  CHECK(steps_in(writer.folder()) == Steps{10, 11});
  writer.save_log("epoch\n");
  CHECK(io::read_file(writer.folder() / "training_log.csv", 99) == "epoch\n");
  writer.remove();
  CHECK(checkpoints_in(writer.folder()).empty());
  CHECK(!std::filesystem::exists(writer.folder() / "training_log.csv"));
  CHECK(std::filesystem::exists(writer.folder() / "notes.txt"));
  CHECK(std::filesystem::exists(writer.folder() / "checkpoint_step_1_epoch_1"));
}

TEST_CASE("what a run goes on from stays until there is something newer; what it passed over goes then") {
  const TemporaryFolder store;
  const io::RunId run{1};
  {
    CheckpointWriter writer(store.path(), run, 0, {});
    for (const std::int64_t steps : {5, 6}) writer.save(tiny_checkpoint(run, steps));
    io::write_file_atomically(writer.folder() / "checkpoint_step_0000000007_epoch_0001", "damaged");
    io::write_file_atomically(writer.folder() / ".checkpoint_step_0000000008_epoch_0001.tmp.77.0", "half");
  }
  const LoadedCheckpoint loaded = load_checkpoint(choose_run(store.path(), ""));
  CHECK(loaded.checkpoint.state.progress.steps == 6);
  CHECK(loaded.previous.filename() == "checkpoint_step_0000000005_epoch_0001");
  CheckpointWriter writer(store.path(), run, 0, {}, loaded.file, loaded.previous);
  CHECK(!std::filesystem::exists(writer.folder() / ".checkpoint_step_0000000008_epoch_0001.tmp.77.0"));
  writer.save(tiny_checkpoint(run, 6));
  CHECK(steps_in(writer.folder()) == Steps{5, 6});
  writer.save(tiny_checkpoint(run, 7));
  CHECK(steps_in(writer.folder()) == Steps{6, 7});
}

TEST_CASE(
    "whatever system call fails, there is a good checkpoint, one warning, and one when it works again") {
  for (const char* call : {"open", "write", "fsync", "rename"}) {
    CAPTURE(call);
    const TemporaryFolder store;
    const io::RunId run{1};
    std::vector<std::string> warnings;
    CheckpointWriter writer(store.path(), run, 0, [&](const std::string& text) { warnings.push_back(text); });
    REQUIRE(writer.save(tiny_checkpoint(run, 1)));
    {
      const SystemCallWatch watch(
          [&](const SystemCall& made) { return Verdict{.error_number = made.name == call ? ENOSPC : 0}; });
      CHECK(!writer.save(tiny_checkpoint(run, 2)));
      CHECK(!writer.save(tiny_checkpoint(run, 3)));
    }
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0].find("a checkpoint could not be written (") == 0);
    CHECK(warnings[0].find("No space left on device") != std::string::npos);
    CHECK(warnings[0].find("can be resumed from checkpoint_step_0000000001_epoch_0001") != std::string::npos);
    CHECK(writer.newest().filename() == "checkpoint_step_0000000001_epoch_0001");
    CHECK(load_checkpoint(choose_run(store.path(), "")).passed_over.empty());
    CHECK(writer.save(tiny_checkpoint(run, 4)));
    CHECK(warnings.size() == 2);
    CHECK(steps_in(writer.folder()) == Steps{1, 4});
    CHECK(std::distance(std::filesystem::directory_iterator(writer.folder()), {}) == 2);  // no rubbish
  }
}
