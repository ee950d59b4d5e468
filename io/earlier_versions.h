// Structures as earlier versions of a file stored them, each with `now()`: the same in today's form, where
// what came later has the value that says "not there". Never changed again; a new version adds its
// predecessor. For .cpp files only.
#pragma once

#include <string>
#include <vector>

#include "io/checkpoint_file.h"
#include "io/components_file.h"

namespace deepmine::io {

/// Components and checkpoints of version 1: without summary features and without a prior.
struct NetworkSpecificationVersion1 {
  stope::NetworkSpecification fields;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    auto& f = self.fields;
    visit("static_features", f.static_features);
    visit("sensors", f.sensors);
    visit("days", f.days);
    visit("horizons", f.horizons);
    visit("risk_levels", f.risk_levels);
    visit("static_units", f.static_units);
    visit("temporal_units", f.temporal_units);
    visit("branch_units", f.branch_units);
    visit("self_attention_heads", f.self_attention_heads);
    visit("cross_attention_heads", f.cross_attention_heads);
    visit("key_size", f.key_size);
    visit("cross_attention", f.cross_attention);
    visit("shared_units", f.shared_units);
    visit("shared_output_units", f.shared_output_units);
    visit("head_units", f.head_units);
    visit("dense_dropout", f.dense_dropout);
    visit("branch_dropout", f.branch_dropout);
    visit("lstm_dropout", f.lstm_dropout);
    visit("temporal_dropout", f.temporal_dropout);
    visit("attention_dropout", f.attention_dropout);
  }
};

struct FeatureTableVersion1 {
  stope::FeatureTable fields;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("version", self.fields.version);
    visit("statics", self.fields.statics);
    visit("sensors", self.fields.sensors);
  }
};

struct InputScalerVersion1 {
  stope::InputScaler fields;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("statics", self.fields.statics);
    visit("sensors", self.fields.sensors);
    visit("categories_seen", self.fields.categories_seen);
  }
};

/// Components and checkpoints of versions 1 and 2: without `assessment.risk_set_coverage`.
struct AssessmentSettingsVersion2 {
  stope::AssessmentSettings fields;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    auto& f = self.fields;
    visit("decision_threshold", f.decision_threshold);
    visit("high_above", f.high_above);
    visit("medium_above", f.medium_above);
    visit("alert_level", f.alert_level);
    visit("escalating_above", f.escalating_above);
    visit("increasing_above", f.increasing_above);
    visit("steady_above", f.steady_above);
    visit("improving_above", f.improving_above);
    visit("rqd_below", f.rqd_below);
    visit("hydraulic_radius_above", f.hydraulic_radius_above);
    visit("depth_above", f.depth_above);
    visit("support_density_below", f.support_density_below);
    visit("mean_days", f.mean_days);
    visit("vibration_above", f.vibration_above);
    visit("deformation_above", f.deformation_above);
    visit("stress_above", f.stress_above);
    visit("evacuate_above", f.evacuate_above);
    visit("monitor_above", f.monitor_above);
  }
};

/// Components and checkpoints of versions 1 and 2: without `response_plan`.
struct SiteSettingsVersion2 {
  stope::UnstableRules unstable_rules;
  stope::RiskRules risk_rules;
  AssessmentSettingsVersion2 assessment;
  stope::DataSettings data;
  std::vector<stope::Recommendation> recommendations;

  stope::SiteSettings now() && {
    stope::SiteSettings settings;
    settings.unstable_rules = std::move(unstable_rules);
    settings.risk_rules = std::move(risk_rules);
    settings.assessment = assessment.fields;
    settings.data = std::move(data);
    settings.recommendations = std::move(recommendations);
    return settings;
  }
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("unstable_rules", self.unstable_rules);
    visit("risk_rules", self.risk_rules);
    visit("assessment", self.assessment);
    visit("data", self.data);
    visit("recommendations", self.recommendations);
  }
};

/// Components of versions 1 and 2: a temperature a head, and nothing else.
struct CalibrationVersion2 {
  std::vector<double> temperatures;

  Calibration now() && { return {.temperatures = std::move(temperatures), .heads = {}, .risk_sets = {}}; }
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("temperatures", self.temperatures);
  }
};

struct ComponentsVersion1 {
  NetworkSpecificationVersion1 network;
  FeatureTableVersion1 feature_table;
  InputScalerVersion1 scaler;
  SiteSettingsVersion2 settings;
  CalibrationVersion2 calibration;
  TestCases test_cases;

  Components now() && {
    return {.run_id = {},
            .network = std::move(network.fields),
            .feature_table = std::move(feature_table.fields),
            .scaler = std::move(scaler.fields),
            .settings = std::move(settings).now(),
            .calibration = std::move(calibration).now(),
            .distributions = {},
            .test_cases = std::move(test_cases)};
  }
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("network", self.network);
    visit("feature_table", self.feature_table);
    visit("scaler", self.scaler);
    visit("settings", self.settings);
    visit("calibration", self.calibration);
    visit("test_cases", self.test_cases);
  }
};

struct ComponentsVersion2 {
  stope::NetworkSpecification network;
  stope::FeatureTable feature_table;
  stope::InputScaler scaler;
  SiteSettingsVersion2 settings;
  CalibrationVersion2 calibration;
  TestCases test_cases;

  Components now() && {
    return {.run_id = {},
            .network = std::move(network),
            .feature_table = std::move(feature_table),
            .scaler = std::move(scaler),
            .settings = std::move(settings).now(),
            .calibration = std::move(calibration).now(),
            .distributions = {},
            .test_cases = std::move(test_cases)};
  }
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("network", self.network);
    visit("feature_table", self.feature_table);
    visit("scaler", self.scaler);
    visit("settings", self.settings);
    visit("calibration", self.calibration);
    visit("test_cases", self.test_cases);
  }
};

struct RunIdentityVersion1 {
  DataSummary data;
  std::string records_sha256;
  SplitSummary split;
  train::TrainingPlan plan;
  NetworkSpecificationVersion1 network;
  FeatureTableVersion1 feature_table;
  SiteSettingsVersion2 settings;
  std::string kernel_path;
  std::int32_t numerics_version = 0;

  RunIdentity now() && {
    return {.data = std::move(data),
            .records_sha256 = std::move(records_sha256),
            .split = std::move(split),
            .plan = plan,
            .network = std::move(network.fields),
            .feature_table = std::move(feature_table.fields),
            .settings = std::move(settings).now(),
            .kernel_path = std::move(kernel_path),
            .numerics_version = numerics_version};
  }
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("data", self.data);
    visit("records_sha256", self.records_sha256);
    visit("split", self.split);
    visit("plan", self.plan);
    visit("network", self.network);
    visit("feature_table", self.feature_table);
    visit("settings", self.settings);
    visit("kernel_path", self.kernel_path);
    visit("numerics_version", self.numerics_version);
  }
};

struct RunIdentityVersion2 {
  DataSummary data;
  std::string records_sha256;
  SplitSummary split;
  train::TrainingPlan plan;
  stope::NetworkSpecification network;
  stope::FeatureTable feature_table;
  SiteSettingsVersion2 settings;
  std::string kernel_path;
  std::int32_t numerics_version = 0;

  RunIdentity now() && {
    return {.data = std::move(data),
            .records_sha256 = std::move(records_sha256),
            .split = std::move(split),
            .plan = plan,
            .network = std::move(network),
            .feature_table = std::move(feature_table),
            .settings = std::move(settings).now(),
            .kernel_path = std::move(kernel_path),
            .numerics_version = numerics_version};
  }
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("data", self.data);
    visit("records_sha256", self.records_sha256);
    visit("split", self.split);
    visit("plan", self.plan);
    visit("network", self.network);
    visit("feature_table", self.feature_table);
    visit("settings", self.settings);
    visit("kernel_path", self.kernel_path);
    visit("numerics_version", self.numerics_version);
  }
};

/// Around the identity of its run, a checkpoint has been the same since version 1.
template <class IdentityThen>
struct EarlierCheckpoint {
  std::string started_at, saved_at, program_version;
  IdentityThen identity;
  TrainingState state;

  Checkpoint now() && {
    return {.run_id = {},
            .started_at = std::move(started_at),
            .saved_at = std::move(saved_at),
            .program_version = std::move(program_version),
            .identity = std::move(identity).now(),
            .state = std::move(state)};
  }
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("started_at", self.started_at);
    visit("saved_at", self.saved_at);
    visit("program_version", self.program_version);
    visit("identity", self.identity);
    visit("state", self.state);
  }
};
using CheckpointVersion1 = EarlierCheckpoint<RunIdentityVersion1>;
using CheckpointVersion2 = EarlierCheckpoint<RunIdentityVersion2>;

}  // namespace deepmine::io
