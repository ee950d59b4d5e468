// Every threshold and weight of the rule set, the assessment and the data checks, in one table. A model
// stores the table it was made with; a mine overrides it with its site file. There is no universal number for
// any of these.
//
// Each struct has `visit_fields(self, visit)`, which calls `visit("name", field)` for every member in a fixed
// order: one place from which the model file, the site file and the documentation are made. A field is a
// bool, int, double, std::string, RiskLevel, a vector of those, or another struct with visit_fields (or a
// vector of it).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/stope/response_plan.h"
#include "engine/stope/risk_level.h"

namespace deepmine::stope {

/// One step of a rule: passes if value > threshold (`above`) or value < threshold (otherwise). Always strict.
struct RuleStep {
  bool above = true;
  double threshold = 0;
  int weight = 0;  ///< hundredths in UnstableRules, tenths of a level in RiskRules

  bool operator==(const RuleStep&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("above", self.above);
    visit("threshold", self.threshold);
    visit("weight", self.weight);
  }
};

/// The steps for one input, tried in order: the first that passes gives its weight, none gives 0.
using RuleSteps = std::vector<RuleStep>;

/// Is a stope unstable today? The sum of the weights, in whole hundredths, against a limit (strictly above).
struct UnstableRules {
  RuleSteps rqd, hydraulic_radius, depth;
  int not_installed_weight = 30;  ///< support not installed; otherwise the steps of its density
  RuleSteps support_density;
  RuleSteps vibration, deformation, stress;  ///< readings of the day
  int limit = 50;

  UnstableRules();  ///< the rule set of the product
  bool operator==(const UnstableRules&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("rqd", self.rqd);
    visit("hydraulic_radius", self.hydraulic_radius);
    visit("depth", self.depth);
    visit("not_installed_weight", self.not_installed_weight);
    visit("support_density", self.support_density);
    visit("vibration", self.vibration);
    visit("deformation", self.deformation);
    visit("stress", self.stress);
    visit("limit", self.limit);
  }
};

/// The risk level at t+h. Weights are whole tenths of a level; those marked (h) are multiplied by h/30, so
/// that every term is a whole number of 1/300.
struct RiskRules {
  int unstable_today_weight = 20;                              ///< if UnstableRules say so on day t
  int slope_days = 7;                                          ///< days of the recent slope, day t included
  double slope_tolerance = 1e-9;                               ///< a fitted value this close counts as equal
  RuleSteps vibration_slope, deformation_slope, stress_slope;  ///< per day (h)
  RuleSteps vibration, deformation, stress;                    ///< readings of day t+h
  int long_horizon_days = 7;  ///< the next two lines count where h is above this
  RuleSteps rqd, depth;       ///< (h)
  int far_horizon_days = 14;  ///< where h is above this, add …
  int far_weight = 3;         ///< … far_weight · (h − far_horizon_days) / 30

  RiskRules();  ///< the rule set of the product
  bool operator==(const RiskRules&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("unstable_today_weight", self.unstable_today_weight);
    visit("slope_days", self.slope_days);
    visit("slope_tolerance", self.slope_tolerance);
    visit("vibration_slope", self.vibration_slope);
    visit("deformation_slope", self.deformation_slope);
    visit("stress_slope", self.stress_slope);
    visit("vibration", self.vibration);
    visit("deformation", self.deformation);
    visit("stress", self.stress);
    visit("long_horizon_days", self.long_horizon_days);
    visit("rqd", self.rqd);
    visit("depth", self.depth);
    visit("far_horizon_days", self.far_horizon_days);
    visit("far_weight", self.far_weight);
  }
};

/// What turns probabilities and readings into words. All comparisons are strict.
struct AssessmentSettings {
  double decision_threshold = 0.5;  ///< stable if the instability probability is below it
  double high_above = 0.7, medium_above = 0.3;
  RiskLevel alert_level = RiskLevel::high;  ///< a predicted level at or above it is an alert

  // Slope of the predicted levels over their index.
  double escalating_above = 0.5, increasing_above = 0.1, steady_above = -0.1, improving_above = -0.5;

  // Explanations: the record, and the mean of the last days in raw units.
  double rqd_below = 50, hydraulic_radius_above = 10, depth_above = 600, support_density_below = 0.5;
  int mean_days = 7;
  double vibration_above = 3, deformation_above = 1, stress_above = 50;

  // Recommendations from the current instability probability.
  double evacuate_above = 0.7, monitor_above = 0.5;

  /// How often the level that comes is to lie in `risk_set`, in whole hundredths: 0.50 to 0.99.
  double risk_set_coverage = 0.9;

  bool operator==(const AssessmentSettings&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("decision_threshold", self.decision_threshold);
    visit("high_above", self.high_above);
    visit("medium_above", self.medium_above);
    visit("alert_level", self.alert_level);
    visit("escalating_above", self.escalating_above);
    visit("increasing_above", self.increasing_above);
    visit("steady_above", self.steady_above);
    visit("improving_above", self.improving_above);
    visit("rqd_below", self.rqd_below);
    visit("hydraulic_radius_above", self.hydraulic_radius_above);
    visit("depth_above", self.depth_above);
    visit("support_density_below", self.support_density_below);
    visit("mean_days", self.mean_days);
    visit("vibration_above", self.vibration_above);
    visit("deformation_above", self.deformation_above);
    visit("stress_above", self.stress_above);
    visit("evacuate_above", self.evacuate_above);
    visit("monitor_above", self.monitor_above);
    visit("risk_set_coverage", self.risk_set_coverage);
  }
};

/// What data is good enough for an answer.
struct DataSettings {
  int largest_filled_gap = 3;          ///< days per sensor that are carried forward; a longer gap is a hole
  int minimum_history = 30;            ///< calendar days from the first reading to day t, both included
  double training_range_margin = 0.1;  ///< of the width of a feature's training range, on both sides
  int flat_line_days = 7;              ///< equal readings in a row of one sensor
  /// Days between the last reading and "now" (quality.h says what now is). A week: a sensor network that has
  /// been silent for longer than the shortest trend that the rules look at says nothing about today.
  int largest_age = 7;
  std::vector<double> sentinels;  ///< numbers that mean "missing" in this mine's files, e.g. -999

  bool operator==(const DataSettings&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("largest_filled_gap", self.largest_filled_gap);
    visit("minimum_history", self.minimum_history);
    visit("training_range_margin", self.training_range_margin);
    visit("flat_line_days", self.flat_line_days);
    visit("largest_age", self.largest_age);
    visit("sentinels", self.sentinels);
  }
};

/// A line of advice. The codes are fixed (advice.h says when each is given); the words are the mine's
/// own, for example the steps of its trigger action response plan.
struct Recommendation {
  std::string code, text;

  bool operator==(const Recommendation&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("code", self.code);
    visit("text", self.text);
  }
};

/// The whole table.
struct SiteSettings {
  UnstableRules unstable_rules;
  RiskRules risk_rules;
  AssessmentSettings assessment;
  DataSettings data;
  std::vector<Recommendation> recommendations;  ///< exactly one text for each code of recommendation_codes()
  ResponsePlan response_plan;                   ///< none, unless the site file has one

  SiteSettings();  ///< the numbers and words of the product
  bool operator==(const SiteSettings&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("unstable_rules", self.unstable_rules);
    visit("risk_rules", self.risk_rules);
    visit("assessment", self.assessment);
    visit("data", self.data);
    visit("recommendations", self.recommendations);
    visit("response_plan", self.response_plan);
  }
};

/// The codes that a table of recommendations must have, in the order in which advice is given.
const std::vector<std::string_view>& recommendation_codes();

/// What is wrong with a table that came from a file: one sentence per problem, naming the field, what was
/// expected and what was found. Empty: it can be used.
std::vector<std::string> problems(const SiteSettings& settings);

}  // namespace deepmine::stope
