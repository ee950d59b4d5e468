// The answer about one stope, as people and programs get it. A value: io turns it into JSON, CSV or a report.
// What is not known is empty (null in JSON); an abstention or a rejection has no number in it that could be
// mistaken for an answer, and never says "stable".
//
// Three ways to an answer: the network's probabilities; the rule set where there is no usable model (flagged:
// method rule_based, status warning, reason no_model); none. The rules find only a part of the unstable
// stopes, so without a model they can say "unstable" but never "stable": where they find nothing, `stable`
// stays empty and the risk level is unknown.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/stope/quality.h"
#include "engine/stope/records.h"
#include "engine/stope/response_plan.h"
#include "engine/stope/risk_level.h"
#include "engine/stope/thresholds.h"
#include "engine/stope/windows.h"

namespace deepmine::stope {

inline constexpr int assessment_schema_version = 1;

enum class Method { network, rule_based, none };
std::string_view name(Method method);

/// The risk of the current state; `unknown` is written "Unknown: inspect".
enum class CurrentRisk { low, medium, high, unknown };
std::string_view name(CurrentRisk risk);

enum class RiskTrend { escalating, increasing, stable, improving, rapidly_improving };
std::string_view name(RiskTrend trend);

struct ModelIdentity {
  std::string id, version, trained_at;
};

/// How much the network's answers scatter when its dropout is left on: about the probability that the answer
/// names (of instability, or of the predicted level).
struct Uncertainty {
  int samples = 0;  ///< draws
  double mean = 0, standard_deviation = 0;
  double low = 0, high = 0;       ///< nine of ten draws lie between
  double mutual_information = 0;  ///< nats: what the draws disagree about
};

struct CurrentStability {
  std::optional<bool> stable;
  std::optional<double> instability_probability;
  CurrentRisk risk_level = CurrentRisk::unknown;
  std::optional<double> confidence;        ///< probability of the answer given
  std::optional<Uncertainty> uncertainty;  ///< where draws were asked for
};

struct FuturePrediction {
  int horizon_days = 0;
  std::optional<Day> date;  ///< day t + horizon; empty if there is no day t
  std::optional<RiskLevel> predicted_risk_level;
  std::optional<double> confidence;
  std::optional<std::array<double, risk_level_count>> risk_probabilities;
  std::vector<RiskLevel> risk_set;  ///< levels that can't be ruled out (conformal set), ascending
  std::optional<Uncertainty> uncertainty;
};

struct RuleBasedLevel {
  int horizon_days = 0;
  std::optional<RiskLevel> level;  ///< empty: a missing reading makes it uncomputable
};

struct RuleBased {
  std::optional<bool> unstable_today;
  std::vector<RuleBasedLevel> risk_levels;  ///< extrapolated, one a horizon; empty for a rejected stope
};

/// A reading or property that explains the answer, in raw units.
struct Explanation {
  std::string code, message;
  std::string input;  ///< column name, or `future_predictions`
  double value = 0, threshold = 0;
  std::string unit;
};

/// How much an input moved the probability of instability away from that of the average stope of the training
/// (filled where explanations of the network are asked for). All of them sum to the difference.
struct Attribution {
  std::string input;       ///< column name, or that of a derived feature
  double value = missing;  ///< raw; of a sensor the mean of its last days; `missing` for a category
  std::string unit, category;
  double contribution = 0;
};

struct Assessment {
  int schema_version = assessment_schema_version;
  std::string stope_name;
  std::string timestamp;  ///< of the prediction; the caller's clock
  std::optional<Day> as_of;
  Status status = Status::rejected;
  std::vector<Reason> reasons;
  std::optional<ModelIdentity> model;
  Method method = Method::none;
  CurrentStability current_stability;
  std::vector<FuturePrediction> future_predictions;
  RuleBased rule_based;
  std::optional<RiskTrend> risk_trend;
  std::optional<int> max_risk_horizon;
  std::optional<bool> alert_recommended;
  std::vector<Explanation> explanations;
  std::vector<Attribution> attributions;
  std::vector<Recommendation> recommendations;
  std::optional<Response> response;  ///< by the site's response plan, if it has one
  DataQuality data_quality;
};

/// What the network says, calibrated.
struct NetworkAnswer {
  double instability_probability = 0;
  std::vector<std::array<double, risk_level_count>> risk_probabilities;  ///< one row a horizon
  /// Indices of horizons for which training had no label: the network's numbers there mean nothing.
  std::vector<std::size_t> untrained_horizons;
  std::vector<std::vector<RiskLevel>> risk_sets;  ///< one a horizon, or none at all
  std::optional<Uncertainty> current_uncertainty;
  std::vector<Uncertainty> future_uncertainty;  ///< one a horizon, or none at all
  std::vector<Attribution> attributions;        ///< of the instability probability, the strongest first
};

/// All that an assessment is made from. References must outlive the call.
struct AssessmentInput {
  std::string_view stope_name;
  std::string_view timestamp;
  const StaticRecord& statics;
  const PreparedReadings& readings;
  const QualityReport& quality;
  const SiteSettings& settings;
  const WindowPlan& plan;
  /// Null: no usable model, or (with `model`) a model that was not asked because the data allows no answer.
  const NetworkAnswer* answer = nullptr;
  std::optional<ModelIdentity> model;
};

/// The answer: of the network where the data allows one and `answer` is given, of the rules where it is not,
/// an abstention or a rejection as `quality` says. An answer of the network that is no probability (not
/// finite, outside 0-1, a row that does not sum to 1, a wrong number of horizons) is an abstention:
/// model_output_invalid.
Assessment assess(const AssessmentInput& input);

/// A stope of which not even the records are usable (in one file only, refused rows). `reasons` are kept as
/// given.
Assessment rejected_assessment(std::string_view stope_name, std::string_view timestamp,
                               std::vector<Reason> reasons);

// ---- the parts, for tests and for tools that show only one of them

/// The rules on the readings seen up to day t: null wherever a reading that they need is missing.
RuleBased rule_based_answer(const StaticRecord& statics, const PreparedReadings& readings,
                            std::optional<Day> day_t, const WindowPlan& plan, const SiteSettings& settings);
/// Slope of the levels over their index; empty for fewer than two.
std::optional<RiskTrend> risk_trend(std::span<const RiskLevel> levels, const AssessmentSettings& settings);
/// Level with the highest probability; of equal ones the higher level.
RiskLevel most_probable(const std::array<double, risk_level_count>& probabilities);

}  // namespace deepmine::stope
