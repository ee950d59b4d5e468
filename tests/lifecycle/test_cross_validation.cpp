#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/nn/error.h"
#include "lifecycle/cross_validation.h"
#include "tests/lifecycle/tiny_training.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

CrossValidationRequest tiny_cross_validation(int folds, int seeds = 1) {
  CrossValidationRequest request;
  request.records = simulated_records();
  request.network = tiny_network();
  request.plan = short_plan(1);
  request.folds = folds;
  request.seeds = seeds;
  request.bootstrap.draws = 20;
  return request;
}

std::set<std::string> names(const stope::Dataset& dataset, const stope::WindowSelection& selection) {
  const auto list = stope::stope_names(dataset, selection);
  return {list.begin(), list.end()};
}

ErrorCode code_of(CrossValidationRequest request) {
  try {
    cross_validate(std::move(request));
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("no error");
  return ErrorCode::failure;
}

}  // namespace

TEST_CASE("folds keep stopes apart and test each stope once") {
  const TinyTraining tiny;
  const auto folds = stope_folds(tiny.dataset, 3, 0.25, 1, 2);
  REQUIRE(folds.size() == 3);
  std::multiset<std::string> tested;
  for (const stope::Split& fold : folds) {
    const auto training = names(tiny.dataset, fold.training),
               validation = names(tiny.dataset, fold.validation), test = names(tiny.dataset, fold.test);
    CHECK(training.size() + validation.size() + test.size() == 12);
    CHECK_FALSE(validation.empty());
    std::set<std::string> all = training;
    all.insert(validation.begin(), validation.end());
    all.insert(test.begin(), test.end());
    CHECK(all.size() == 12);
    CHECK(fold.training.windows.size() + fold.validation.windows.size() + fold.test.windows.size() ==
          tiny.dataset.windows().size());
    tested.insert(test.begin(), test.end());
    bool unstable = false;
    for (const std::uint32_t window : fold.test.windows) unstable |= tiny.dataset.current_target(window) == 1;
    CHECK(unstable);  // stratified
    const auto learning = learning_windows(fold).windows;
    CHECK(learning.size() == fold.training.windows.size() + fold.validation.windows.size());
    CHECK(std::is_sorted(learning.begin(), learning.end()));
  }
  CHECK(tested.size() == 12);
  CHECK(std::set<std::string>(tested.begin(), tested.end()).size() == 12);
  // Another validation seed moves validation stopes, not the folds.
  const auto others = stope_folds(tiny.dataset, 3, 0.25, 1, 3);
  CHECK(others[0].test.windows == folds[0].test.windows);
  CHECK((others[0].validation.windows != folds[0].validation.windows ||
         others[1].validation.windows != folds[1].validation.windows ||
         others[2].validation.windows != folds[2].validation.windows));
  CHECK(stope_folds(tiny.dataset, 3, 0.25, 2, 2)[0].test.windows != folds[0].test.windows);
}

TEST_CASE("what learns without a validation part does not see targets of the test days") {
  stope::SplitPlan plan;
  plan.method = stope::SplitMethod::forward;
  const TinyTraining tiny(simulated_records(), plan);
  CHECK(learning_windows(tiny.split).targets_before == *tiny.split.test_from);
}

TEST_CASE("a cross-validation judges every window once, by networks that have not seen its stope") {
  std::vector<std::string> trained;
  CrossValidationHooks hooks;
  hooks.training_ended = [&](const TrainingEnded& ended) {
    trained.push_back(ended.trained + std::to_string(ended.fold) + "/" + std::to_string(ended.seed));
    CHECK(ended.trainings == 4);
    CHECK(ended.number == static_cast<int>(trained.size()));
    CHECK(ended.epochs == 1);
  };
  const io::EvaluationReport report = cross_validate(tiny_cross_validation(2, 2), hooks);
  CHECK(trained == std::vector<std::string>{"network1/5", "network2/5", "network1/6", "network2/6"});
  const TinyTraining tiny;
  CHECK(report.windows == tiny.dataset.windows().size());
  CHECK(report.stopes == 12);
  CHECK(report.seeds == std::vector<std::uint64_t>{5, 6});
  CHECK(report.data_is_thin);
  REQUIRE(report.baselines.size() == 5);
  CHECK(report.ablations.empty());
  CHECK(std::isfinite(report.network.figure("future_7d", "accuracy").value));
  // A majority can't rank within a fold, whatever the shares of the folds.
  CHECK(report.baselines[0].name == "majority");
  CHECK(std::abs(report.baselines[0].figure("current", "roc_auc").value - 0.5) < 1e-12);
  CHECK(report.difference("logistic", "current", "roc_auc") != nullptr);

  const io::EvaluationReport again = cross_validate(tiny_cross_validation(2, 2));
  CHECK(io::evaluation_json(again) == io::evaluation_json(report));
}

TEST_CASE("ablations see less: without series the answer does not depend on the day") {
  CrossValidationRequest request = tiny_cross_validation(2);
  request.ablate = true;
  const io::EvaluationReport report = cross_validate(std::move(request));
  REQUIRE(report.ablations.size() == 2);
  CHECK(report.ablations[0].name == "static_only");
  CHECK(report.ablations[1].name == "temporal_only");
  const auto loss = [&](const io::PredictorEstimates& predictor) {
    return predictor.figure("current", "log_loss").value;
  };
  CHECK(loss(report.ablations[0]) != loss(report.network));
  CHECK(loss(report.ablations[1]) != loss(report.network));
  CHECK(report.difference("temporal_only", "current", "accuracy") != nullptr);
}

TEST_CASE("one split is judged on its test part; failures make the early warning") {
  CrossValidationRequest request = tiny_cross_validation(0);
  const TinyTraining tiny;
  stope::SplitPlan plan;
  plan.seed = request.plan.seed;
  const stope::Split split = stope::split_windows(tiny.dataset, plan);
  const auto tested = stope::stope_names(tiny.dataset, split.test);
  const stope::Day last = tiny.dataset.windows()[split.test.windows.front()].end + 3;
  request.failures = FailureDates{{tested.front(), last}};
  const io::EvaluationReport report = cross_validate(std::move(request));
  CHECK(report.method == "split");
  CHECK(report.windows == split.test.windows.size());
  CHECK(report.warning_events == "failures");
  CHECK(report.network.figure("early_warning", "events").value == 1);
}

TEST_CASE("requests that make no sense are refused") {
  CrossValidationRequest request = tiny_cross_validation(2);
  request.split.method = stope::SplitMethod::forward;
  CHECK(code_of(std::move(request)) == ErrorCode::usage);
  request = tiny_cross_validation(0);
  request.split.test_fraction = 0;
  CHECK(code_of(std::move(request)) == ErrorCode::usage);
  CHECK(code_of(tiny_cross_validation(13)) == ErrorCode::data_invalid);
  CHECK(code_of(tiny_cross_validation(2, 0)) == ErrorCode::usage);
  request = tiny_cross_validation(2);
  for (stope::StopeRecord& record : request.records) record.statics.stable = true;
  CHECK(code_of(std::move(request)) == ErrorCode::data_invalid);
}
