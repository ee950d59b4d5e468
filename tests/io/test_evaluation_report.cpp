#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "io/evaluation_report.h"

using namespace deepmine::io;

namespace {

EvaluationReport sample() {
  EvaluationReport report;
  report.method = "model";
  report.split = "stope";
  report.seeds = {7};
  report.model_id = "abc";
  report.version = 3;
  report.stopes = 12;
  report.unstable_stopes = 4;
  report.windows = 345;
  report.bootstrap_draws = 1000;
  report.data_is_thin = true;
  report.remarks = {"thin"};
  report.network = {"network",
                    {{"current", {{"samples", {345, 300, 390}}, {"roc_auc", {0.9, 0.8, 0.95}}, {"mcc", {}}}},
                     {"future_1d", {{"accuracy", {0.7, 0.6, 0.8}}}}}};
  report.baselines = {{"rules", {{"future_1d", {{"accuracy", {0.97, 0.96, 0.98}}}}}}};
  report.ablations = {{"static_only", {{"current", {{"roc_auc", {0.85, 0.7, 0.9}}}}}}};
  report.differences = {{"rules", "future_1d", "accuracy", {-0.27, -0.37, -0.17}, Verdict::worse},
                        {"static_only", "current", "roc_auc", {0.05, {}, {}}, Verdict::not_known}};
  return report;
}

}  // namespace

TEST_CASE("an evaluation as JSON: the network's heads at the top, the others beside them") {
  const auto json = nlohmann::json::parse(evaluation_json(sample()));
  CHECK(json["schema_version"] == evaluation_schema_version);
  CHECK(json["current"]["roc_auc"] == 0.9);
  CHECK(json["current"]["mcc"].is_null());
  CHECK(json["future_1d"]["accuracy"] == 0.7);
  CHECK(json["intervals"]["future_1d"]["accuracy"] == nlohmann::json::array({0.6, 0.8}));
  CHECK(json["intervals"]["current"]["mcc"] == nlohmann::json::array({nullptr, nullptr}));
  CHECK(json["baselines"]["rules"]["future_1d"]["accuracy"] == 0.97);
  CHECK_FALSE(json["baselines"]["rules"].contains("current"));
  CHECK(json["baseline_intervals"]["rules"]["future_1d"]["accuracy"][1] == 0.98);
  CHECK(json["ablations"]["static_only"]["current"]["roc_auc"] == 0.85);
  const auto& difference = json["differences"]["rules"]["future_1d"]["accuracy"];
  CHECK(difference["difference"] == -0.27);
  CHECK(difference["interval"] == nlohmann::json::array({-0.37, -0.17}));
  CHECK(difference["network_is"] == "worse");
  CHECK(json["differences"]["static_only"]["current"]["roc_auc"]["network_is"] == "not_known");
  CHECK(json["evaluation"]["version"] == 3);
  CHECK(json["evaluation"]["bootstrap"]["draws"] == 1000);
  CHECK(json["evaluation"]["data_is_thin"] == true);
  CHECK(json["evaluation"]["remarks"][0] == "thin");
}

TEST_CASE("figures and differences by name") {
  const EvaluationReport report = sample();
  CHECK(report.network.figure("current", "roc_auc").value == 0.9);
  CHECK(report.network.figure("current", "recall").value != report.network.figure("current", "recall").value);
  REQUIRE(report.difference("rules", "future_1d", "accuracy") != nullptr);
  CHECK(report.difference("rules", "future_1d", "accuracy")->network_is == Verdict::worse);
  CHECK(report.difference("rules", "current", "accuracy") == nullptr);
}
