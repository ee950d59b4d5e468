// The rule set: is a stope unstable today, and how risky will it be at t+h? It makes the labels of the future
// heads, it is the baseline that the network has to beat, and it is the answer when no model is usable. It is
// a set of rules, not of observed failures.
//
// All sums are whole numbers (hundredths, or 1/300 of a level), so a result never depends on rounding. A
// needed reading that is missing makes the result "cannot be computed" (nothing), never a number. All
// functions are pure and may be called from several threads.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "engine/stope/records.h"
#include "engine/stope/risk_level.h"
#include "engine/stope/thresholds.h"

namespace deepmine::stope {

/// Least-squares slope per day of one sensor over consecutive days; nothing for fewer than two days or where
/// a day is missing.
std::optional<double> daily_slope(std::span<const DailyReading> days, Sensor sensor);

/// The same of every sensor; `missing` where there is none.
DailyReading daily_slopes(std::span<const DailyReading> days);

/// Weight of the first step that passes, 0 if none does. A value within `tolerance` of a threshold counts as
/// equal to it.
int weight_of(const RuleSteps& steps, double value, double tolerance = 0);

/// The rules' verdict on one day; nothing if rqd, hr, depth, the density of an installed support, vibration,
/// deformation or stress is missing.
std::optional<bool> rule_unstable(const UnstableRules& rules, const StaticRecord& statics,
                                  const DailyReading& day);

/// What the window (and the stope) contribute to the risk at any horizon. Tenths of a level.
struct WindowRisk {
  bool unstable_today = false;
  int fixed = 0;         ///< counts in full
  int growing = 0;       ///< × h/30
  int long_horizon = 0;  ///< × h/30 where h is above RiskRules::long_horizon_days
};

/// `window` ends on day t (its last element is day t) and holds filled readings. Only its last `slope_days`
/// days count. Nothing if one of the readings needed is missing.
std::optional<WindowRisk> window_risk(const UnstableRules& unstable_rules, const RiskRules& rules,
                                      const StaticRecord& statics, std::span<const DailyReading> window);

/// Risk level `horizon` days after day t, with the readings observed on that day; nothing if one of them is
/// missing. A reading within `tolerance` of a threshold counts as equal to it: for readings that come from a
/// fitted slope.
std::optional<RiskLevel> risk_level(const RiskRules& rules, const WindowRisk& risk, const DailyReading& day,
                                    int horizon, double tolerance = 0);

/// The same with the readings of day t+h replaced by last value + slope·h, the slope over the whole window. A
/// value within the slope tolerance of a threshold counts as equal to it, because it comes from a fitted
/// slope. Nothing if vibration, deformation or stress is missing on a day of the window.
std::vector<std::optional<RiskLevel>> extrapolated_risks(const UnstableRules& unstable_rules,
                                                         const RiskRules& rules, const StaticRecord& statics,
                                                         std::span<const DailyReading> window,
                                                         std::span<const int> horizons);

}  // namespace deepmine::stope
