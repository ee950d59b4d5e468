#include "engine/stope/assessment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/stope/advice.h"
#include "engine/stope/counted_days.h"
#include "engine/stope/rules.h"

namespace deepmine::stope {
namespace {

bool is_probability(double value) {
  return value >= 0 && value <= 1;  // false for NaN
}

bool is_sound(const Uncertainty& uncertainty) {
  return is_probability(uncertainty.mean) && is_probability(uncertainty.low) &&
         is_probability(uncertainty.high) && std::isfinite(uncertainty.standard_deviation) &&
         std::isfinite(uncertainty.mutual_information);
}

/// What is wrong with an answer of the network; nothing if it can be used.
std::optional<std::string> invalid_answer(const NetworkAnswer& answer, const WindowPlan& plan) {
  if (!is_probability(answer.instability_probability))
    return fmt::format("the network's instability probability is {}", answer.instability_probability);
  const std::size_t horizons = plan.horizons.size();
  if (answer.risk_probabilities.size() != horizons ||
      (!answer.risk_sets.empty() && answer.risk_sets.size() != horizons) ||
      (!answer.future_uncertainty.empty() && answer.future_uncertainty.size() != horizons))
    return fmt::format("the network answers {} horizons with {} risk sets and {} spreads, {} are expected",
                       answer.risk_probabilities.size(), answer.risk_sets.size(),
                       answer.future_uncertainty.size(), horizons);
  for (const Uncertainty& uncertainty : answer.future_uncertainty)
    if (!is_sound(uncertainty)) return "the spread of a risk probability is no number";
  if (answer.current_uncertainty && !is_sound(*answer.current_uncertainty))
    return "the spread of the instability probability is no number";
  for (std::size_t k = 0; k < horizons; ++k) {
    double sum = 0;
    for (const double probability : answer.risk_probabilities[k]) {
      if (!is_probability(probability))
        return fmt::format("a risk probability at {} is {}", counted_days(plan.horizons[k]), probability);
      sum += probability;
    }
    if (std::abs(sum - 1) > 1e-3)
      return fmt::format("the risk probabilities at {} sum to {}", counted_days(plan.horizons[k]), sum);
  }
  return std::nullopt;
}

CurrentStability current_stability(double probability, const AssessmentSettings& settings) {
  CurrentStability current;
  current.instability_probability = probability;
  current.stable = probability < settings.decision_threshold;
  current.confidence = *current.stable ? 1 - probability : probability;
  current.risk_level = probability > settings.high_above     ? CurrentRisk::high
                       : probability > settings.medium_above ? CurrentRisk::medium
                                                             : CurrentRisk::low;
  return current;
}

/// One entry a horizon with nothing but its days.
std::vector<FuturePrediction> unanswered(const WindowPlan& plan, std::optional<Day> day_t) {
  std::vector<FuturePrediction> predictions;
  for (const int horizon : plan.horizons) {
    FuturePrediction prediction;
    prediction.horizon_days = horizon;
    if (day_t) prediction.date = *day_t + horizon;
    predictions.push_back(std::move(prediction));
  }
  return predictions;
}

/// Trend and worst horizon. Returns the highest level; both stay empty where a horizon has no level, because
/// a trend or a worst horizon of a part is that of the whole only by luck.
RiskLevel summarise_levels(Assessment& assessment, const AssessmentSettings& settings) {
  std::vector<RiskLevel> levels;
  for (const FuturePrediction& prediction : assessment.future_predictions)
    if (prediction.predicted_risk_level) levels.push_back(*prediction.predicted_risk_level);
  if (levels.empty()) return RiskLevel::stable;
  const auto highest = std::max_element(levels.begin(), levels.end());  // the first of equal ones
  if (levels.size() == assessment.future_predictions.size()) {
    assessment.risk_trend = risk_trend(levels, settings);
    assessment.max_risk_horizon =
        assessment.future_predictions[static_cast<std::size_t>(highest - levels.begin())].horizon_days;
  }
  return *highest;
}

void worsen(Assessment& assessment, Status status, std::string_view code, std::string message) {
  assessment.status = std::max(assessment.status, status);
  // The worst reasons stand first; a warning follows what the checks found.
  const auto place = status == Status::warning ? assessment.reasons.end() : assessment.reasons.begin();
  assessment.reasons.insert(place, {std::string(code), std::move(message)});
}

/// The draws do not agree whether the stope is stable.
void warn_of_doubt(Assessment& assessment, const Uncertainty& uncertainty, double threshold) {
  if (!(uncertainty.low < threshold && uncertainty.high >= threshold)) return;
  worsen(
      assessment, Status::warning, reason_code::answer_uncertain,
      fmt::format("of {} draws with dropout nine in ten lie between {:.3f} and {:.3f}, on both sides of the "
                  "decision threshold {}",
                  uncertainty.samples, uncertainty.low, uncertainty.high, threshold));
}

/// A network that is sure where the rules are alarmed may be right. It must not look as if nobody doubted it.
void warn_of_disagreement(Assessment& assessment) {
  if (!*assessment.current_stability.stable || !assessment.rule_based.unstable_today.value_or(false)) return;
  worsen(
      assessment, Status::warning, reason_code::rules_disagree,
      "the network calls the stope stable now, the rule set alone calls it unstable: somebody should look");
}

void answer_by_network(Assessment& assessment, const AssessmentInput& input) {
  const AssessmentSettings& settings = input.settings.assessment;
  const NetworkAnswer& answer = *input.answer;
  assessment.method = Method::network;
  assessment.current_stability = current_stability(answer.instability_probability, settings);
  assessment.current_stability.uncertainty = answer.current_uncertainty;
  assessment.attributions = answer.attributions;
  if (answer.current_uncertainty)
    warn_of_doubt(assessment, *answer.current_uncertainty, settings.decision_threshold);
  warn_of_disagreement(assessment);
  for (std::size_t k = 0; k < assessment.future_predictions.size(); ++k) {
    FuturePrediction& prediction = assessment.future_predictions[k];
    if (std::count(answer.untrained_horizons.begin(), answer.untrained_horizons.end(), k) > 0) {
      worsen(assessment, Status::warning, reason_code::horizon_not_trained,
             fmt::format("{} ahead: no answer, because the model was trained without a single label there",
                         counted_days(prediction.horizon_days)));
      continue;
    }
    const auto& probabilities = answer.risk_probabilities[k];
    prediction.predicted_risk_level = most_probable(probabilities);
    prediction.confidence = probabilities[static_cast<std::size_t>(*prediction.predicted_risk_level)];
    prediction.risk_probabilities = probabilities;
    if (!answer.risk_sets.empty()) prediction.risk_set = answer.risk_sets[k];
    if (!answer.future_uncertainty.empty()) prediction.uncertainty = answer.future_uncertainty[k];
  }
  const RiskLevel highest = summarise_levels(assessment, settings);
  const bool alarming =
      highest >= settings.alert_level || assessment.current_stability.risk_level == CurrentRisk::high;
  // That nothing is alarming can only be said where every horizon was answered.
  if (alarming || answer.untrained_horizons.empty()) assessment.alert_recommended = alarming;
}

void answer_by_rules(Assessment& assessment, const AssessmentInput& input) {
  const AssessmentSettings& settings = input.settings.assessment;
  assessment.method = Method::rule_based;
  for (std::size_t k = 0; k < assessment.future_predictions.size(); ++k)
    assessment.future_predictions[k].predicted_risk_level = assessment.rule_based.risk_levels[k].level;
  const RiskLevel highest = summarise_levels(assessment, settings);
  // The rules may alarm; that they find nothing is no reason to call a stope stable, or an alert unnecessary.
  if (*assessment.rule_based.unstable_today) {
    assessment.current_stability.stable = false;
    assessment.current_stability.risk_level = CurrentRisk::high;
  }
  if (*assessment.rule_based.unstable_today || highest >= settings.alert_level)
    assessment.alert_recommended = true;
}

bool computable(const RuleBased& rules) {
  return rules.unstable_today &&
         std::all_of(rules.risk_levels.begin(), rules.risk_levels.end(),
                     [](const RuleBasedLevel& level) { return level.level.has_value(); });
}

/// Decides who answers, where the data allows an answer.
void answer(Assessment& assessment, const AssessmentInput& input) {
  if (input.answer) {
    if (auto problem = invalid_answer(*input.answer, input.plan))
      worsen(assessment, Status::abstain, reason_code::model_output_invalid, std::move(*problem));
    else
      answer_by_network(assessment, input);
    return;
  }
  if (computable(assessment.rule_based))
    answer_by_rules(assessment, input);
  else
    worsen(assessment, Status::abstain, reason_code::rules_not_computable,
           "there is no model, and the rules lack a reading or a property that they need");
}

}  // namespace

std::string_view name(Method method) {
  constexpr std::array<std::string_view, 3> names{"network", "rule_based", "none"};
  return names[static_cast<std::size_t>(method)];
}

std::string_view name(CurrentRisk risk) {
  constexpr std::array<std::string_view, 4> names{"Low", "Medium", "High", "Unknown: inspect"};
  return names[static_cast<std::size_t>(risk)];
}

std::string_view name(RiskTrend trend) {
  constexpr std::array<std::string_view, 5> names{"escalating", "increasing", "stable", "improving",
                                                  "rapidly_improving"};
  return names[static_cast<std::size_t>(trend)];
}

RiskLevel most_probable(const std::array<double, risk_level_count>& probabilities) {
  std::size_t best = 0;
  for (std::size_t level = 1; level < probabilities.size(); ++level)
    if (probabilities[level] >= probabilities[best]) best = level;
  return static_cast<RiskLevel>(best);
}

std::optional<RiskTrend> risk_trend(std::span<const RiskLevel> levels, const AssessmentSettings& settings) {
  // Least squares over the index; a quotient of whole numbers, so that a slope of 1/10 equals the threshold
  // 0.1.
  const auto n = static_cast<std::int64_t>(levels.size());
  if (n < 2) return std::nullopt;
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < n; ++i)
    sum += (2 * i - (n - 1)) * static_cast<std::int64_t>(levels[static_cast<std::size_t>(i)]);
  const double slope = static_cast<double>(6 * sum) / static_cast<double>(n * (n * n - 1));
  if (slope > settings.escalating_above) return RiskTrend::escalating;
  if (slope > settings.increasing_above) return RiskTrend::increasing;
  if (slope > settings.steady_above) return RiskTrend::stable;
  if (slope > settings.improving_above) return RiskTrend::improving;
  return RiskTrend::rapidly_improving;
}

RuleBased rule_based_answer(const StaticRecord& statics, const PreparedReadings& readings,
                            std::optional<Day> day_t, const WindowPlan& plan, const SiteSettings& settings) {
  RuleBased rules;
  std::vector<std::optional<RiskLevel>> levels(plan.horizons.size());
  if (day_t && readings.filled().covers(*day_t)) {
    const DailyReading today = readings.observed_reading(*day_t);
    rules.unstable_today = rule_unstable(settings.unstable_rules, statics, today);
    // Day t has to be observed for the rules too; a window cut short by the first reading is none.
    const auto window = readings.window(*day_t, plan.days);
    if (rules.unstable_today && window.size() == static_cast<std::size_t>(plan.days))
      levels =
          extrapolated_risks(settings.unstable_rules, settings.risk_rules, statics, window, plan.horizons);
  }
  for (std::size_t k = 0; k < levels.size(); ++k) rules.risk_levels.push_back({plan.horizons[k], levels[k]});
  return rules;
}

Assessment assess(const AssessmentInput& input) {
  Assessment assessment;
  assessment.stope_name = input.stope_name;
  assessment.timestamp = input.timestamp;
  assessment.as_of = input.quality.day_t;
  assessment.status = input.quality.status;
  assessment.reasons = input.quality.reasons;
  assessment.model = input.model;
  assessment.data_quality = input.quality.data;
  if (assessment.status == Status::rejected) return assessment;

  assessment.future_predictions = unanswered(input.plan, input.quality.day_t);
  assessment.rule_based =
      rule_based_answer(input.statics, input.readings, input.quality.day_t, input.plan, input.settings);
  // A model that was not asked, because the data allows no answer, is not missing.
  if (!input.answer && (!input.model || input.quality.answerable()))
    worsen(assessment, Status::warning, reason_code::no_model,
           "no usable model: only the rule set answers, which is not a trained network");
  if (input.quality.answerable()) answer(assessment, input);
  assessment.explanations = explain_in_raw_units(input.statics, input.readings, assessment, input.settings);
  assessment.recommendations = recommend(assessment, input.settings);
  return assessment;
}

Assessment rejected_assessment(std::string_view stope_name, std::string_view timestamp,
                               std::vector<Reason> reasons) {
  Assessment assessment;
  assessment.stope_name = stope_name;
  assessment.timestamp = timestamp;
  assessment.status = Status::rejected;
  assessment.reasons = std::move(reasons);
  return assessment;
}

}  // namespace deepmine::stope
