// What the rules expect of the days to come, as probabilities: the prior of a network's future heads.
//
// Of the risk at t+h all is known on day t but that day's readings. The prior lets them scatter about their
// trend as they did in the window: for each of its T days and for two courses of the trend
//
//     reading(t+h) = trend(t) + residual of the day               the trend ends today
//     reading(t+h) = trend(t+h) + residual of the day             the trend goes on
//
// (trend: the least-squares line of the sensor through the whole window), the rules name the level. With c_k
// of these 2·T levels being k,
//
//     log p_k = ln (c_k + 1/3) − ln (2·T + 6/3)
//
// Thirty days have been seen, so what did not happen in them is unlikely, not impossible.
#pragma once

#include <span>

#include "engine/stope/records.h"
#include "engine/stope/thresholds.h"

namespace deepmine::stope {

/// Writes risk_level_count log-probabilities for each horizon, one horizon after the other. `window` ends on
/// day t and holds filled readings. Returns false, and writes equal probabilities, where the rules can't be
/// computed (a reading or a static value is missing, or the window is shorter than RiskRules::slope_days).
/// Pure.
bool write_rule_prior(const UnstableRules& unstable_rules, const RiskRules& rules,
                      const StaticRecord& statics, std::span<const DailyReading> window,
                      std::span<const int> horizons, float* out);

}  // namespace deepmine::stope
