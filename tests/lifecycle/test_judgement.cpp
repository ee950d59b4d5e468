#include <doctest/doctest.h>

#include <cmath>

#include "engine/nn/random.h"
#include "lifecycle/judgement.h"

using namespace deepmine;
using namespace deepmine::lifecycle;

namespace {

/// `stopes` stopes with ten windows each, one horizon; every third is unstable. The answers of `right(stope)`
/// are right in all of its windows.
struct Case {
  Contest contest;

  explicit Case(std::uint32_t stopes) {
    JudgedWindows& judged = contest.windows;
    judged.horizons = {1};
    for (std::uint32_t s = 0; s < stopes; ++s) {
      judged.stopes.push_back(s);
      for (int day = 0; day < 10; ++day) {
        judged.stope.push_back(s);
        judged.days.push_back(day);
        judged.current.push_back(s % 3 == 0 ? 1 : 0);
        judged.future.push_back(static_cast<std::int8_t>(s % 2));
      }
    }
    contest.events = labelled_events(judged, stope::RiskLevel::high);
  }

  template <class Right>
  Predictor predictor(const std::string& name, Right&& right) const {
    Answers answers;
    for (std::size_t w = 0; w < contest.windows.size(); ++w) {
      const std::uint32_t s = contest.windows.stope[w];
      const bool is_right = right(s);
      answers.current.push_back((contest.windows.current[w] == 1) == is_right ? 0.9 : 0.1);
      answers.levels.push_back(is_right ? contest.windows.future[w]
                                        : static_cast<std::int8_t>(1 - contest.windows.future[w]));
    }
    return {name, {answers}};
  }

  io::EvaluationReport report(int draws = 400) const {
    io::EvaluationReport report;
    judge(contest, {.draws = draws, .level = 0.95, .seed = 3}, report);
    return report;
  }
};

}  // namespace

TEST_CASE("figures, intervals and paired differences over stopes") {
  Case test(60);
  test.contest.network = test.predictor("network", [](std::uint32_t s) { return s % 10 != 0; });  // 90 %
  test.contest.baselines = {test.predictor("worse", [](std::uint32_t s) { return s % 10 > 4; }),
                            test.predictor("same", [](std::uint32_t s) { return s % 10 != 1; }),
                            test.predictor("perfect", [](std::uint32_t) { return true; })};
  const io::EvaluationReport report = test.report();
  CHECK(report.stopes == 60);
  CHECK(report.unstable_stopes == 20);
  CHECK(report.windows == 600);
  const io::Estimate accuracy = report.network.figure("future_1d", "accuracy");
  CHECK(std::abs(accuracy.value - 0.9) < 1e-12);
  // 60 independent stopes: standard error √(0.9·0.1/60) = 0.039. Windows instead of stopes would give 0.012.
  CHECK(std::abs(accuracy.low - (0.9 - 1.96 * 0.039)) < 0.025);
  CHECK(std::abs(accuracy.high - (0.9 + 1.96 * 0.039)) < 0.025);

  const auto verdict = [&](const char* other, const char* head, const char* metric) {
    const io::Difference* difference = report.difference(other, head, metric);
    REQUIRE(difference != nullptr);
    return difference->network_is;
  };
  CHECK(verdict("worse", "future_1d", "accuracy") == io::Verdict::better);
  CHECK(verdict("same", "future_1d", "accuracy") == io::Verdict::not_told_apart);
  CHECK(verdict("perfect", "future_1d", "accuracy") == io::Verdict::worse);
  CHECK(verdict("perfect", "current", "brier") == io::Verdict::worse);  // more error is worse
  CHECK(verdict("worse", "current", "false_negative_rate") == io::Verdict::better);
  CHECK(std::abs(report.difference("worse", "future_1d", "accuracy")->estimate.value - 0.4) < 1e-12);
  CHECK(report.difference("worse", "current", "samples") == nullptr);
  CHECK(verdict("worse", "early_warning", "mean_lead_days") == io::Verdict::not_known);
}

TEST_CASE("a difference is paired: equal answers differ by nothing in every draw") {
  Case test(30);
  const auto right = [](std::uint32_t s) { return s % 4 != 0; };
  test.contest.network = test.predictor("network", right);
  test.contest.baselines = {test.predictor("twin", right)};
  const io::Estimate difference = test.report().difference("twin", "current", "balanced_accuracy")->estimate;
  CHECK(difference.value == 0);
  CHECK(difference.low == 0);
  CHECK(difference.high == 0);
}

TEST_CASE("figures over seeds are their mean") {
  Case test(40);
  test.contest.network = test.predictor("network", [](std::uint32_t) { return true; });
  test.contest.network.runs.push_back(
      test.predictor("", [](std::uint32_t s) { return s % 2 == 0; }).runs.front());
  CHECK(std::abs(test.report(10).network.figure("current", "accuracy").value - 0.75) < 1e-12);
}

TEST_CASE("scores of different folds are not put in one order") {
  Case test(12);
  test.contest.network = test.predictor("network", [](std::uint32_t) { return true; });
  // The model of the second fold says 0.95 where the first says 0.9, and 0.92 where it says 0.1.
  for (std::size_t w = 0; w < test.contest.windows.size(); ++w) {
    const bool second = test.contest.windows.stope[w] >= 6;
    test.contest.windows.fold.push_back(second ? 1 : 0);
    double& p = test.contest.network.runs.front().current[w];
    if (second) p = p > 0.5 ? 0.95 : 0.92;
  }
  CHECK(test.report(0).network.figure("current", "roc_auc").value == 1);
  CHECK(test.report(0).network.figure("current", "pr_auc").value == 1);
  test.contest.windows.fold.clear();
  CHECK(test.report(0).network.figure("current", "roc_auc").value < 0.8);
}

TEST_CASE("what must be said is said") {
  const auto remarks = [](std::size_t stopes, std::size_t unstable, const char* split, std::size_t seen) {
    io::EvaluationReport report;
    report.stopes = stopes;
    report.unstable_stopes = unstable;
    report.split = split;
    report.stopes_seen_in_training = seen;
    add_remarks(report);
    std::string all = report.data_is_thin ? "thin: " : "";
    for (const std::string& remark : report.remarks) all += remark + " ";
    return all;
  };
  CHECK(remarks(149, 50, "stope", 0).starts_with("thin: The data is thin: 149 stopes"));
  CHECK(remarks(150, 14, "stope", 0).starts_with("thin: "));
  CHECK_FALSE(remarks(150, 15, "stope", 0).starts_with("thin: "));
  CHECK(remarks(500, 100, "stope", 0).find("labels") == std::string::npos);
  CHECK(remarks(500, 100, "stope", 0).find("rule set") != std::string::npos);
  CHECK(remarks(500, 100, "forward", 0).find("forward in time") != std::string::npos);
  CHECK(remarks(500, 100, "random", 0).find("too good") != std::string::npos);
  CHECK(remarks(500, 100, "stope", 7).find("7 of the 500 stopes judged were in") != std::string::npos);
}
