#include <doctest/doctest.h>

#include "lifecycle/prediction.h"
#include "lifecycle/training_run.h"
#include "tests/io/expect_error.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/tiny_training.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

/// A model trained for one epoch, made once.
const LoadedModel& model() {
  static const std::shared_ptr<const LoadedModel> loaded = [] {
    TemporaryFolder folder;
    TrainingRequest request;
    request.records = simulated_records();
    request.data_sha256 = std::string(64, 'a');
    request.network = tiny_network();
    request.plan = short_plan(1);
    request.store = folder / "models";
    run_training(request);
    return load_current(ModelStore(folder / "models"));
  }();
  return *loaded;
}

PredictionRequest request(int threads = 1) {
  PredictionRequest request;
  request.timestamp = "2024-03-30T12:00:00Z";
  request.threads = threads;
  return request;
}

/// Everything of an answer that a number is in; `==` on doubles is equality of bits here, there are no NaN.
void check_same(const stope::Assessment& a, const stope::Assessment& b) {
  CAPTURE(a.stope_name);
  CHECK(a.stope_name == b.stope_name);
  CHECK(a.status == b.status);
  CHECK(a.method == b.method);
  CHECK(a.current_stability.instability_probability == b.current_stability.instability_probability);
  REQUIRE(a.future_predictions.size() == b.future_predictions.size());
  for (std::size_t h = 0; h < a.future_predictions.size(); ++h)
    CHECK(a.future_predictions[h].risk_probabilities == b.future_predictions[h].risk_probabilities);
}

}  // namespace

TEST_CASE("stopes one by one get the bits that they get together, for any number of threads") {
  const auto records = simulated_records();
  const auto together = predict(&model(), records, {}, request());
  REQUIRE(together.size() == records.size());
  std::size_t answered = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    PredictionRequest alone = request();
    // The newest reading of all stopes is "now": it must not depend on who is asked for.
    alone.names = {records[i].name};
    const auto one = predict(&model(), records, {}, alone);
    REQUIRE(one.size() == 1);
    check_same(one[0], together[i]);
    if (together[i].method == stope::Method::network) ++answered;
  }
  CHECK(answered > 3);
  const auto threaded = predict(&model(), records, {}, request(3));
  for (std::size_t i = 0; i < records.size(); ++i) check_same(threaded[i], together[i]);
}

TEST_CASE("the label changes nothing") {
  const auto records = simulated_records();
  auto turned = records, unlabelled = records;
  for (auto& record : turned) record.statics.stable = !record.statics.stable.value_or(false);
  for (auto& record : unlabelled) record.statics.stable.reset();
  const auto expected = predict(&model(), records, {}, request());
  for (const auto& changed : {turned, unlabelled}) {
    const auto found = predict(&model(), changed, {}, request());
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) check_same(found[i], expected[i]);
  }
}

TEST_CASE("a reading changes the answer") {
  auto records = simulated_records();
  const auto before = predict(&model(), records, {}, request());
  std::size_t changed = 0;
  for (auto& record : records)
    if (!record.readings.empty()) record.readings.days.back()[0] *= 1.01;
  const auto after = predict(&model(), records, {}, request());
  for (std::size_t i = 0; i < before.size(); ++i)
    if (before[i].method == stope::Method::network && after[i].method == stope::Method::network &&
        before[i].current_stability.instability_probability !=
            after[i].current_stability.instability_probability)
      ++changed;
  CHECK(changed > 3);
}

TEST_CASE("answers come in the order of the request; an unknown name is an error") {
  const auto records = simulated_records();
  PredictionRequest two = request();
  two.names = {records[5].name, records[1].name};
  const auto found = predict(&model(), records, {}, two);
  REQUIRE(found.size() == 2);
  CHECK(found[0].stope_name == records[5].name);
  CHECK(found[1].stope_name == records[1].name);
  two.names = {"nowhere"};
  expect_error(ErrorCode::usage, "no stope named 'nowhere'", [&] { predict(&model(), records, {}, two); });
}

TEST_CASE("without a model the rules answer, and it says so") {
  const auto found = predict(nullptr, simulated_records(), {}, request());
  REQUIRE(found.size() == 12);
  std::size_t by_rules = 0;
  for (const stope::Assessment& assessment : found) {
    CHECK(assessment.method != stope::Method::network);
    CHECK(!assessment.model);
    if (assessment.method == stope::Method::rule_based) ++by_rules;
  }
  CHECK(by_rules > 0);
}
