// From records to a model in service, and back: run_training, load_current, predict.
#include <doctest/doctest.h>

#include <cstring>

#include "engine/nn/kernels/select.h"
#include "lifecycle/loaded_model.h"
#include "lifecycle/network_runner.h"
#include "lifecycle/sample_source.h"
#include "lifecycle/training_run.h"
#include "tests/io/expect_error.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/tiny_request.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

bool is_empty_folder(const std::filesystem::path& path) {
  return !std::filesystem::exists(path) || std::filesystem::is_empty(path);
}

}  // namespace

TEST_CASE("a training is published, and what is loaded gives the answers of what was trained") {
  TemporaryFolder folder;
  const std::filesystem::path store = folder / "models";
  std::vector<float> best;
  TrainingRunHooks hooks;
  TrainingOutline outline;
  hooks.started = [&](const TrainingOutline& known) { outline = known; };
  hooks.training.epoch_ended = [&](const EpochRecord& record, const nn::Parameters<float>& parameters) {
    if (record.best) best = values_of(parameters);
  };
  const TrainingOutcome outcome = run_training(tiny_request(store), hooks);
  CHECK(!outcome.interrupted);
  CHECK(outcome.sequence == 1);
  CHECK(outline.training_windows > 0);
  CHECK(outline.training_stopes + outline.validation_stopes + outline.test_stopes ==
        outcome.metadata.split.training_stopes.size() + outcome.metadata.split.validation_stopes.size() +
            outcome.metadata.split.test_stopes.size());
  CHECK(is_empty_folder(store / "checkpoints"));
  for (const char* part : {"training", "validation", "test"})
    CHECK(outcome.metadata.metrics.at(part).at("current").at("samples") > 0);
  CHECK(outcome.metadata.baselines.at("rules").at("test").size() == 3);

  const auto model = load_current(ModelStore(store));
  REQUIRE(model != nullptr);
  CHECK(model->verified() == Verified::bit_for_bit);
  CHECK(model->metadata().model_id == outcome.metadata.model_id);
  const std::size_t bytes = best.size() * sizeof(float);
  REQUIRE(best.size() == model->network().layout().size());
  CHECK(std::memcmp(model->parameters().values, best.data(), bytes) == 0);

  // The same logits, bit for bit, as from the weights that were trained.
  const TinyTraining tiny;
  const Network network(tiny_network());
  nn::Parameters<float> parameters(network.layout(), false);
  std::memcpy(parameters.values(), best.data(), bytes);
  SampleSource source(tiny.dataset, tiny_network(), model->components().scaler, tiny.split.training,
                      train::ClassWeights::none);
  PredictionNetwork prediction(tiny_network(), nn::default_kernels());
  prediction.take(parameters.view());
  NetworkRunner trained(prediction, 10, 1), loaded(model->prediction(), 10, 1);
  const std::vector<std::uint32_t> windows{0, 9, 18, 27, 36, 45, 54, 63, 72};
  source.fill(trained.batch(), windows, tiny.split.training.targets_before);
  source.fill(loaded.batch(), windows, tiny.split.training.targets_before);
  trained.run();
  loaded.run();
  for (int s = 0; s < 9; ++s) CHECK(trained.logits(s) == loaded.logits(s));

  CHECK(run_training(tiny_request(store, 1)).sequence == 2);
  CHECK(load_current(ModelStore(store))->metadata().sequence == 2);
}

TEST_CASE("no model is nothing; a model whose answers changed is refused") {
  TemporaryFolder folder;
  const std::filesystem::path store = folder / "models";
  CHECK(load_current(ModelStore(store)) == nullptr);
  run_training(tiny_request(store, 1));
  SavedModel saved = parse_saved_model(*ModelStore(store).read_current());
  saved.weights.tensors.front().values.front() += 0.5f;
  expect_error(ErrorCode::model_damaged, "does not give the answers that it gave when it was saved",
               [&] { const LoadedModel changed(std::move(saved), "here"); });
}

TEST_CASE("a second training into the same store is refused while one runs") {
  TemporaryFolder folder;
  const std::filesystem::path store = folder / "models";
  TrainingRunHooks hooks;
  bool asked = false;
  hooks.started = [&](const TrainingOutline&) {
    asked = true;
    const std::string holder = "process " + std::to_string(::getpid());
    expect_error(ErrorCode::failure, "another training into this store is under way: " + holder,
                 [&] { run_training(tiny_request(store, 1)); });
  };
  CHECK(run_training(tiny_request(store, 1), hooks).sequence == 1);
  CHECK(asked);
}

TEST_CASE("an interrupted training leaves a checkpoint and the model in service as it was") {
  TemporaryFolder folder;
  const std::filesystem::path store = folder / "models";
  run_training(tiny_request(store, 1));
  TrainingRunHooks hooks;
  int steps = 0;
  hooks.training.stop_requested = [&] { return ++steps == 2; };
  const TrainingOutcome outcome = run_training(tiny_request(store, 1), hooks);
  CHECK(outcome.interrupted);
  CHECK(outcome.sequence == 0);
  CHECK(std::filesystem::is_regular_file(outcome.checkpoint));
  CHECK(outcome.epoch == 1);
  CHECK(outcome.step == 2);
  CHECK(load_current(ModelStore(store))->metadata().sequence == 1);
}

TEST_CASE("plans and networks that make no sense are refused before the store is touched") {
  TemporaryFolder folder;
  TrainingRequest bad_plan = tiny_request(folder / "models");
  bad_plan.plan.batch_size = 1;
  expect_error(ErrorCode::usage, "the training plan can't be used", [&] { run_training(bad_plan); });
  TrainingRequest bad_network = tiny_request(folder / "models");
  bad_network.network.key_size = 0;
  expect_error(ErrorCode::usage, "the network can't be built", [&] { run_training(bad_network); });
  CHECK(folder.entries() == 0);
}

TEST_CASE("a training part with one kind of stope only is refused") {
  for (const bool stable : {true, false}) {
    TemporaryFolder folder;
    TrainingRequest one_kind = tiny_request(folder / "models");
    for (stope::StopeRecord& record : one_kind.records) record.statics.stable = stable;
    expect_error(ErrorCode::data_invalid, "some of both", [&] { run_training(std::move(one_kind)); });
    CHECK(!ModelStore(folder / "models").current());
  }
}

TEST_CASE("a network that does not fit the program's records is refused") {
  TemporaryFolder folder;
  TrainingRequest misfit = tiny_request(folder / "models");
  misfit.network.risk_levels = 8;
  expect_error(ErrorCode::usage, "risk_levels is 8", [&] { run_training(std::move(misfit)); });
}
