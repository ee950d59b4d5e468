#include "engine/train/early_warning.h"

namespace deepmine::train {

void WarningSums::add(const WarningSums& other, double times) {
  events += times * other.events;
  warned += times * other.warned;
  lead_days += times * other.lead_days;
  quiet_days += times * other.quiet_days;
  false_alarms += times * other.false_alarms;
  trends += times * other.trends;
  trends_hit += times * other.trends_hit;
}

Metrics WarningSums::metrics() const {
  constexpr double days_of_a_month = 30;
  const double months = quiet_days / days_of_a_month;
  return {{"events", events},
          {"warned_share", ratio(warned, events)},
          {"mean_lead_days", ratio(lead_days, warned)},
          {"stope_months", months},
          {"false_alarms_per_stope_month", ratio(false_alarms, months)},
          {"trend_accuracy", ratio(trends_hit, trends)}};
}

WarningSums watch(std::span<const WatchedDay> days, std::optional<std::int32_t> event,
                  std::int32_t longest_lead) {
  WarningSums sums;
  std::optional<std::int32_t> first_alarm;
  bool in_alarm = false, could_be_warned = false;
  for (const WatchedDay& day : days) {
    if (day.quiet) {
      sums.quiet_days += 1;
      if (day.alarm && !in_alarm) sums.false_alarms += 1;
    }
    in_alarm = day.alarm;
    if (!event || day.day >= *event || day.day < *event - longest_lead) continue;
    could_be_warned = true;
    if (day.alarm && !first_alarm) first_alarm = day.day;
  }
  if (could_be_warned) sums.events = 1;
  if (first_alarm) {
    sums.warned = 1;
    sums.lead_days = static_cast<double>(*event - *first_alarm);
  }
  return sums;
}

}  // namespace deepmine::train
