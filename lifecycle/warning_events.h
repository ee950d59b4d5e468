// What an alarm should have warned of, and which days were quiet (docs/evaluation.md has the definitions).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/stope/thresholds.h"
#include "lifecycle/answers.h"

namespace deepmine::lifecycle {

/// Days on which stopes failed, by name. A stope that is not there did not fail.
using FailureDates = std::map<std::string, stope::Day>;

struct WarningEvents {
  bool are_failures = false;                     ///< else: levels of the rule set
  std::vector<std::optional<stope::Day>> event;  ///< by position in JudgedWindows::stopes
  /// By window: known that nothing happens on the days after it up to the longest horizon.
  std::vector<bool> quiet;
};

/// The event is the failure; quiet is a day without one in the longest horizon after it.
WarningEvents failure_events(const JudgedWindows& judged, const stope::Dataset& dataset,
                             const FailureDates& failures);
/// Where no failures are known: the event is the first day whose level, by the label of the shortest horizon,
/// reaches `alert_level` after it was below; quiet is a day whose labels are all known and all below.
WarningEvents labelled_events(const JudgedWindows& judged, stope::RiskLevel alert_level);

/// By window: whether the program would recommend an alert: a level of `alert_level` or above at any horizon,
/// or a current risk that is high.
std::vector<bool> alarms(const JudgedWindows& judged, const Answers& answers,
                         const stope::AssessmentSettings& settings);

}  // namespace deepmine::lifecycle
