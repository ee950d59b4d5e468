#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "engine/nn/error.h"
#include "lifecycle/model_evaluation.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/tiny_request.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

/// The tiny model, trained once.
const LoadedModel& model() {
  static const TemporaryFolder folder;
  static const std::shared_ptr<const LoadedModel> loaded = [] {
    run_training(tiny_request(folder / "models"));
    return load_current(ModelStore(folder / "models"));
  }();
  REQUIRE(loaded != nullptr);
  return *loaded;
}

ModelEvaluationRequest request(std::string hash = std::string(64, 'a')) {
  ModelEvaluationRequest request;
  request.records = simulated_records();
  request.data_sha256 = std::move(hash);
  request.bootstrap.draws = 20;
  return request;
}

std::string remarks(const io::EvaluationReport& report) {
  std::string all;
  for (const std::string& remark : report.remarks) all += remark + " ";
  return all;
}

/// Other stopes: other names, other values.
std::vector<stope::StopeRecord> other_records() {
  auto records = simulated_records(20);
  records.erase(records.begin(), records.begin() + 12);
  for (stope::StopeRecord& record : records) record.name = "other " + record.name;
  return records;
}

}  // namespace

TEST_CASE(
    "on the data of its training a model is judged on the test part, with the figures of its metadata") {
  const io::EvaluationReport report = evaluate_model(model(), request());
  const auto& metadata = model().metadata();
  CHECK(report.stopes == metadata.split.test_stopes.size());
  CHECK(report.stopes_seen_in_training == 0);
  CHECK(report.model_id == metadata.model_id);
  CHECK(report.version == 1);
  int compared = 0;
  for (const auto& head : metadata.metrics.at("test"))
    for (const auto& metric : head.second) {
      const double value = metric.second, found = report.network.figure(head.first, metric.first).value;
      CAPTURE(head.first);
      CAPTURE(metric.first);
      CHECK((std::isnan(value) ? std::isnan(found) : found == value));
      ++compared;
    }
  CHECK(compared > 40);
  for (const char* name : {"persistence", "rules", "prior"})
    for (const io::PredictorEstimates& baseline : report.baselines)
      if (baseline.name == name)
        CHECK(baseline.figure("future_1d", "accuracy").value ==
              metadata.baselines.at(name).at("test").at("future_1d").at("accuracy"));
  CHECK(report.baselines.size() == 5);
}

TEST_CASE("stopes of the training are left out of other files by name, unless they are asked for") {
  const io::EvaluationReport report = evaluate_model(model(), request("another hash"));
  CHECK(report.stopes == model().metadata().split.test_stopes.size());
  CHECK(remarks(report).find("not the files of the training") != std::string::npos);

  ModelEvaluationRequest everything = request("another hash");
  everything.include_training_stopes = true;
  const io::EvaluationReport flattered = evaluate_model(model(), std::move(everything));
  CHECK(flattered.stopes == 12);
  CHECK(flattered.stopes_seen_in_training == 12 - model().metadata().split.test_stopes.size());
  CHECK(remarks(flattered).find("memory, not skill") != std::string::npos);
}

TEST_CASE("on stopes of another mine all are judged, and what can't learn is missing") {
  ModelEvaluationRequest elsewhere = request("another hash");
  elsewhere.records = other_records();
  const io::EvaluationReport report = evaluate_model(model(), std::move(elsewhere));
  CHECK(report.stopes == 8);
  CHECK(report.stopes_seen_in_training == 0);
  REQUIRE(report.baselines.size() == 3);
  CHECK(report.baselines[0].name == "persistence");
  CHECK(remarks(report).find("Majority and logistic regression are missing") != std::string::npos);
}

TEST_CASE("without a stope that the model has not seen there is nothing to judge") {
  const auto& seen = model().metadata().split.training_stopes;
  ModelEvaluationRequest only_seen = request("another hash");
  std::erase_if(only_seen.records, [&](const stope::StopeRecord& record) {
    return std::find(seen.begin(), seen.end(), record.name) == seen.end();
  });
  try {
    evaluate_model(model(), std::move(only_seen));
    FAIL("it judged what it had seen");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::usage);
    CHECK(std::string(error.what()).find("--include-training-stopes") != std::string::npos);
  }
}

TEST_CASE("a model of a forward split is judged on the later days of the same data") {
  const TemporaryFolder folder;
  TrainingRequest training = tiny_request(folder / "models");
  training.split.method = stope::SplitMethod::forward;
  run_training(training);
  const auto forward = load_current(ModelStore(folder / "models"));
  const io::EvaluationReport report = evaluate_model(*forward, request());
  CHECK(report.split == "forward");
  CHECK(report.network.figure("current", "samples").value ==
        forward->metadata().metrics.at("test").at("current").at("samples"));
  CHECK(remarks(report).find("same stopes stand in every part") != std::string::npos);
}
