#include "io/assessment_json.h"

#include <cmath>

#include "io/field_json.h"

namespace deepmine::io {
namespace {

OrderedJson json_of(double value) {
  return std::isfinite(value) ? OrderedJson(value) : OrderedJson(nullptr);
}

template <class Value>
OrderedJson or_null(const std::optional<Value>& value) {
  if (!value) return nullptr;
  if constexpr (std::is_enum_v<Value>) {
    return std::string(name(*value));
  } else if constexpr (std::is_same_v<Value, double>) {
    return json_of(*value);
  } else {
    return *value;
  }
}

// A day is a plain integer in memory, so it has a function of its own.
OrderedJson day_or_null(const std::optional<stope::Day>& day) {
  return day ? OrderedJson(stope::format_day(*day)) : OrderedJson(nullptr);
}

/// A list with an object for each element.
template <class Elements, class ToJson>
OrderedJson list_of(const Elements& elements, ToJson to_json) {
  OrderedJson list = OrderedJson::array();
  for (const auto& element : elements) list.push_back(to_json(element));
  return list;
}

OrderedJson model_json(const std::optional<stope::ModelIdentity>& model) {
  if (!model) return nullptr;
  return {{"id", model->id}, {"version", model->version}, {"trained_at", model->trained_at}};
}

OrderedJson uncertainty_json(const std::optional<stope::Uncertainty>& uncertainty) {
  if (!uncertainty) return nullptr;
  return {{"samples", uncertainty->samples},
          {"mean", json_of(uncertainty->mean)},
          {"standard_deviation", json_of(uncertainty->standard_deviation)},
          {"interval", {json_of(uncertainty->low), json_of(uncertainty->high)}},
          {"mutual_information", json_of(uncertainty->mutual_information)}};
}

OrderedJson current_json(const stope::CurrentStability& current) {
  return {{"stable", or_null(current.stable)},
          {"instability_probability", or_null(current.instability_probability)},
          {"risk_level", name(current.risk_level)},
          {"confidence", or_null(current.confidence)},
          {"uncertainty", uncertainty_json(current.uncertainty)}};
}

OrderedJson probabilities_json(const std::optional<std::array<double, stope::risk_level_count>>& values) {
  if (!values) return nullptr;
  OrderedJson json = OrderedJson::object();
  for (std::size_t level = 0; level < stope::risk_level_count; ++level)
    json[std::string(stope::risk_level_names[level])] = json_of((*values)[level]);
  return json;
}

OrderedJson future_json(const stope::FuturePrediction& future) {
  return {{"horizon_days", future.horizon_days},
          {"date", day_or_null(future.date)},
          {"predicted_risk_level", or_null(future.predicted_risk_level)},
          {"confidence", or_null(future.confidence)},
          {"risk_probabilities", probabilities_json(future.risk_probabilities)},
          {"risk_set", list_of(future.risk_set, [](stope::RiskLevel level) { return name(level); })},
          {"uncertainty", uncertainty_json(future.uncertainty)}};
}

OrderedJson rules_json(const stope::RuleBased& rules) {
  OrderedJson levels = OrderedJson::object();
  for (const stope::RuleBasedLevel& level : rules.risk_levels)
    levels[std::to_string(level.horizon_days)] = or_null(level.level);
  return {{"unstable_today", or_null(rules.unstable_today)}, {"risk_levels", std::move(levels)}};
}

OrderedJson response_json(const stope::Response& response) {
  return {{"colour", name(response.colour)}, {"since", day_or_null(response.since)},
          {"today", name(response.today)},   {"held", response.held()},
          {"owner", response.owner},         {"action", response.action}};
}

OrderedJson quality_json(const stope::DataQuality& quality) {
  return {{"days_used", quality.days_used},
          {"days_filled", quality.days_filled},
          {"last_reading", day_or_null(quality.last_reading)},
          {"out_of_range", list_of(quality.out_of_range, [](const stope::OutOfRange& input) {
             return OrderedJson{{"input", input.input},
                                {"day", day_or_null(input.day)},
                                {"value", json_of(input.value)},
                                {"lowest", json_of(input.lowest)},
                                {"highest", json_of(input.highest)}};
           })}};
}

}  // namespace

nlohmann::ordered_json attribution_to_json(const stope::Attribution& attribution) {
  return {{"input", attribution.input},
          {"value",
           attribution.category.empty() ? json_of(attribution.value) : OrderedJson(attribution.category)},
          {"unit", attribution.unit},
          {"contribution", json_of(attribution.contribution)}};
}

nlohmann::ordered_json assessment_to_json(const stope::Assessment& assessment) {
  OrderedJson json;
  json["schema_version"] = assessment.schema_version;
  json["stope_name"] = assessment.stope_name;
  json["timestamp"] = assessment.timestamp;
  json["as_of"] = day_or_null(assessment.as_of);
  json["status"] = name(assessment.status);
  json["reasons"] = list_of(assessment.reasons, [](const stope::Reason& reason) {
    return OrderedJson{{"code", reason.code}, {"message", reason.message}};
  });
  json["model"] = model_json(assessment.model);
  json["method"] = name(assessment.method);
  json["current_stability"] = current_json(assessment.current_stability);
  json["future_predictions"] = list_of(assessment.future_predictions, future_json);
  json["rule_based"] = rules_json(assessment.rule_based);
  json["risk_trend"] = or_null(assessment.risk_trend);
  json["max_risk_horizon"] = or_null(assessment.max_risk_horizon);
  json["alert_recommended"] = or_null(assessment.alert_recommended);
  json["explanations"] = list_of(assessment.explanations, [](const stope::Explanation& explanation) {
    return OrderedJson{{"code", explanation.code},
                       {"message", explanation.message},
                       {"input", explanation.input},
                       {"value", json_of(explanation.value)},
                       {"threshold", json_of(explanation.threshold)},
                       {"unit", explanation.unit}};
  });
  json["attributions"] = list_of(assessment.attributions, attribution_to_json);
  json["recommendations"] = list_of(assessment.recommendations, [](const stope::Recommendation& advice) {
    return OrderedJson{{"code", advice.code}, {"text", advice.text}};
  });
  if (assessment.response) json["response"] = response_json(*assessment.response);
  json["data_quality"] = quality_json(assessment.data_quality);
  return json;
}

std::string assessment_line(const stope::Assessment& assessment) {
  return assessment_to_json(assessment).dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::string predictions_json(const std::optional<stope::ModelIdentity>& model,
                             std::span<const stope::Assessment> assessments,
                             const nlohmann::ordered_json* drift) {
  OrderedJson json;
  json["schema_version"] = stope::assessment_schema_version;
  json["model"] = model_json(model);
  json["predictions"] = list_of(assessments, assessment_to_json);
  json["drift"] = drift != nullptr ? *drift : OrderedJson(nullptr);
  return json_text(json);
}

}  // namespace deepmine::io
