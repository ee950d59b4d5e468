#include "engine/stope/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/stope/counted_days.h"

namespace deepmine::stope {
namespace {

/// Mean of the observed readings of the last `days` calendar days up to day t; `missing` without any.
double mean_of_last_days(const PreparedReadings& readings, Day day_t, int days, std::size_t sensor) {
  double sum = 0;
  int count = 0;
  for (Day day = day_t - days + 1; day <= day_t; ++day) {
    if (!readings.observed(day, static_cast<Sensor>(sensor))) continue;
    sum += readings.filled().on(day)[sensor];
    ++count;
  }
  return count > 0 ? sum / count : missing;
}

const FuturePrediction* first_alert(const Assessment& assessment, RiskLevel alert_level) {
  for (const FuturePrediction& prediction : assessment.future_predictions)
    if (prediction.predicted_risk_level && *prediction.predicted_risk_level >= alert_level)
      return &prediction;
  return nullptr;
}

void explain_record(std::vector<Explanation>& found, const StaticRecord& statics,
                    const AssessmentSettings& s) {
  if (statics.rqd < s.rqd_below)
    found.push_back({"poor_rock",
                     fmt::format("rock quality is low: RQD {} %, below {} %", statics.rqd, s.rqd_below),
                     "rqd", statics.rqd, s.rqd_below, "%"});
  if (statics.hydraulic_radius > s.hydraulic_radius_above)
    found.push_back({"large_span",
                     fmt::format("the span is large: hydraulic radius {} m, above {} m",
                                 statics.hydraulic_radius, s.hydraulic_radius_above),
                     "hr", statics.hydraulic_radius, s.hydraulic_radius_above, "m"});
  if (statics.depth > s.depth_above)
    found.push_back({"great_depth",
                     fmt::format("the stope is deep: {} m, more than {} m", statics.depth, s.depth_above),
                     "depth", statics.depth, s.depth_above, "m"});
  if (statics.support_density < s.support_density_below)
    found.push_back({"weak_support",
                     fmt::format("support is weak: density {}, below {}", statics.support_density,
                                 s.support_density_below),
                     "support_density", statics.support_density, s.support_density_below, ""});
}

void explain_readings(std::vector<Explanation>& found, const PreparedReadings& readings, Day day_t,
                      const AssessmentSettings& s) {
  const auto check = [&](Sensor sensor, std::string_view code, std::string_view what, double bound) {
    const auto index = static_cast<std::size_t>(sensor);
    const double mean = mean_of_last_days(readings, day_t, s.mean_days, index);
    if (!(mean > bound)) return;
    const SensorColumn& column = sensor_columns[index];
    found.push_back({std::string(code),
                     fmt::format("{}: mean of the last {} {:.4g} {}, above {} {}", what,
                                 s.mean_days == 1 ? "day" : counted_days(s.mean_days), mean, column.unit,
                                 bound, column.unit),
                     std::string(column.name), mean, bound, std::string(column.unit)});
  };
  check(Sensor::vibration_velocity, "high_vibration", "vibration is high", s.vibration_above);
  check(Sensor::deformation_rate, "fast_deformation", "deformation is fast", s.deformation_above);
  check(Sensor::stress, "high_stress", "stress is high", s.stress_above);
}

bool explains(const Assessment& assessment, std::string_view code) {
  return std::any_of(assessment.explanations.begin(), assessment.explanations.end(),
                     [&](const Explanation& explanation) { return explanation.code == code; });
}

}  // namespace

std::vector<Explanation> explain_in_raw_units(const StaticRecord& statics, const PreparedReadings& readings,
                                              const Assessment& assessment, const SiteSettings& settings) {
  std::vector<Explanation> found;
  explain_record(found, statics, settings.assessment);
  if (assessment.as_of) explain_readings(found, readings, *assessment.as_of, settings.assessment);
  if (const FuturePrediction* alert = first_alert(assessment, settings.assessment.alert_level))
    found.push_back({"high_risk_ahead",
                     fmt::format("the predicted risk reaches '{}' in {}", name(*alert->predicted_risk_level),
                                 counted_days(alert->horizon_days)),
                     "future_predictions", static_cast<double>(*alert->predicted_risk_level),
                     static_cast<double>(settings.assessment.alert_level), "level"});
  return found;
}

std::vector<Recommendation> recommend(const Assessment& assessment, const SiteSettings& settings) {
  const CurrentStability& current = assessment.current_stability;
  const double probability = current.instability_probability.value_or(0);
  const bool unstable = current.stable.has_value() && !*current.stable;
  const bool evacuate = probability > settings.assessment.evacuate_above;
  const bool watch = !evacuate && (unstable || probability > settings.assessment.monitor_above);
  const bool ahead = first_alert(assessment, settings.assessment.alert_level) != nullptr;
  const auto applies = [&](std::string_view code) {
    if (code == "evacuate_and_assess") return evacuate;
    if (code == "inspect") return !current.stable || (unstable && assessment.method == Method::rule_based);
    if (code == "monitor_more_often" || code == "review_support") return watch;
    if (code == "preemptive_support" || code == "more_sensors") return ahead;
    if (code == "vibration") return explains(assessment, "high_vibration");
    return explains(assessment, code);  // poor_rock, large_span, weak_support
  };
  std::vector<Recommendation> advice;
  for (const std::string_view code : recommendation_codes()) {
    if (!applies(code)) continue;
    const auto& table = settings.recommendations;
    const auto row = std::find_if(table.begin(), table.end(), [&](const auto& r) { return r.code == code; });
    // A table without this code fails problems(); advice that applies is given even then.
    advice.push_back(row != table.end() ? *row : Recommendation{std::string(code), std::string(code)});
  }
  return advice;
}

}  // namespace deepmine::stope
