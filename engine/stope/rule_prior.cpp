#include "engine/stope/rule_prior.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "engine/stope/risk_level.h"
#include "engine/stope/rules.h"

namespace deepmine::stope {
namespace {

using LevelCounts = std::array<int, risk_level_count>;

/// Counted in addition to what was seen, for each level.
constexpr double unseen = 1.0 / 3;

/// Slope per day of every sensor over the window.
std::optional<DailyReading> slopes_of(std::span<const DailyReading> window) {
  DailyReading slopes{};
  for (std::size_t s = 0; s < sensor_count; ++s) {
    const std::optional<double> slope = daily_slope(window, static_cast<Sensor>(s));
    if (!slope) return std::nullopt;
    slopes[s] = *slope;
  }
  return slopes;
}

/// The levels at day t+h if its readings scatter as those of the window do, about a trend that goes on for
/// `days_of_trend` more days. Nothing if the rules miss a reading.
bool count_levels(const RiskRules& rules, const WindowRisk& risk, std::span<const DailyReading> window,
                  const DailyReading& slopes, int horizon, int days_of_trend, LevelCounts& counts) {
  for (std::size_t i = 0; i < window.size(); ++i) {
    const double days = static_cast<double>(window.size() - 1 - i) + days_of_trend;
    DailyReading moved{};
    for (std::size_t s = 0; s < sensor_count; ++s) moved[s] = window[i][s] + slopes[s] * days;
    const auto level = risk_level(rules, risk, moved, horizon, rules.slope_tolerance);
    if (!level) return false;
    ++counts[static_cast<std::size_t>(*level)];
  }
  return true;
}

}  // namespace

bool write_rule_prior(const UnstableRules& unstable_rules, const RiskRules& rules,
                      const StaticRecord& statics, std::span<const DailyReading> window,
                      std::span<const int> horizons, float* out) {
  const double total = 2 * static_cast<double>(window.size()) + unseen * risk_level_count;
  const std::optional<WindowRisk> risk = window_risk(unstable_rules, rules, statics, window);
  const std::optional<DailyReading> slopes = risk ? slopes_of(window) : std::nullopt;
  bool computed = slopes.has_value();
  for (std::size_t h = 0; computed && h < horizons.size(); ++h) {
    LevelCounts counts{};
    for (const int days_of_trend : {0, horizons[h]})
      computed = computed && count_levels(rules, *risk, window, *slopes, horizons[h], days_of_trend, counts);
    for (std::size_t k = 0; k < risk_level_count; ++k)
      out[h * risk_level_count + k] = static_cast<float>(std::log((counts[k] + unseen) / total));
  }
  if (!computed)
    std::fill_n(out, horizons.size() * risk_level_count,
                static_cast<float>(-std::log(static_cast<double>(risk_level_count))));
  return computed;
}

}  // namespace deepmine::stope
