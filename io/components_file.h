// Everything beside the weights that a model needs to answer: scalers, feature table, thresholds,
// specification of the network, calibration, and test cases with the bits that it gave when it was saved.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/stope/feature_table.h"
#include "engine/stope/network_specification.h"
#include "engine/stope/scaler.h"
#include "engine/stope/thresholds.h"
#include "engine/train/population_stability.h"
#include "io/frame.h"

namespace deepmine::io {

inline constexpr std::uint32_t components_schema_version = 3;

/// What the temperature of a head was fitted on, and what that changed there. `log_loss` and `ece` are 0
/// where there was no window.
struct HeadCalibration {
  std::int64_t windows = 0, stopes = 0;  ///< of the validation part, with a label
  bool fitted = false;                   ///< false: too little data, the temperature is 1
  double log_loss_before = 0, log_loss_after = 0;
  double ece_before = 0, ece_after = 0;

  bool operator==(const HeadCalibration&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("windows", self.windows);
    visit("stopes", self.stopes);
    visit("fitted", self.fitted);
    visit("log_loss_before", self.log_loss_before);
    visit("log_loss_after", self.log_loss_after);
    visit("ece_before", self.ece_before);
    visit("ece_after", self.ece_after);
  }
};

/// Conformal sets of one horizon (engine/train/conformal.h): a level is in the set if its probability is not
/// below the number of the wanted coverage.
struct RiskSetThresholds {
  std::int64_t stopes = 0;  ///< of the validation part, with a label
  std::vector<double> least_probability;

  bool operator==(const RiskSetThresholds&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("stopes", self.stopes);
    visit("least_probability", self.least_probability);
  }
};

/// Logits of a head are divided by its temperature before they become probabilities. The current head first,
/// then the horizons in the order of the specification.
struct Calibration {
  std::vector<double> temperatures;
  std::vector<HeadCalibration> heads;        ///< one a head; none: saved before there was a calibration
  std::vector<RiskSetThresholds> risk_sets;  ///< one a horizon; none: as above

  bool operator==(const Calibration&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("temperatures", self.temperatures);
    visit("heads", self.heads);
    visit("risk_sets", self.risk_sets);
  }
};

/// The input of a test case, scaled as the network sees it.
struct TestInput {
  std::vector<float>
      statics;                ///< sample_features(): statics, then summary and prior if the network sees them
  std::vector<float> series;  ///< S × T, column-major: one day after the other

  bool operator==(const TestInput&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("statics", self.statics);
    visit("series", self.series);
  }
};

/// What one kernel path gives for the test inputs, bit for bit.
struct ExpectedOutputs {
  std::string kernel_path;  ///< nn::Kernels::name: `reference`, `avx2`, ...
  /// One list a test input: the logit of instability, then `risk_levels` logits for each horizon.
  std::vector<std::vector<float>> outputs;

  bool operator==(const ExpectedOutputs&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("kernel_path", self.kernel_path);
    visit("outputs", self.outputs);
  }
};

struct TestCases {
  /// Raised whenever the program's arithmetic changes: with another number the bits are compared to a
  /// tolerance.
  std::int32_t numerics_version = 0;
  std::vector<TestInput> inputs;
  std::vector<ExpectedOutputs> expected;  ///< one for each kernel path; `reference` is always there

  bool operator==(const TestCases&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("numerics_version", self.numerics_version);
    visit("inputs", self.inputs);
    visit("expected", self.expected);
  }
};

struct Components {
  RunId run_id{};  ///< in the frame's header
  stope::NetworkSpecification network;
  stope::FeatureTable feature_table;
  stope::InputScaler scaler;
  stope::SiteSettings settings;
  Calibration calibration;
  train::TrainingDistributions
      distributions;  ///< what drift is measured against; of an earlier version: none
  TestCases test_cases;

  bool operator==(const Components&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("network", self.network);
    visit("feature_table", self.feature_table);
    visit("scaler", self.scaler);
    visit("settings", self.settings);
    visit("calibration", self.calibration);
    visit("distributions", self.distributions);
    visit("test_cases", self.test_cases);
  }
};

/// What is wrong with the components, in words, or nothing: each part is sound by its own rules, all sizes
/// are those of the network's specification, the feature table is the one of this program, there is a test
/// case and the reference path's answer to it.
std::string check_components(const Components& components);

/// The bytes of the file. Throws Error{failure} if check_components() finds something.
std::string write_components_file(const Components& components);
/// Reads what write_components_file() made, of this or an earlier version. Throws Error{model_damaged} that
/// names `source` for anything else.
Components parse_components_file(std::string_view bytes, const std::string& source);

}  // namespace deepmine::io
