// What the rules' prior of a horizon is made of (rule_prior.h), in the units of the readings. The rules add
// points for what they see and round the sum to a level; a breakdown says, for the mean over the prior's
// courses of the readings, how many levels each input adds before that. So a reader sees which sensor, and
// which property of the rock, the expectation rests on.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/stope/records.h"
#include "engine/stope/thresholds.h"

namespace deepmine::stope {

/// One input of the rules.
struct RuleShare {
  std::string input;   ///< `unstable_today`, a sensor, a sensor's `…_slope`, `rqd`, `depth`, `days_ahead`
  double value = 0;    ///< of the record; of the last days' slope; the reading expected on day t+h
  std::string unit;    ///< of the value; empty: it has none
  double levels = 0;   ///< what it adds, in levels; mean over the courses
  double passing = 0;  ///< share of the courses in which it adds or takes anything: 0 to 1
};

struct RuleBreakdown {
  int horizon_days = 0;
  double score = 0;               ///< Σ levels: the mean before it is rounded and held between 0 and 5
  double expected_level = 0;      ///< Σ k·p_k of the prior: what the network starts from
  std::vector<RuleShare> shares;  ///< all inputs of the rules at this horizon, the largest share first
};

/// Breaks down the prior of day t + `horizon`. Nothing where there is no prior (a reading or a static value
/// that the rules need is missing). Pure.
std::optional<RuleBreakdown> break_down_rules(const UnstableRules& unstable_rules, const RiskRules& rules,
                                              const StaticRecord& statics,
                                              std::span<const DailyReading> window, int horizon);

}  // namespace deepmine::stope
