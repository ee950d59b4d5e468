#include <doctest/doctest.h>

#include <cmath>

#include "lifecycle/prediction.h"
#include "lifecycle/report.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/tiny_request.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

struct Made {
  std::shared_ptr<const LoadedModel> model;
  std::string log;
};
const Made& made() {
  static const TemporaryFolder folder;
  static const Made once = [] {
    run_training(tiny_request(folder / "models"));
    const ModelStore store(folder / "models");
    return Made{load_current(store), store.read(1).bytes("training_log.csv")};
  }();
  return once;
}

ReportRequest request() {
  ReportRequest request;
  request.data.emplace();
  request.data->stopes = simulated_records();
  request.data->sha256 = std::string(64, 'a');
  request.created_at = "2024-05-01T00:00:00Z";
  request.bootstrap.draws = 20;
  return request;
}

}  // namespace

TEST_CASE("a report without data is about the model alone") {
  const Report report = make_report(*made().model, made().log, {});
  CHECK_FALSE(report.has_data);
  CHECK(report.stopes.empty());
  CHECK(report.epochs.size() == 2);
  CHECK(report.epochs[1].epoch == 2);
  CHECK(report.metadata.sequence == 1);
}

TEST_CASE("every stope has its answer, its part in the training, and its last days") {
  const Report report = make_report(*made().model, made().log, request());
  const auto records = simulated_records();
  REQUIRE(report.stopes.size() == records.size());
  PredictionRequest asked;
  asked.timestamp = "2024-05-01T00:00:00Z";
  const auto answers = predict(made().model.get(), simulated_records(), {}, asked);
  int answered = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const ReportStope& stope = report.stopes[i];
    CHECK(stope.name == records[i].name);
    CHECK_FALSE(stope.part.empty());
    const auto probability = answers[i].current_stability.instability_probability;
    CHECK(stope.assessment.current_stability.instability_probability == probability);
    const std::size_t days = records[i].readings.days.size();
    REQUIRE(stope.past.instability.size() == days);  // fewer than the sixty that are shown
    CHECK(stope.past.sensors[2].back() == records[i].readings.days.back()[2]);
    // The last day's answer is the one that predict gives, and the first days can't have one.
    if (!probability) continue;  // abstained
    ++answered;
    CHECK(stope.past.instability.back() == doctest::Approx(*probability).epsilon(1e-12));
    CHECK(stope.past.next_level.back() ==
          static_cast<std::int8_t>(*answers[i].future_predictions[0].predicted_risk_level));
    CHECK(std::isnan(stope.past.instability.front()));
    CHECK(stope.past.next_level.front() == stope::masked);
  }
  CHECK(answered >= 6);
}

TEST_CASE("an as-of day ends what is shown of a stope") {
  ReportRequest asked = request();
  const stope::DailySeries readings = asked.data->stopes[3].readings;
  asked.as_of = readings.last_day() - 4;
  asked.past_days = 10;
  const Report report = make_report(*made().model, made().log, std::move(asked));
  const StopePast& past = report.stopes[3].past;
  CHECK(past.first_day == readings.last_day() - 13);
  REQUIRE(past.instability.size() == 10);
  CHECK(past.sensors[0].back() == readings.on(readings.last_day() - 4)[0]);
  if (const auto probability = report.stopes[3].assessment.current_stability.instability_probability)
    CHECK(*probability == doctest::Approx(past.instability.back()).epsilon(1e-12));
}

TEST_CASE("skill is of stopes that the model has not seen; where there are none, the report says so") {
  const Report report = make_report(*made().model, made().log, request());
  REQUIRE(report.evaluation.has_value());
  CHECK(report.evaluation->stopes == report.metadata.split.test_stopes.size());
  REQUIRE(report.figures.size() == 1 + report.network.horizons.size());
  std::int64_t windows = 0;
  for (const auto& row : report.figures[0].confusion)
    for (const std::int64_t count : row) windows += count;
  CHECK(windows == static_cast<std::int64_t>(report.evaluation->windows));

  ReportRequest seen_only = request();
  const auto& test = report.metadata.split.test_stopes;
  std::erase_if(seen_only.data->stopes, [&](const stope::StopeRecord& record) {
    return std::find(test.begin(), test.end(), record.name) != test.end();
  });
  const Report without = make_report(*made().model, made().log, std::move(seen_only));
  CHECK_FALSE(without.evaluation.has_value());
  CHECK(without.figures.empty());
  CHECK(without.why_no_evaluation.find("not trained on") != std::string::npos);
}
