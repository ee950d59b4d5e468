#include "engine/stope/rule_breakdown.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/stope/feature_table.h"
#include "engine/stope/rule_courses.h"
#include "engine/stope/rule_prior.h"
#include "engine/stope/rules.h"

namespace deepmine::stope {
namespace {

constexpr double tenths = 10;  // of a level: the unit of the rules' weights

/// A sensor that the rules look at, and the steps for its slope and for its reading on the day.
struct SensorRules {
  Sensor sensor;
  const RuleSteps& of_slope;
  const RuleSteps& of_reading;
};

std::array<SensorRules, 3> sensor_rules(const RiskRules& rules) {
  return {{{Sensor::vibration_velocity, rules.vibration_slope, rules.vibration},
           {Sensor::deformation_rate, rules.deformation_slope, rules.deformation},
           {Sensor::stress, rules.stress_slope, rules.stress}}};
}

const FeatureColumn& column_of(Sensor sensor) {
  return feature_table().sensors[static_cast<std::size_t>(sensor)];
}

/// The reading expected of a sensor on day t+h, and what the rules make of it.
RuleShare reading_share(const RiskRules& rules, const SensorRules& of, std::span<const DailyReading> window,
                        const DailyReading& slopes, int horizon) {
  RuleShare share{column_of(of.sensor).name, 0, column_of(of.sensor).unit, 0, 0};
  const double courses = 2 * static_cast<double>(window.size());
  visit_courses(window, slopes, horizon, [&](const DailyReading& day) {
    const double reading = day[static_cast<std::size_t>(of.sensor)];
    const int weight = weight_of(of.of_reading, reading, rules.slope_tolerance);
    share.value += reading / courses;
    share.levels += weight / tenths / courses;
    share.passing += (weight != 0 ? 1 : 0) / courses;
    return true;
  });
  return share;
}

/// A weight that is the same in every course.
RuleShare constant_share(std::string input, double value, std::string unit, double levels) {
  return {std::move(input), value, std::move(unit), levels, levels != 0 ? 1.0 : 0.0};
}

void add_properties(const RiskRules& rules, const StaticRecord& statics, int horizon,
                    std::vector<RuleShare>& shares) {
  const double growth = horizon / 30.0;
  if (horizon > rules.long_horizon_days) {
    shares.push_back(
        constant_share("rqd", statics.rqd, "%", weight_of(rules.rqd, statics.rqd) / tenths * growth));
    shares.push_back(
        constant_share("depth", statics.depth, "m", weight_of(rules.depth, statics.depth) / tenths * growth));
  }
  if (horizon > rules.far_horizon_days)
    shares.push_back(constant_share("days_ahead", horizon, "d",
                                    rules.far_weight / tenths * (horizon - rules.far_horizon_days) / 30.0));
}

double expected_level(const UnstableRules& unstable_rules, const RiskRules& rules,
                      const StaticRecord& statics, std::span<const DailyReading> window, int horizon) {
  std::array<float, risk_level_count> prior{};
  write_rule_prior(unstable_rules, rules, statics, window, std::span(&horizon, 1), prior.data());
  double level = 0;
  for (std::size_t k = 0; k < prior.size(); ++k)
    level += static_cast<double>(k) * std::exp(static_cast<double>(prior[k]));
  return level;
}

}  // namespace

std::optional<RuleBreakdown> break_down_rules(const UnstableRules& unstable_rules, const RiskRules& rules,
                                              const StaticRecord& statics,
                                              std::span<const DailyReading> window, int horizon) {
  const std::optional<WindowRisk> risk = window_risk(unstable_rules, rules, statics, window);
  const std::optional<DailyReading> slopes = risk ? slopes_of(window) : std::nullopt;
  if (!slopes) return std::nullopt;

  RuleBreakdown breakdown;
  breakdown.horizon_days = horizon;
  breakdown.expected_level = expected_level(unstable_rules, rules, statics, window, horizon);
  std::vector<RuleShare>& shares = breakdown.shares;
  shares.push_back(constant_share("unstable_today", risk->unstable_today ? 1 : 0, "", risk->fixed / tenths));
  const auto last_days = window.last(static_cast<std::size_t>(rules.slope_days));
  for (const SensorRules& of : sensor_rules(rules)) {
    const FeatureColumn& column = column_of(of.sensor);
    const double slope = daily_slope(last_days, of.sensor).value_or(missing);
    const double levels = weight_of(of.of_slope, slope, rules.slope_tolerance) / tenths * horizon / 30.0;
    shares.push_back(constant_share(column.name + "_slope", slope, column.unit + "/d", levels));
    shares.push_back(reading_share(rules, of, window, *slopes, horizon));
  }
  add_properties(rules, statics, horizon, shares);
  for (const RuleShare& share : shares) breakdown.score += share.levels;
  std::stable_sort(shares.begin(), shares.end(), [](const RuleShare& a, const RuleShare& b) {
    return std::abs(a.levels) > std::abs(b.levels);
  });
  return breakdown;
}

}  // namespace deepmine::stope
