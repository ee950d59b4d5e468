#include <doctest/doctest.h>

#include <cmath>

#include "io/atomic_file.h"
#include "lifecycle/loaded_model.h"
#include "lifecycle/publishing_gate.h"
#include "lifecycle/training_run.h"
#include "tests/io/expect_error.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/tiny_training.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

io::ModelMetadata figures(double current, double future, std::size_t stopes = 100) {
  io::ModelMetadata metadata;
  metadata.sequence = 3;
  metadata.data.sha256 = std::string(64, 'a');
  for (std::size_t i = 0; i < stopes; ++i) metadata.split.test_stopes.push_back(std::to_string(i));
  metadata.metrics["test"]["current"]["balanced_accuracy"] = current;
  metadata.metrics["test"]["future_1d"]["accuracy"] = future + 0.1;
  metadata.metrics["test"]["future_7d"]["accuracy"] = future - 0.1;
  return metadata;
}

bool accepts(const io::ModelMetadata& candidate, const io::ModelMetadata* in_service,
             const GatePolicy& policy, const std::string& part) {
  const GateVerdict verdict = judge_figures(candidate, in_service, policy);
  CHECK_MESSAGE(verdict.text.find(part) != std::string::npos, verdict.text);
  return verdict.accepted;
}

}  // namespace

TEST_CASE("beside the model in service: on the same stopes, not worse by more than the tolerance") {
  const io::ModelMetadata in_service = figures(0.80, 0.70);
  const GatePolicy policy;
  CHECK(accepts(figures(0.781, 0.70), &in_service, policy, "0.781, version 3 has 0.800"));
  CHECK_FALSE(accepts(figures(0.779, 0.70), &in_service, policy,
                      "worse by more than 0.02: balanced accuracy of the current head"));
  CHECK_FALSE(accepts(figures(0.90, 0.67), &in_service, policy, "mean accuracy of the future heads"));
  CHECK_FALSE(accepts(figures(std::nan(""), 0.70), &in_service, policy, "worse"));
  GatePolicy generous;
  generous.tolerance = 0.1;
  CHECK(accepts(figures(0.71, 0.61), &in_service, generous, "none is worse by more than 0.1"));
}

TEST_CASE("other data, another split or too few stopes are no comparison: the floor decides") {
  const io::ModelMetadata in_service = figures(0.95, 0.95);
  const GatePolicy policy;
  io::ModelMetadata other_data = figures(0.6, 0.6);
  other_data.data.sha256[0] = 'b';
  CHECK(accepts(other_data, &in_service, policy, "the floor 0."));
  io::ModelMetadata other_split = figures(0.6, 0.6);
  other_split.split.test_stopes.back() = "another";
  CHECK(accepts(other_split, &in_service, policy, "the floor 0."));
  const io::ModelMetadata few = figures(0.95, 0.95, 4);
  CHECK(accepts(figures(0.6, 0.6, 4), &few, policy, "the floor 0."));
  GatePolicy floor;
  floor.mode = GateMode::floor;
  CHECK(accepts(figures(0.6, 0.6), &in_service, floor, "the floor 0."));
}

TEST_CASE("the floor allows what so few stopes may cost by chance, and no more") {
  const GatePolicy policy;  // 100 stopes: 0.5 - 0.082
  CHECK(accepts(figures(0.42, 0.5), nullptr, policy, "not below the floor 0.418"));
  CHECK_FALSE(accepts(figures(0.41, 0.5), nullptr, policy, "below the floor 0.418"));
  CHECK(accepts(figures(0.25, 0.5, 10), nullptr, policy, "(10 stopes)"));
  CHECK_FALSE(accepts(figures(0.20, 0.5, 10), nullptr, policy, "(10 stopes)"));
  GatePolicy strict;
  strict.floor = 0.8;  // what somebody asks for is taken at its word
  CHECK_FALSE(accepts(figures(0.79, 0.5, 10), nullptr, strict, "below the floor 0.800"));
  CHECK_FALSE(accepts(figures(0.7, 0.5), nullptr, strict, "below the floor 0.800"));
}

TEST_CASE("what is not known is not judged, and said so") {
  const GatePolicy policy;
  CHECK(accepts(figures(std::nan(""), 0.5), nullptr, policy, "not judged"));
  io::ModelMetadata no_parts = figures(0.1, 0.1);
  no_parts.metrics.clear();
  CHECK(accepts(no_parts, nullptr, policy, "neither a test nor a validation part"));
  GatePolicy asked;
  asked.floor = 0.1;
  CHECK_FALSE(accepts(figures(std::nan(""), 0.5), nullptr, asked, "is not known"));
  CHECK_FALSE(accepts(no_parts, nullptr, asked, "neither a test nor a validation part"));
  GatePolicy off;
  off.mode = GateMode::off;
  CHECK(accepts(figures(0.0, 0.0), nullptr, off, "the gate is off"));
  io::ModelMetadata validation = figures(0.1, 0.1);
  validation.metrics["validation"] = validation.metrics["test"];
  validation.metrics.erase("test");
  for (int i = 0; i < 100; ++i) validation.split.validation_stopes.push_back(std::to_string(i));
  CHECK_FALSE(accepts(validation, nullptr, policy, "on the validation part (100 stopes)"));
}

namespace {

/// A whole small model in a store of its own, for publishing it again in variations.
struct Trained {
  TemporaryFolder folder;
  ModelStore store{folder / "models"};
  Trained() {
    TrainingRequest request;
    request.records = simulated_records();
    request.data_sha256 = std::string(64, 'a');
    request.network = tiny_network();
    request.plan = short_plan(1);
    request.store = store.root();
    request.gate.mode = GateMode::off;
    run_training(std::move(request));
  }
  SavedModel next(double current) const {
    SavedModel model = parse_saved_model(*store.read_current());
    model.metadata.sequence = store.lock_for_writing().next_sequence();
    model.metadata.metrics["test"]["current"]["balanced_accuracy"] = current;
    return model;
  }
  ModelPublication publish(const SavedModel& model, const GatePolicy& policy) const {
    StoreWriter writer = store.lock_for_writing();
    return publish_model(writer, model, "epoch\n", policy);
  }
};

}  // namespace

TEST_CASE("a refused model is kept and marked; the one in service stays; force publishes with its reason") {
  const Trained trained;
  GatePolicy policy;
  policy.floor = 0.9;
  policy.mode = GateMode::floor;
  SavedModel model = trained.next(0.1);
  model.metadata.split.test_stopes.assign(400, "");
  for (std::size_t i = 0; i < 400; ++i) model.metadata.split.test_stopes[i] = "stope " + std::to_string(i);

  const ModelPublication refused = trained.publish(model, policy);
  CHECK(refused.rejected);
  CHECK(refused.sequence == 2);
  CHECK(refused.refusal.find("balanced accuracy of the current head 0.100, below the floor 0.900") !=
        std::string::npos);
  CHECK(trained.store.current()->sequence == 1);
  CHECK(*trained.store.rejection(2) == refused.refusal);
  CHECK(trained.store.examine(2, &check_model).state == VersionState::rejected);

  model.metadata.sequence = 3;
  policy.force_reason = "the old one is worse in the north";
  const ModelPublication forced = trained.publish(model, policy);
  CHECK(forced.in_service);
  const StoreEvent last = trained.store.events().events.back();
  CHECK(last.why.starts_with("forced: the old one is worse in the north; the gate would have refused it: "));
  CHECK(load_current(trained.store)->metadata().sequence == 3);
}

TEST_CASE(
    "a model whose test cases don't give their answers is refused, whatever its figures and the force") {
  const Trained trained;
  SavedModel model = trained.next(0.99);
  model.components.test_cases.expected.front().outputs.front().front() += 1;
  for (auto& expected : model.components.test_cases.expected) expected.outputs.front().front() += 1;
  GatePolicy policy;
  policy.force_reason = "we want it";
  const ModelPublication refused = trained.publish(model, policy);
  CHECK(refused.rejected);
  CHECK(refused.refusal.find("does not give the answers") != std::string::npos);
  CHECK(load_current(trained.store)->metadata().sequence == 1);
}

TEST_CASE("loading falls back to an older good version and says why; without any there is none") {
  const Trained trained;
  GatePolicy off;
  off.mode = GateMode::off;
  CHECK(load_in_service(ModelStore(trained.folder / "none")).problem.empty());
  for (int n = 2; n <= 4; ++n) CHECK(trained.publish(trained.next(0.9), off).in_service);
  const auto sound = load_in_service(trained.store);
  CHECK(!sound.is_degraded());
  CHECK(sound.model->metadata().sequence == 4);

  const auto damage = [&](Sequence sequence) {
    const std::filesystem::path file =
        trained.store.version_folder(sequence) / "enhanced_dual_branch_model_components";
    std::string bytes = io::read_file(file, 1 << 20);
    bytes[100] = static_cast<char>(bytes[100] ^ 1);
    io::write_file_atomically(file, bytes);
  };
  damage(4);
  damage(3);
  const auto degraded = load_in_service(trained.store);
  REQUIRE(degraded.is_degraded());
  CHECK(degraded.model->metadata().sequence == 2);
  CHECK(degraded.problem.find("its SHA-256 is not the one in the manifest") != std::string::npos);
  CHECK(degraded.problem.find("version 3 can't stand in") != std::string::npos);

  // Withdrawn ones don't stand in.
  trained.store.lock_for_maintenance().roll_back(
      {.to = 2, .check = {}, .even_if_rejected = false, .reason = {}});
  trained.store.lock_for_maintenance().roll_back(
      {.to = 1, .check = {}, .even_if_rejected = false, .reason = {}});
  SavedModel model = trained.next(0.9);
  CHECK(trained.publish(model, off).sequence == 5);
  damage(5);
  CHECK(load_in_service(trained.store).model->metadata().sequence == 1);
  damage(1);
  const auto none = load_in_service(trained.store);
  CHECK(none.model == nullptr);
  CHECK(!none.problem.empty());

  io::write_file_atomically(trained.store.root() / "CURRENT", "rubbish");
  CHECK(load_in_service(trained.store).problem.find("CURRENT") != std::string::npos);
}
