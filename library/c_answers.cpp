#include "library/c_answers.h"

#include <cmath>
#include <limits>

namespace deepmine::library {
namespace {

constexpr double unknown_number = std::numeric_limits<double>::quiet_NaN();

std::int32_t flag(const std::optional<bool>& value) {
  if (!value) return DM_UNKNOWN;
  return *value ? DM_YES : DM_NO;
}

template <class Enumeration>
std::int32_t value_or_unknown(const std::optional<Enumeration>& value) {
  return value ? static_cast<std::int32_t>(*value) : DM_UNKNOWN;
}

const char* or_null(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

/// Makes a structure of each value, and shows the list.
template <class Values, class Element, class Make>
void show_list(const Values& values, PointerList<Element>& list, const Element* const*& shown,
               std::size_t& count, Make make) {
  list.elements.reserve(values.size());
  list.pointers.reserve(values.size());
  for (const auto& value : values) {
    Element element = make(value);
    element.size = sizeof element;
    list.pointers.push_back(&list.elements.emplace_back(element));
  }
  shown = list.pointers.data();
  count = list.pointers.size();
}

// The numbers of the C interface are those of the enumerations, which are in the same order.
static_assert(DM_ANSWER_REJECTED == static_cast<int>(stope::Status::rejected));
static_assert(DM_METHOD_RULE_BASED == static_cast<int>(stope::Method::rule_based) &&
              DM_METHOD_NONE == static_cast<int>(stope::Method::none));
static_assert(DM_RISK_HIGH == static_cast<int>(stope::CurrentRisk::high) &&
              DM_RISK_UNKNOWN == static_cast<int>(stope::CurrentRisk::unknown));
static_assert(DM_TREND_RAPIDLY_IMPROVING == static_cast<int>(stope::RiskTrend::rapidly_improving));
static_assert(DM_COLOUR_UNKNOWN == static_cast<int>(stope::ResponseColour::unknown) &&
              DM_COLOUR_AMBER == static_cast<int>(stope::ResponseColour::amber) &&
              DM_COLOUR_RED == static_cast<int>(stope::ResponseColour::red));
static_assert(DM_LEVEL_UNSTABLE == static_cast<int>(stope::RiskLevel::unstable) &&
              std::size_t{DM_LEVEL_COUNT} == stope::risk_level_count);

}  // namespace

Answer::Answer(const stope::Assessment& assessment) : assessment_(assessment) {
  view_.size = sizeof view_;
  show_heads();
  show_reasons_and_rules();
  show_futures();
  show_explanations();
  show_quality();
  show_response();
}

const char* Answer::text_of(const std::optional<stope::Day>& day) {
  return day ? texts_.emplace_back(stope::format_day(*day)).c_str() : nullptr;
}

const dm_uncertainty* Answer::show(const std::optional<stope::Uncertainty>& uncertainty) {
  if (!uncertainty) return nullptr;
  return &uncertainties_.emplace_back(dm_uncertainty{
      sizeof(dm_uncertainty), uncertainty->samples, uncertainty->mean, uncertainty->standard_deviation,
      uncertainty->low, uncertainty->high, uncertainty->mutual_information});
}

void Answer::show_heads() {
  const stope::Assessment& a = assessment_;
  view_.stope_name = a.stope_name.c_str();
  view_.timestamp = a.timestamp.c_str();
  view_.as_of = text_of(a.as_of);
  view_.status = static_cast<std::int32_t>(a.status);
  view_.method = static_cast<std::int32_t>(a.method);
  if (a.model) {
    view_.model_id = a.model->id.c_str();
    view_.model_version = a.model->version.c_str();
    view_.model_trained_at = a.model->trained_at.c_str();
  }
  view_.stable = flag(a.current_stability.stable);
  view_.risk_level = static_cast<std::int32_t>(a.current_stability.risk_level);
  view_.instability_probability = a.current_stability.instability_probability.value_or(unknown_number);
  view_.confidence = a.current_stability.confidence.value_or(unknown_number);
  view_.uncertainty = show(a.current_stability.uncertainty);
  view_.risk_trend = value_or_unknown(a.risk_trend);
  view_.max_risk_horizon = value_or_unknown(a.max_risk_horizon);
  view_.alert_recommended = flag(a.alert_recommended);
  view_.rules_unstable_today = flag(a.rule_based.unstable_today);
}

void Answer::show_futures() {
  show_list(assessment_.future_predictions, futures_, view_.future_predictions, view_.future_prediction_count,
            [this](const stope::FuturePrediction& future) {
              dm_future shown{};
              shown.horizon_days = future.horizon_days;
              shown.date = text_of(future.date);
              shown.predicted_risk_level = value_or_unknown(future.predicted_risk_level);
              shown.confidence = future.confidence.value_or(unknown_number);
              for (std::size_t level = 0; level < stope::risk_level_count; ++level)
                shown.risk_probabilities[level] =
                    future.risk_probabilities ? (*future.risk_probabilities)[level] : unknown_number;
              std::vector<std::int32_t>& set = risk_sets_.emplace_back();
              for (const stope::RiskLevel level : future.risk_set)
                set.push_back(static_cast<std::int32_t>(level));
              shown.risk_set = set.data();
              shown.risk_set_count = set.size();
              shown.uncertainty = show(future.uncertainty);
              return shown;
            });
}

void Answer::show_reasons_and_rules() {
  show_list(assessment_.reasons, reasons_, view_.reasons, view_.reason_count,
            [](const stope::Reason& reason) {
              return dm_reason{0, reason.code.c_str(), reason.message.c_str()};
            });
  show_list(assessment_.rule_based.risk_levels, rule_levels_, view_.rule_levels, view_.rule_level_count,
            [](const stope::RuleBasedLevel& level) {
              return dm_rule_level{0, level.horizon_days, value_or_unknown(level.level)};
            });
}

void Answer::show_explanations() {
  show_list(assessment_.explanations, explanations_, view_.explanations, view_.explanation_count,
            [](const stope::Explanation& e) {
              return dm_explanation{
                  0,       e.code.c_str(), e.message.c_str(), e.input.c_str(), e.unit.c_str(),
                  e.value, e.threshold};
            });
  show_list(assessment_.attributions, attributions_, view_.attributions, view_.attribution_count,
            [](const stope::Attribution& attribution) {
              return dm_attribution{0,
                                    attribution.input.c_str(),
                                    attribution.value,
                                    attribution.contribution,
                                    or_null(attribution.unit),
                                    or_null(attribution.category)};
            });
  show_list(assessment_.recommendations, recommendations_, view_.recommendations, view_.recommendation_count,
            [](const stope::Recommendation& recommendation) {
              return dm_recommendation{0, recommendation.code.c_str(), recommendation.text.c_str()};
            });
}

void Answer::show_quality() {
  const stope::DataQuality& quality = assessment_.data_quality;
  view_.days_used = quality.days_used;
  view_.days_filled = quality.days_filled;
  view_.last_reading = text_of(quality.last_reading);
  show_list(quality.out_of_range, out_of_range_, view_.out_of_range, view_.out_of_range_count,
            [this](const stope::OutOfRange& input) {
              return dm_out_of_range{0,           input.input.c_str(), text_of(input.day),
                                     input.value, input.lowest,        input.highest};
            });
}

void Answer::show_response() {
  if (!assessment_.response) return;
  const stope::Response& given = *assessment_.response;
  response_ = {sizeof response_,
               static_cast<std::int32_t>(given.colour),
               static_cast<std::int32_t>(given.today),
               given.held() ? DM_YES : DM_NO,
               text_of(given.since),
               given.owner.c_str(),
               given.action.c_str()};
  view_.response = &response_;
}

}  // namespace deepmine::library
