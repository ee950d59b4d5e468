#include "tests/io/sample_model.h"

#include <limits>

#include "engine/train/conformal.h"

namespace deepmine::test {

using namespace deepmine::io;

Weights sample_weights() {
  Weights weights{sample_run_id, {}};
  weights.tensors.push_back({"dense/kernel", 2, 3, nn::Role::kernel, {1, 2, 3, 4, 5.5f, -0.0f}});
  weights.tensors.push_back({"dense/bias", 2, 1, nn::Role::bias, {1e-45f, 3.4e38f}});
  return weights;
}

stope::ResponsePlan sample_response_plan() {
  stope::ResponsePlan plan;
  plan.green = {"Crew", "Work as planned."};
  plan.amber = {0.25, stope::RiskLevel::slight_elevated, 30, "Engineer", "Inspect."};
  plan.red = {0.75, stope::RiskLevel::critical, 3, "Shift boss", "Withdraw."};
  plan.unknown = {"Engineer", "Inspect before anyone enters."};
  plan.falls_after_days = 4;
  plan.margin = 0.125;
  plan.look_back_days = 20;
  return plan;
}

Components sample_components() {
  Components components;
  components.run_id = sample_run_id;
  components.network.days = 2;
  components.network.horizons = {1};
  components.feature_table = stope::feature_table();
  components.scaler.statics.assign(stope::scaled_feature_count, {50, 10, 20, 80, 30});
  components.scaler.sensors.assign(stope::sensor_count, {0.1, 1.0 / 3, -1, 7, 900});
  components.scaler.categories_seen.assign(stope::category_feature_count, 1);
  components.settings.data.sentinels = {-999};
  components.settings.response_plan = sample_response_plan();
  components.calibration.temperatures = {1, 1.25};
  components.calibration.heads = {{120, 10, false, 0.5, 0.5, 0.1, 0.1},
                                  {100, 9, true, 0.75, 0.5, 0.25, 0.125}};
  components.calibration.risk_sets = {{9, std::vector<double>(train::coverage_count, 0.0625)}};
  components.distributions = {12, {{"rqd", "%", false, {40, 60}, {0.25, 0.5, 0.25}, 50, 10, 10, 2, 3}}};
  components.test_cases.numerics_version = 1;
  components.test_cases.inputs = {{std::vector<float>(41, 0.5f), std::vector<float>(10, -0.25f)}};
  for (const char* path : {"reference", "avx2"})
    components.test_cases.expected.push_back({path, {{0.1f, 0.2f, 0.3f, 0.1f, 0.1f, 0.2f, 0.1f}}});
  return components;
}

ModelMetadata sample_metadata() {
  ModelMetadata metadata;
  metadata.run_id = sample_run_id;
  metadata.model_id = "deadbeef0102030405060708090a0b0c";
  metadata.sequence = 3;
  metadata.created_at = "2024-03-30T12:00:00Z";
  metadata.program_version = "0.1.0";
  metadata.data = {std::string(64, 'a'), 50, 4500, 3050};
  metadata.split = {"stope", 0.2, 0.2, {"A", "B"}, {"C"}, {"D"}};
  metadata.plan.seed = 7;
  metadata.total_parameters = 416780;
  metadata.trainable_parameters = 414398;
  metadata.epochs_run = 40;
  metadata.best_epoch = 20;
  metadata.duration_seconds = 12.5;
  metadata.metrics["test"]["current"] = {{"accuracy", 0.9},
                                         {"roc_auc", std::numeric_limits<double>::quiet_NaN()}};
  return metadata;
}

}  // namespace deepmine::test
