// A training holds a lock of its own: the store can be written to meanwhile, and nothing that it needs goes.
#include <doctest/doctest.h>

#include <future>
#include <thread>

#include "lifecycle/checkpoint.h"
#include "lifecycle/loaded_model.h"
#include "lifecycle/retention.h"
#include "lifecycle/training_locks.h"
#include "tests/io/expect_error.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/published_model.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

TrainingRequest saving_request(const std::filesystem::path& store) {
  TrainingRequest request = tiny_request(store);
  request.gate.mode = GateMode::off;
  request.checkpoint_every = 0;
  return request;
}

std::string this_process() {
  return "process " + std::to_string(::getpid()) + " on host";
}

}  // namespace

TEST_CASE("while a training runs, versions are pinned, rolled back and cleaned up; then it publishes") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  for (int n = 0; n < 3; ++n) run_training(saving_request(store.root()));
  TrainingRunHooks hooks;
  int steps = 0;
  hooks.training.step_ended = [&](const StepReport&) {
    if (++steps != 3) return;
    REQUIRE(store.training_holder());
    CHECK(store.training_holder()->starts_with(this_process()));
    StoreWriter writer = store.lock_for_maintenance();
    CHECK(writer.roll_back({.to = {}, .check = &check_model, .even_if_rejected = false, .reason = "a"}).to ==
          2);
    CHECK(writer.pin(2, "b"));
    CHECK(writer.unpin(2, "c"));
    const RetentionPolicy all{.keep = 1, .leftover_age = std::chrono::seconds(0)};
    const RetentionPlan plan = plan_retention(store, all, &check_model);
    CHECK(plan.unrecognised.empty());
    CHECK(plan.leftovers.empty());
    carry_out(writer, plan, &check_model);
  };
  hooks.warning = [](const std::string& text) { FAIL_CHECK(text); };
  const TrainingOutcome outcome = run_training(saving_request(store.root()), hooks);
  CHECK(steps > 3);
  CHECK(outcome.publication.in_service);
  CHECK(outcome.sequence == 4);
  CHECK(store.current()->previous == 2);
  CHECK(!store.training_holder());
  CHECK(load_current(store)->metadata().sequence == 4);
}

TEST_CASE("cleaning up between two sessions of a run takes nothing that the run goes on from") {
  const TemporaryFolder folder;
  run_training(tiny_request(folder / "whole"));
  TrainingRequest request = tiny_request(folder / "m");
  interrupt_after(3, request);
  const ModelStore store(folder / "m");
  const RetentionPolicy all{.keep = 1, .leftover_age = std::chrono::seconds(0)};
  StoreWriter writer = store.lock_for_maintenance();
  carry_out(writer, plan_retention(store, all, &check_model), &check_model);
  request.resume = "";
  request.writer_patience = 0;
  expect_error(ErrorCode::failure, "the store is being written to by", [&] { run_training(request); });
  { const StoreWriter ended = std::move(writer); }
  run_training(request);
  check_same_model(folder / "m", folder / "whole");
}

TEST_CASE("who can't publish because the store stays locked keeps the checkpoint, and --resume publishes") {
  const TemporaryFolder folder;
  run_training(saving_request(folder / "whole"));
  TrainingRequest request = saving_request(folder / "m");
  request.writer_patience = 0.05;
  TrainingRunHooks hooks;
  std::optional<StoreWriter> other;
  std::vector<std::string> warnings;
  hooks.training.epoch_ended = [&](const EpochRecord& record, const nn::Parameters<float>&) {
    if (record.epoch == 2) other.emplace(ModelStore(folder / "m").lock_for_writing());
  };
  hooks.warning = [&](const std::string& text) { warnings.push_back(text); };
  expect_error(ErrorCode::failure,
               "the training is over but not published: when that is mended, `deepmine "
               "train --resume",
               [&] { run_training(request, hooks); });
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("the store is being written to by " + this_process()) != std::string::npos);
  CHECK(warnings[0].find("waiting for it") != std::string::npos);
  CHECK(!ModelStore(folder / "m").current());
  CHECK(!ModelStore(folder / "m").training_holder());
  REQUIRE(checkpointed_runs(folder / "m").size() == 1);

  other.reset();
  request.resume = "";
  TrainingRunHooks no_steps;
  no_steps.training.step_ended = [](const StepReport&) { FAIL_CHECK("a step was made again"); };
  CHECK(run_training(request, no_steps).publication.in_service);
  check_same_model(folder / "m", folder / "whole");
}

TEST_CASE("another writer is waited for, and the wait is said once") {
  const TemporaryFolder folder;
  TrainingRequest request = saving_request(folder / "m");
  TrainingRunHooks hooks;
  std::thread other;
  std::vector<std::string> warnings;
  std::promise<void>
      warned;  // the other writer stays until somebody waits for it, however slow this machine is
  hooks.training.epoch_ended = [&](const EpochRecord& record, const nn::Parameters<float>&) {
    if (record.epoch != 2) return;
    auto writer = std::make_shared<StoreWriter>(ModelStore(folder / "m").lock_for_writing());
    other = std::thread([writer = std::move(writer), heard = warned.get_future()]() mutable {
      heard.wait_for(std::chrono::seconds(25));
      writer.reset();
    });
  };
  hooks.warning = [&](const std::string& text) {
    warnings.push_back(text);
    if (warnings.size() == 1) warned.set_value();
  };
  const TrainingOutcome outcome = run_training(request, hooks);
  other.join();
  CHECK(outcome.publication.in_service);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("at most 30 seconds") != std::string::npos);
}

TEST_CASE("whether somebody trains can be asked without a store, and the question hinders nobody") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  CHECK(!store.training_holder());
  require_no_training(store);
  CHECK(!std::filesystem::exists(store.root()));
  const StoreLock lock = store.lock_for_training();
  CHECK(store.training_holder());
  expect_error(ErrorCode::failure, "another training into this store is under way: " + this_process(),
               [&] { require_no_training(store); });
  expect_error(ErrorCode::failure, "another training into this store is under way: " + this_process(),
               [&] { store.lock_for_training(); });
  CHECK(store.lock_for_writing().next_sequence() == 1);  // a folder with TRAINING in it is no stranger's
}
