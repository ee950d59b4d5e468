#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "engine/nn/adam.h"
#include "engine/nn/kernels/select.h"
#include "lifecycle/evaluation.h"
#include "lifecycle/trainer.h"
#include "tests/io/expect_error.h"
#include "tests/lifecycle/tiny_training.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("the whole training gives the same bits for 1, 2 and 3 threads") {
  const TinyTraining tiny;
  train::TrainingPlan plan = short_plan(3);
  plan.batch_size = 40;  // five lanes
  const TrainedNetwork one = lifecycle::train(tiny.setup(plan, 1));
  for (const int threads : {2, 3}) {
    const TrainedNetwork many = lifecycle::train(tiny.setup(plan, threads));
    CHECK(same_bits(values_of(many.parameters), values_of(one.parameters)));
    CHECK(many.epochs.back().validation_loss == one.epochs.back().validation_loss);
    CHECK(many.epochs.back().training_loss == one.epochs.back().training_loss);
  }
  plan.seed = 6;
  CHECK(!same_bits(values_of(lifecycle::train(tiny.setup(plan)).parameters), values_of(one.parameters)));
}

TEST_CASE("training stops early, and the best weights come back with their running statistics") {
  const TinyTraining tiny;
  train::TrainingPlan plan = short_plan(40);
  plan.learning_rate = 0.05;  // soon too good at its own data
  plan.patience = 3;
  std::vector<std::vector<float>> after_epoch;
  TrainingHooks hooks;
  hooks.epoch_ended = [&](const EpochRecord&, const nn::Parameters<float>& parameters) {
    after_epoch.push_back(values_of(parameters));
  };
  const TrainedNetwork trained = lifecycle::train(tiny.setup(plan), hooks);
  REQUIRE(trained.best_epoch > 0);
  REQUIRE(trained.epochs.size() < 40);
  CHECK(trained.epochs.size() == static_cast<std::size_t>(trained.best_epoch + 3));
  CHECK(same_bits(values_of(trained.parameters),
                  after_epoch[static_cast<std::size_t>(trained.best_epoch - 1)]));
  CHECK(!same_bits(values_of(trained.parameters), after_epoch.back()));
  double best = INFINITY;
  for (const EpochRecord& record : trained.epochs) {
    CHECK(record.best == (record.validation_loss < best));
    best = std::min(best, record.validation_loss);
  }
  CHECK(best == trained.epochs[static_cast<std::size_t>(trained.best_epoch - 1)].validation_loss);

  // The loss of what came back is the one in the log: the statistics are those of the same epoch.
  SampleSource source(tiny.dataset, tiny_network(), tiny.scaler, tiny.split.training, plan.class_weights);
  PredictionNetwork network(trained.network->specification(), nn::default_kernels());
  network.take(trained.parameters.view());
  NetworkRunner runner(network, 16, 1);
  const SelectionLoss loss = selection_loss(runner, network.specification(), source, tiny.split.validation,
                                            nn::l2_penalty(trained.parameters, plan.l2));
  CHECK(std::abs(loss.total - best) < 1e-12 * best);
}

TEST_CASE("class weights have an effect") {
  const TinyTraining tiny;
  train::TrainingPlan plan = short_plan(1);
  const auto without = values_of(lifecycle::train(tiny.setup(plan)).parameters);
  plan.class_weights = train::ClassWeights::balanced;
  CHECK(!same_bits(values_of(lifecycle::train(tiny.setup(plan)).parameters), without));
}

TEST_CASE("a last batch of one sample is dropped and counted, one of two is not") {
  TinyTraining tiny;
  for (const std::size_t windows : {33u, 34u, 32u}) {
    tiny.split.training.windows.resize(windows);
    std::iota(tiny.split.training.windows.begin(), tiny.split.training.windows.end(), 0u);
    const TrainedNetwork trained = lifecycle::train(tiny.setup(short_plan(2)));
    CAPTURE(windows);
    CHECK(trained.steps == 2 * (windows == 34 ? 3 : 2));
    CHECK(trained.dropped_samples == 2 * (windows == 33 ? 1 : 0));
    CHECK(trained.samples == 2 * (windows == 34 ? 34 : 32));
  }
}

TEST_CASE("an interruption ends after the current step; what was best so far comes back") {
  const TinyTraining tiny;
  const TrainedNetwork whole = lifecycle::train(tiny.setup(short_plan(1)));
  REQUIRE(whole.steps > 3);
  TrainingHooks hooks;
  std::int64_t steps = 0;
  hooks.step_ended = [&](const StepReport& report) {
    ++steps;
    CHECK(report.steps == whole.steps);
    CHECK(std::isfinite(report.loss));
  };
  hooks.stop_requested = [&] { return steps == 3; };
  const TrainedNetwork early = lifecycle::train(tiny.setup(short_plan(5)), hooks);
  CHECK(early.interrupted);
  CHECK(steps == 3);
  CHECK(early.steps == 3);
  CHECK(early.best_epoch == 0);
  CHECK(early.epochs.empty());
  CHECK(!same_bits(values_of(early.parameters), values_of(whole.parameters)));

  steps = 0;
  double shown = 0;
  hooks.step_ended = [&](const StepReport& report) {
    ++steps;
    shown = report.validation_loss;
    CHECK(std::isnan(shown) == (report.epoch == 1));
  };
  hooks.stop_requested = [&] { return steps == whole.steps + 2; };
  const TrainedNetwork second = lifecycle::train(tiny.setup(short_plan(5)), hooks);
  CHECK(second.interrupted);
  CHECK(second.best_epoch == 1);
  CHECK(shown == whole.epochs[0].validation_loss);
  CHECK(same_bits(values_of(second.parameters), values_of(whole.parameters)));
}

TEST_CASE("without a validation part the training loss decides") {
  TinyTraining tiny;
  tiny.split.validation.windows.clear();
  const TrainedNetwork trained = lifecycle::train(tiny.setup(short_plan(2)));
  for (const EpochRecord& record : trained.epochs) {
    CHECK(std::isnan(record.validation_loss));
    CHECK(std::isnan(record.validation_accuracy[0]));
  }
  const auto& epochs = trained.epochs;
  CHECK(epochs[0].best);
  CHECK(epochs[1].best == (epochs[1].training_loss < epochs[0].training_loss));
  CHECK(trained.best_epoch == (epochs[1].best ? 2 : 1));
}

TEST_CASE("too little data, and a loss that is no number any more, are errors") {
  TinyTraining tiny;
  train::TrainingPlan plan = short_plan(20);
  plan.learning_rate = 1e30;
  plan.clip_norm = 0;
  expect_error(ErrorCode::failure, "not a number any more",
               [&] { (void)lifecycle::train(tiny.setup(plan)); });
  tiny.split.training.windows.resize(1);
  expect_error(ErrorCode::data_invalid, "there are 1 windows to train on",
               [&] { (void)lifecycle::train(tiny.setup(short_plan(1))); });
}
