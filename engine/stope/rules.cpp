#include "engine/stope/rules.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace deepmine::stope {
namespace {

/// The sensors that the rules look at; temperature and humidity do not count.
constexpr std::array<Sensor, 3> rule_sensors{Sensor::vibration_velocity, Sensor::deformation_rate,
                                             Sensor::stress};

double reading(const DailyReading& day, Sensor sensor) {
  return day[static_cast<std::size_t>(sensor)];
}

bool has_rule_readings(const DailyReading& day) {
  return std::all_of(rule_sensors.begin(), rule_sensors.end(),
                     [&](Sensor sensor) { return std::isfinite(reading(day, sensor)); });
}

/// Rounds n/300 half to even and clips to the levels.
RiskLevel level_of(std::int64_t n) {
  if (n <= 0) return RiskLevel::stable;
  std::int64_t level = n / 300;
  const std::int64_t rest = n % 300;
  if (rest > 150 || (rest == 150 && level % 2 == 1)) ++level;
  return static_cast<RiskLevel>(std::min<std::int64_t>(level, risk_level_count - 1));
}

RiskLevel level_at(const RiskRules& rules, const WindowRisk& risk, int day_weight, int horizon) {
  std::int64_t growing = risk.growing;
  if (horizon > rules.long_horizon_days) growing += risk.long_horizon;
  std::int64_t n = std::int64_t{30} * (risk.fixed + day_weight) + growing * horizon;
  if (horizon > rules.far_horizon_days)
    n += std::int64_t{rules.far_weight} * (horizon - rules.far_horizon_days);
  return level_of(n);
}

}  // namespace

int weight_of(const RuleSteps& steps, double value, double tolerance) {
  for (const RuleStep& step : steps) {
    const double beyond = step.above ? value - step.threshold : step.threshold - value;
    if (beyond > tolerance) return step.weight;
  }
  return 0;
}

DailyReading daily_slopes(std::span<const DailyReading> days) {
  // Least squares over x = 0 … n−1. With u = 2x − (n−1), a whole number: Σu² = n(n²−1)/3, slope = 2 Σuy /
  // Σu². The sensors side by side: one sum after the other would wait for every addition.
  const auto n = static_cast<std::int64_t>(days.size());
  DailyReading slopes{};
  for (std::int64_t x = 0; x < n; ++x)
    for (std::size_t s = 0; s < sensor_count; ++s)
      slopes[s] += static_cast<double>(2 * x - (n - 1)) * days[static_cast<std::size_t>(x)][s];
  for (double& slope : slopes)
    slope = n >= 2 && std::isfinite(slope) ? 6 * slope / static_cast<double>(n * (n * n - 1)) : missing;
  return slopes;
}

std::optional<double> daily_slope(std::span<const DailyReading> days, Sensor sensor) {
  const double slope = reading(daily_slopes(days), sensor);
  return is_missing(slope) ? std::nullopt : std::optional(slope);
}

std::optional<bool> rule_unstable(const UnstableRules& rules, const StaticRecord& statics,
                                  const DailyReading& day) {
  if (!std::isfinite(statics.rqd) || !std::isfinite(statics.hydraulic_radius) ||
      !std::isfinite(statics.depth) || !has_rule_readings(day))
    return std::nullopt;
  int sum = weight_of(rules.rqd, statics.rqd) + weight_of(rules.hydraulic_radius, statics.hydraulic_radius) +
            weight_of(rules.depth, statics.depth);
  if (!statics.support_installed) {
    sum += rules.not_installed_weight;
  } else {
    if (!std::isfinite(statics.support_density)) return std::nullopt;
    sum += weight_of(rules.support_density, statics.support_density);
  }
  sum += weight_of(rules.vibration, reading(day, Sensor::vibration_velocity)) +
         weight_of(rules.deformation, reading(day, Sensor::deformation_rate)) +
         weight_of(rules.stress, reading(day, Sensor::stress));
  return sum > rules.limit;
}

std::optional<WindowRisk> window_risk(const UnstableRules& unstable_rules, const RiskRules& rules,
                                      const StaticRecord& statics, std::span<const DailyReading> window) {
  const auto slope_days = static_cast<std::size_t>(rules.slope_days);
  if (window.size() < slope_days) return std::nullopt;
  const std::optional<bool> unstable = rule_unstable(unstable_rules, statics, window.back());
  if (!unstable) return std::nullopt;

  WindowRisk risk;
  risk.unstable_today = *unstable;
  risk.fixed = *unstable ? rules.unstable_today_weight : 0;
  const std::array<const RuleSteps*, 3> steps{&rules.vibration_slope, &rules.deformation_slope,
                                              &rules.stress_slope};
  const DailyReading slopes = daily_slopes(window.last(slope_days));
  if (!has_rule_readings(slopes)) return std::nullopt;
  for (std::size_t i = 0; i < rule_sensors.size(); ++i)
    risk.growing += weight_of(*steps[i], reading(slopes, rule_sensors[i]), rules.slope_tolerance);
  risk.long_horizon = weight_of(rules.rqd, statics.rqd) + weight_of(rules.depth, statics.depth);
  return risk;
}

std::optional<RiskLevel> risk_level(const RiskRules& rules, const WindowRisk& risk, const DailyReading& day,
                                    int horizon, double tolerance) {
  if (!has_rule_readings(day)) return std::nullopt;
  const int day_weight = weight_of(rules.vibration, reading(day, Sensor::vibration_velocity), tolerance) +
                         weight_of(rules.deformation, reading(day, Sensor::deformation_rate), tolerance) +
                         weight_of(rules.stress, reading(day, Sensor::stress), tolerance);
  return level_at(rules, risk, day_weight, horizon);
}

std::vector<std::optional<RiskLevel>> extrapolated_risks(const UnstableRules& unstable_rules,
                                                         const RiskRules& rules, const StaticRecord& statics,
                                                         std::span<const DailyReading> window,
                                                         std::span<const int> horizons) {
  std::vector<std::optional<RiskLevel>> levels(horizons.size());
  const std::optional<WindowRisk> risk = window_risk(unstable_rules, rules, statics, window);
  if (!risk) return levels;

  const std::array<const RuleSteps*, 3> steps{&rules.vibration, &rules.deformation, &rules.stress};
  const DailyReading slopes = daily_slopes(window);
  if (!has_rule_readings(slopes)) return levels;
  for (std::size_t k = 0; k < horizons.size(); ++k) {
    int day_weight = 0;
    for (std::size_t i = 0; i < rule_sensors.size(); ++i) {
      const double value =
          reading(window.back(), rule_sensors[i]) + reading(slopes, rule_sensors[i]) * horizons[k];
      day_weight += weight_of(*steps[i], value, rules.slope_tolerance);
    }
    levels[k] = level_at(rules, *risk, day_weight, horizons[k]);
  }
  return levels;
}

}  // namespace deepmine::stope
