#include "engine/stope/rule_prior.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "engine/stope/risk_level.h"
#include "engine/stope/rule_courses.h"
#include "engine/stope/rules.h"

namespace deepmine::stope {
namespace {

using LevelCounts = std::array<int, risk_level_count>;

/// Counted in addition to what was seen, for each level.
constexpr double unseen = 1.0 / 3;

/// The levels of the courses at day t+h. False if the rules miss a reading.
bool count_levels(const RiskRules& rules, const WindowRisk& risk, std::span<const DailyReading> window,
                  const DailyReading& slopes, int horizon, LevelCounts& counts) {
  return visit_courses(window, slopes, horizon, [&](const DailyReading& day) {
    const auto level = risk_level(rules, risk, day, horizon, rules.slope_tolerance);
    if (level) ++counts[static_cast<std::size_t>(*level)];
    return level.has_value();
  });
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
    computed = count_levels(rules, *risk, window, *slopes, horizons[h], counts);
    for (std::size_t k = 0; k < risk_level_count; ++k)
      out[h * risk_level_count + k] = static_cast<float>(std::log((counts[k] + unseen) / total));
  }
  if (!computed)
    std::fill_n(out, horizons.size() * risk_level_count,
                static_cast<float>(-std::log(static_cast<double>(risk_level_count))));
  return computed;
}

}  // namespace deepmine::stope
