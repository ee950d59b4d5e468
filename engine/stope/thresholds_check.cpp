// What a table from a file must satisfy before it decides about anything.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "engine/stope/thresholds.h"

namespace deepmine::stope {
namespace {

using Problems = std::vector<std::string>;

constexpr int largest_weight = 10'000;  // keeps every sum far inside an int

template <class Number>
void expect(Problems& found, bool holds, std::string_view field, std::string_view expected, Number value) {
  if (!holds) found.push_back(fmt::format("{}: expected {}, found {}", field, expected, value));
}

void check_steps(Problems& found, std::string_view field, const RuleSteps& steps) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string where = fmt::format("{}[{}]", field, i);
    expect(found, std::isfinite(steps[i].threshold), where, "a finite threshold", steps[i].threshold);
    expect(found, std::abs(steps[i].weight) <= largest_weight, where,
           fmt::format("a weight between -{0} and {0}", largest_weight), steps[i].weight);
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (steps[earlier].above != steps[i].above) continue;
      const bool reachable = steps[i].above ? steps[i].threshold < steps[earlier].threshold
                                            : steps[i].threshold > steps[earlier].threshold;
      expect(
          found, reachable, where,
          fmt::format("a step that step {} (threshold {}) does not hide", earlier, steps[earlier].threshold),
          steps[i].threshold);
    }
  }
}

void check_weight(Problems& found, std::string_view field, int weight) {
  expect(found, std::abs(weight) <= largest_weight, field,
         fmt::format("a whole number between -{0} and {0}", largest_weight), weight);
}

void check_rules(Problems& found, const UnstableRules& rules) {
  check_steps(found, "unstable_rules.rqd", rules.rqd);
  check_steps(found, "unstable_rules.hydraulic_radius", rules.hydraulic_radius);
  check_steps(found, "unstable_rules.depth", rules.depth);
  check_steps(found, "unstable_rules.support_density", rules.support_density);
  check_steps(found, "unstable_rules.vibration", rules.vibration);
  check_steps(found, "unstable_rules.deformation", rules.deformation);
  check_steps(found, "unstable_rules.stress", rules.stress);
  check_weight(found, "unstable_rules.not_installed_weight", rules.not_installed_weight);
  check_weight(found, "unstable_rules.limit", rules.limit);
}

void check_rules(Problems& found, const RiskRules& rules) {
  check_steps(found, "risk_rules.vibration_slope", rules.vibration_slope);
  check_steps(found, "risk_rules.deformation_slope", rules.deformation_slope);
  check_steps(found, "risk_rules.stress_slope", rules.stress_slope);
  check_steps(found, "risk_rules.vibration", rules.vibration);
  check_steps(found, "risk_rules.deformation", rules.deformation);
  check_steps(found, "risk_rules.stress", rules.stress);
  check_steps(found, "risk_rules.rqd", rules.rqd);
  check_steps(found, "risk_rules.depth", rules.depth);
  check_weight(found, "risk_rules.unstable_today_weight", rules.unstable_today_weight);
  check_weight(found, "risk_rules.far_weight", rules.far_weight);
  expect(found, rules.slope_days >= 2 && rules.slope_days <= 3650, "risk_rules.slope_days", "2 to 3650 days",
         rules.slope_days);
  expect(found, rules.slope_tolerance >= 0 && rules.slope_tolerance < 1e-3, "risk_rules.slope_tolerance",
         "at least 0 and below 0.001", rules.slope_tolerance);
  for (const auto& [field, days] : {std::pair{"risk_rules.long_horizon_days", rules.long_horizon_days},
                                    std::pair{"risk_rules.far_horizon_days", rules.far_horizon_days}})
    expect(found, days >= 0 && days <= 3650, field, "0 to 3650 days", days);
}

void check_probability(Problems& found, std::string_view field, double value) {
  expect(found, value > 0 && value < 1, field, "a probability between 0 and 1", value);
}

void check_assessment(Problems& found, const AssessmentSettings& settings) {
  check_probability(found, "assessment.decision_threshold", settings.decision_threshold);
  check_probability(found, "assessment.high_above", settings.high_above);
  check_probability(found, "assessment.medium_above", settings.medium_above);
  check_probability(found, "assessment.evacuate_above", settings.evacuate_above);
  check_probability(found, "assessment.monitor_above", settings.monitor_above);
  expect(found, settings.medium_above < settings.high_above, "assessment.medium_above", "below high_above",
         settings.medium_above);
  expect(found, settings.monitor_above <= settings.evacuate_above, "assessment.monitor_above",
         "at most evacuate_above", settings.monitor_above);
  const int alert = static_cast<int>(settings.alert_level);
  expect(found, alert > 0 && alert < static_cast<int>(risk_level_count), "assessment.alert_level",
         "a level from slight_elevated (1) to unstable (5)", alert);
  expect(found,
         settings.escalating_above > settings.increasing_above &&
             settings.increasing_above > settings.steady_above &&
             settings.steady_above > settings.improving_above,
         "assessment.escalating_above", "bounds of the trend that fall from escalating to improving",
         settings.escalating_above);
  for (const auto& [field, value] :
       {std::pair{"assessment.rqd_below", settings.rqd_below},
        std::pair{"assessment.hydraulic_radius_above", settings.hydraulic_radius_above},
        std::pair{"assessment.depth_above", settings.depth_above},
        std::pair{"assessment.support_density_below", settings.support_density_below},
        std::pair{"assessment.vibration_above", settings.vibration_above},
        std::pair{"assessment.deformation_above", settings.deformation_above},
        std::pair{"assessment.stress_above", settings.stress_above}})
    expect(found, std::isfinite(value), field, "a finite number", value);
  expect(found, settings.mean_days >= 1 && settings.mean_days <= 3650, "assessment.mean_days",
         "1 to 3650 days", settings.mean_days);
  const double percent = settings.risk_set_coverage * 100;
  expect(found, percent >= 49.5 && percent <= 99.5 && std::abs(percent - std::round(percent)) < 1e-6,
         "assessment.risk_set_coverage", "whole hundredths from 0.50 to 0.99", settings.risk_set_coverage);
}

void check_data(Problems& found, const DataSettings& settings) {
  for (const auto& [field, days, lowest] :
       {std::tuple{"data.largest_filled_gap", settings.largest_filled_gap, 0},
        std::tuple{"data.minimum_history", settings.minimum_history, 1},
        std::tuple{"data.flat_line_days", settings.flat_line_days, 2},
        std::tuple{"data.largest_age", settings.largest_age, 0}})
    expect(found, days >= lowest && days <= 3650, field, fmt::format("{} to 3650 days", lowest), days);
  expect(found, settings.training_range_margin >= 0 && std::isfinite(settings.training_range_margin),
         "data.training_range_margin", "a part of the width, 0 or more", settings.training_range_margin);
  for (const double sentinel : settings.sentinels)
    expect(found, std::isfinite(sentinel), "data.sentinels", "a finite number", sentinel);
}

void check_recommendations(Problems& found, const std::vector<Recommendation>& table) {
  const auto& codes = recommendation_codes();
  for (const std::string_view code : codes) {
    const auto times =
        std::count_if(table.begin(), table.end(), [&](const auto& r) { return r.code == code; });
    expect(found, times == 1, fmt::format("recommendations.{}", code), "exactly one text", times);
  }
  for (const Recommendation& row : table) {
    if (std::find(codes.begin(), codes.end(), row.code) == codes.end())
      found.push_back(fmt::format("recommendations: expected one of the codes {}, found '{}'",
                                  fmt::join(codes, ", "), row.code));
    if (row.text.empty())
      found.push_back(fmt::format("recommendations.{}: expected a text, found an empty one", row.code));
  }
}

}  // namespace

std::vector<std::string> problems(const SiteSettings& settings) {
  Problems found;
  check_rules(found, settings.unstable_rules);
  check_rules(found, settings.risk_rules);
  check_assessment(found, settings.assessment);
  check_data(found, settings.data);
  check_recommendations(found, settings.recommendations);
  for (std::string& problem : problems(settings.response_plan)) found.push_back(std::move(problem));
  return found;
}

}  // namespace deepmine::stope
