// Does an alarm come before the event, and how often does it come for nothing? Groups are stopes, steps are
// days; what an alarm and an event are is the caller's (docs/evaluation.md).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "engine/train/metrics.h"

namespace deepmine::train {

/// A day on which an answer was given.
struct WatchedDay {
  std::int32_t day = 0;
  bool alarm = false;
  bool quiet = false;  ///< known: nothing happens within the horizon after this day
};

/// Sums over groups; those of a union are the sum of the sums.
struct WarningSums {
  double events = 0, warned = 0, lead_days = 0, quiet_days = 0, false_alarms = 0;
  double trends = 0,
         trends_hit = 0;  ///< the caller counts these: days with a known trend, and answers with it

  void add(const WarningSums& other, double times);
  /// events, warned_share (of the events that could be warned of), mean_lead_days (over those warned of),
  /// stope_months (quiet days / 30), false_alarms_per_stope_month, trend_accuracy.
  Metrics metrics() const;
};

/// One group. `days` ascending.
///
/// An event on day E counts if there is an answer on a day in [E − longest_lead, E − 1]; it is warned of if
/// one of those days has an alarm, and the lead is E less the first such day. A false alarm is the beginning
/// of a run of alarms on a quiet day; a day without an answer does not end a run.
WarningSums watch(std::span<const WatchedDay> days, std::optional<std::int32_t> event,
                  std::int32_t longest_lead);

}  // namespace deepmine::train
