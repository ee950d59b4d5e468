// A training that was stopped and gone on with gives the bits of one that was not.
#include <doctest/doctest.h>

#include <cerrno>
#include <cmath>
#include <optional>

#include "engine/nn/numerics_version.h"
#include "io/atomic_file.h"
#include "io/model_file_names.h"
#include "lifecycle/checkpoint.h"
#include "lifecycle/store.h"
#include "tests/io/expect_error.h"
#include "tests/io/system_call_faults.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/published_model.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

/// The state as it would be after a way through a file.
io::TrainingState through_a_file(io::TrainingState state, const train::TrainingPlan& plan) {
  io::Checkpoint checkpoint;
  checkpoint.identity.plan = plan;
  checkpoint.identity.network = tiny_network();
  checkpoint.state = std::move(state);
  return io::parse_checkpoint_file(io::write_checkpoint_file(checkpoint), "checkpoint").state;
}

struct Stopped {
  TrainedNetwork trained;
  std::optional<io::TrainingState> state;
};

/// Trains until `stop_at` steps were made in this session.
Stopped train_until(TrainingSetup setup, std::int64_t stop_at, const io::TrainingState* from = nullptr) {
  std::optional<io::TrainingState> state;
  std::int64_t steps = 0;
  TrainingHooks hooks;
  hooks.step_ended = [&](const StepReport&) { ++steps; };
  hooks.stop_requested = [&] { return steps == stop_at; };
  hooks.save_state = [&](io::TrainingState saved) { state = std::move(saved); };
  setup.resume_from = from;
  return {lifecycle::train(setup, hooks), std::move(state)};
}

void check_same(const TrainedNetwork& a, const TrainedNetwork& b) {
  CHECK(values_of(a.parameters) == values_of(b.parameters));
  CHECK(a.best_epoch == b.best_epoch);
  CHECK(a.steps == b.steps);
  CHECK(a.samples == b.samples);
  CHECK(a.dropped_samples == b.dropped_samples);
  REQUIRE(a.epochs.size() == b.epochs.size());
  for (std::size_t i = 0; i < a.epochs.size(); ++i) CHECK(bits_of(a.epochs[i]) == bits_of(b.epochs[i]));
}

/// Three epochs in which the schedule moves: lower learning rate, a best epoch before the last.
train::TrainingPlan eventful_plan() {
  train::TrainingPlan plan = short_plan(3);
  plan.batch_size = 40;
  plan.learning_rate = 0.03;
  plan.plateau_patience = 1;
  plan.plateau_improvement = 1000;
  plan.class_weights = train::ClassWeights::balanced;
  return plan;
}

}  // namespace

TEST_CASE("stopped at any step of the run, and gone on with, by any number of threads: the same bits") {
  TinyTraining tiny;
  tiny.split.training.windows.resize(161);  // the last batch has one sample and is dropped
  const train::TrainingPlan plan = eventful_plan();
  const TrainedNetwork whole = lifecycle::train(tiny.setup(plan));
  REQUIRE(whole.steps == 12);
  REQUIRE(whole.dropped_samples == 3);
  REQUIRE(whole.epochs[2].learning_rate < whole.epochs[0].learning_rate);
  for (std::int64_t stop = 1; stop <= whole.steps; ++stop) {
    CAPTURE(stop);
    const Stopped first = train_until(tiny.setup(plan, 1 + static_cast<int>(stop % 2)), stop);
    REQUIRE(first.trained.interrupted);
    REQUIRE(first.state.has_value());
    CHECK(first.state->progress.steps == stop);
    const io::TrainingState state = through_a_file(*first.state, plan);
    check_same(train_until(tiny.setup(plan, 1 + static_cast<int>(stop % 3)), -1, &state).trained, whole);
  }
  // Stopped after every single step.
  std::optional<io::TrainingState> state;
  for (int sessions = 0; sessions < 100; ++sessions) {
    Stopped session = train_until(tiny.setup(plan), 1, state ? &*state : nullptr);
    if (!session.trained.interrupted) {
      check_same(session.trained, whole);
      CHECK(sessions == whole.steps);
      return;
    }
    state = through_a_file(std::move(*session.state), plan);
  }
  FAIL("the training never came to its end");
}

TEST_CASE("states that are handed out while it trains are as good, at the end of an epoch too") {
  const TinyTraining tiny;
  train::TrainingPlan plan = eventful_plan();
  plan.patience = 1;  // ends by early stopping
  plan.minimum_improvement = 1000;
  const TrainedNetwork whole = lifecycle::train(tiny.setup(plan));
  REQUIRE(whole.epochs.size() == 2);
  std::vector<io::TrainingState> states;
  TrainingHooks hooks;
  hooks.save_wanted = [&](bool) { return true; };
  hooks.save_state = [&](io::TrainingState state) { states.push_back(std::move(state)); };
  check_same(lifecycle::train(tiny.setup(plan), hooks), whole);  // looking on changes nothing
  CHECK(states.size() == static_cast<std::size_t>(whole.steps) + 2);
  for (const io::TrainingState& state : states) {
    const io::TrainingState again = through_a_file(state, plan);
    CAPTURE(state.progress.steps);
    CAPTURE(state.progress.epoch);
    check_same(train_until(tiny.setup(plan), -1, &again).trained, whole);
  }
  CHECK(states.back().progress.epoch == 3);  // it is over: no step is made
  CHECK(train_until(tiny.setup(plan), 1, &states.back()).trained.interrupted == false);
}

TEST_CASE("a state of another network is refused") {
  const TinyTraining tiny;
  io::TrainingState state = *train_until(tiny.setup(short_plan(1)), 1).state;
  state.tensors.front().name = "other";
  expect_error(ErrorCode::model_damaged, "the state to resume from: has no tensor",
               [&] { train_until(tiny.setup(short_plan(1)), -1, &state); });
}

TEST_CASE("a run that is stopped and resumed again and again publishes what an uninterrupted one does") {
  const TemporaryFolder folder;
  const auto request_for = [](const std::filesystem::path& store) {
    TrainingRequest request = tiny_request(store, 8);
    request.plan.learning_rate = 0.05;  // soon too good at its own data
    request.plan.patience = 3;
    return request;
  };
  const io::ModelMetadata whole = run_training(request_for(folder / "whole")).metadata;
  REQUIRE(whole.best_epoch < whole.epochs_run);
  const std::filesystem::path store = folder / "stopped";
  int sessions = 0;
  std::string run;
  for (bool done = false; !done; ++sessions) {
    REQUIRE(sessions < 50);
    TrainingRequest request = request_for(store);
    request.threads = 1 + sessions % 3;
    if (sessions > 0) request.resume = run.substr(0, 8);
    TrainingRunHooks hooks;
    hooks.warning = [](const std::string& text) { FAIL_CHECK(text); };
    TrainingOutline outline;
    hooks.started = [&](const TrainingOutline& known) { outline = known; };
    int steps = 0;
    hooks.training.stop_requested = [&] { return ++steps == 9; };
    const TrainingOutcome outcome = run_training(request, hooks);
    CHECK(outline.resumed == (sessions > 0));
    if (sessions > 0) CHECK(outcome.run == run);
    run = outcome.run;
    done = !outcome.interrupted;
    CHECK(ModelStore(store).current().has_value() == done);
  }
  CHECK(sessions > 3);
  check_same_model(store, folder / "whole");
  CHECK(checkpointed_runs(store).empty());
  CHECK(!std::filesystem::exists(store / "checkpoints" / run));
  expect_error(ErrorCode::model_missing, "there is no checkpoint to resume from", [&] {
    TrainingRequest request = request_for(store);
    request.resume = "";
    run_training(request);
  });
}

TEST_CASE("a run is gone on with only if all that its bits follow from is the same; what is not is named") {
  const TemporaryFolder folder;
  const std::filesystem::path store = folder / "m";
  interrupt_after(5, tiny_request(store));
  const auto expect_refused = [&](const std::string& part, auto&& change) {
    TrainingRequest request = tiny_request(store);
    request.resume = "";
    change(request);
    expect_error(ErrorCode::usage, part, [&] { run_training(request); });
  };
  using R = TrainingRequest;
  expect_refused("data.sha256: aaaa", [](R& r) { r.data_sha256 = std::string(64, 'b'); });
  expect_refused("records_sha256: ", [](R& r) { r.records[3].readings.days[7][2] += 1e-9; });
  expect_refused("split.method: stope when the run began, random now",
                 [](R& r) { r.split.method = stope::SplitMethod::random; });
  expect_refused("split.test_fraction: 0.2 when the run began, 0.3 now",
                 [](R& r) { r.split.test_fraction = 0.3; });
  expect_refused("plan.seed: 5 when the run began, 6 now", [](R& r) { r.plan.seed = 6; });
  expect_refused("plan.epochs: 2 when the run began, 3 now", [](R& r) { r.plan.epochs = 3; });
  expect_refused("network.head_units: 6 when the run began, 7 now", [](R& r) { r.network.head_units = 7; });
  expect_refused("settings.risk_rules.", [](R& r) { r.settings.risk_rules.far_weight += 1; });

  // Another machine, or another program.
  const CheckpointedRun run = choose_run(store, "");
  io::Checkpoint checkpoint = load_checkpoint(run).checkpoint;
  checkpoint.identity.kernel_path = "abacus";
  checkpoint.identity.numerics_version += 1;
  const std::string original = io::read_file(run.files.front(), 1 << 26);
  io::write_file_atomically(run.files.front(), io::write_checkpoint_file(checkpoint));
  expect_refused("kernel_path: abacus when the run began", [](R&) {});
  expect_refused("numerics_version: " + std::to_string(nn::numerics_version + 1) + " when the run began, " +
                     std::to_string(nn::numerics_version) + " now",
                 [](R&) {});

  // Refused is not lost.
  io::write_file_atomically(run.files.front(), original);
  TrainingRequest request = tiny_request(store);
  request.resume = "";
  CHECK(run_training(request).sequence == 1);
}

TEST_CASE(
    "the newest checkpoint is damaged: the one before it is gone on from, saying so, to the same bits") {
  const TemporaryFolder folder;
  run_training(tiny_request(folder / "whole"));
  const std::filesystem::path store = folder / "m";
  TrainingRequest every_step = tiny_request(store);
  every_step.checkpoint_every = 0;
  interrupt_after(7, every_step);
  const CheckpointedRun run = choose_run(store, "");
  REQUIRE(run.files.size() == 2);
  std::string bytes = io::read_file(run.files.front(), 1 << 26);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
  io::write_file_atomically(run.files.front(), bytes);
  TrainingRequest request = tiny_request(store);
  request.resume = "";
  TrainingRunHooks hooks;
  std::vector<std::string> warnings;
  hooks.warning = [&](const std::string& text) { warnings.push_back(text); };
  int steps_at_start = 0;
  hooks.started = [&](const TrainingOutline& outline) { steps_at_start = outline.step; };
  run_training(request, hooks);
  CHECK(steps_at_start == 6);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("checkpoint_step_0000000007_epoch_0001: damaged") != std::string::npos);
  CHECK(warnings[0].find("going on from the checkpoint before it, checkpoint_step_0000000006_epoch_0001") !=
        std::string::npos);
  check_same_model(store, folder / "whole");
}

TEST_CASE(
    "the metadata of a resumed run tell of all its sessions; another version of the program is mentioned") {
  const TemporaryFolder folder;
  const std::filesystem::path store = folder / "m";
  interrupt_after(7, tiny_request(store));
  const CheckpointedRun run = choose_run(store, "");
  io::Checkpoint checkpoint = load_checkpoint(run).checkpoint;
  checkpoint.started_at = "2024-03-30T12:00:00Z";
  checkpoint.state.progress.seconds = 5000;
  checkpoint.program_version = "0.0.9";
  io::write_file_atomically(run.files.front(), io::write_checkpoint_file(checkpoint));
  TrainingRequest request = tiny_request(store);
  request.resume = "";
  TrainingRunHooks hooks;
  std::vector<std::string> warnings;
  hooks.warning = [&](const std::string& text) { warnings.push_back(text); };
  const io::ModelMetadata metadata = run_training(request, hooks).metadata;
  CHECK(metadata.created_at == "2024-03-30T12:00:00Z");
  CHECK(metadata.duration_seconds > 5000);
  CHECK(metadata.duration_seconds < 5100);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("version 0.0.9 of deepmine") != std::string::npos);
}

TEST_CASE("a disk that is full while it trains costs a warning, not the training") {
  const TemporaryFolder folder;
  run_training(tiny_request(folder / "whole"));
  TrainingRequest request = tiny_request(folder / "m");
  request.checkpoint_every = 0;
  TrainingRunHooks hooks;
  std::vector<std::string> warnings;
  hooks.warning = [&](const std::string& text) { warnings.push_back(text); };
  int steps = 0;
  hooks.training.step_ended = [&](const StepReport&) { ++steps; };
  std::int64_t steps_saved = 0;
  hooks.training.epoch_ended = [&](const EpochRecord& record, const nn::Parameters<float>&) {
    if (record.epoch == 2)
      steps_saved = load_checkpoint(choose_run(folder / "m", "")).checkpoint.state.progress.steps;
  };
  const SystemCallWatch watch([&](const SystemCall& call) {
    const bool in_checkpoints = call.path.find("/checkpoints/") != std::string::npos;
    return Verdict{.error_number = call.name == "write" && in_checkpoints && steps > 4 ? ENOSPC : 0};
  });
  CHECK(run_training(request, hooks).sequence == 1);
  CHECK(steps_saved == 4);  // the last good one was there to the end
  REQUIRE(!warnings.empty());
  CHECK(warnings[0].find("a checkpoint could not be written") == 0);
  CHECK(warnings[0].find("No space left on device") != std::string::npos);
  CHECK(warnings.size() <= 2);  // and the log
  check_same_model(folder / "m", folder / "whole");
}

TEST_CASE("a disk that is full when the model is to be published: the run can be resumed, and then it is") {
  const TemporaryFolder folder;
  run_training(tiny_request(folder / "whole"));
  TrainingRequest request = tiny_request(folder / "m");
  request.checkpoint_every = 0;
  {
    const SystemCallWatch watch([&](const SystemCall& call) {
      const bool in_staging = call.path.find("/staging/") != std::string::npos;
      return Verdict{.error_number = call.name == "write" && in_staging ? ENOSPC : 0};
    });
    expect_error(ErrorCode::failure, "the training is over but not published",
                 [&] { run_training(request); });
  }
  request.resume = "";
  TrainingRunHooks hooks;
  hooks.training.step_ended = [](const StepReport&) { FAIL_CHECK("a step was made again"); };
  CHECK(run_training(request, hooks).sequence == 1);
  check_same_model(folder / "m", folder / "whole");
}

TEST_CASE("killed when the version stood in its place but was not in service yet: the run is published") {
  const TemporaryFolder folder;
  TrainingRequest request = tiny_request(folder / "m");
  request.checkpoint_every = 0;
  {
    const SystemCallWatch watch([&](const SystemCall& call) {
      const bool is_current = call.path.find("/.CURRENT.tmp.") != std::string::npos;
      return Verdict{.error_number = call.name == "rename" && is_current && call.number > 20 ? EIO : 0};
    });
    expect_error(ErrorCode::failure, "not published", [&] { run_training(request); });
  }
  REQUIRE(ModelStore(folder / "m").list().versions.size() == 1);
  REQUIRE(!ModelStore(folder / "m").current());
  request.resume = "";
  const TrainingOutcome outcome = run_training(request);
  CHECK(!outcome.was_published_before);
  CHECK(outcome.sequence == 2);
  CHECK(ModelStore(folder / "m").current()->sequence == 2);
}

TEST_CASE("killed between publishing and clearing up: the run is not published a second time") {
  const TemporaryFolder folder;
  const std::filesystem::path store = folder / "m", kept = folder / "kept";
  TrainingRequest request = tiny_request(store);
  request.checkpoint_every = 0;
  TrainingRunHooks hooks;
  hooks.training.epoch_ended = [&](const EpochRecord& record, const nn::Parameters<float>&) {
    if (record.epoch == 2)
      std::filesystem::copy(store / "checkpoints", kept, std::filesystem::copy_options::recursive);
  };
  const TrainingOutcome published = run_training(request, hooks);
  std::filesystem::copy(kept, store / "checkpoints", std::filesystem::copy_options::recursive);
  request.resume = "";
  const TrainingOutcome again = run_training(request);
  CHECK(again.was_published_before);
  CHECK(again.run == published.run);
  CHECK(again.sequence == published.sequence);
  CHECK(again.metadata.model_id == published.metadata.model_id);
  CHECK(ModelStore(store).list().versions.size() == 1);
  CHECK(checkpointed_runs(store).empty());
}
