#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "engine/train/early_warning.h"

using namespace deepmine::train;

namespace {

/// `A` alarm, `.` none, on a quiet day; `a` and `,` the same on a day that is not; space: no answer.
std::vector<WatchedDay> days(const std::string& pattern, int first = 0) {
  std::vector<WatchedDay> result;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c != ' ') result.push_back({first + static_cast<int>(i), c == 'A' || c == 'a', c == 'A' || c == '.'});
  }
  return result;
}

}  // namespace

TEST_CASE("the lead is from the first alarm within the horizon to the event") {
  // The alarm of day 1 lies 9 days before the event, beyond the horizon of 5; that of day 6 counts.
  const WarningSums sums = watch(days(".A...,aa,,"), 10, 5);
  CHECK(sums.events == 1);
  CHECK(sums.warned == 1);
  CHECK(sums.lead_days == 4);
  CHECK(watch(days(".A...,aa,,"), 10, 9).lead_days == 9);
  CHECK(watch(days("aaaaaaaaaaaa"), 5, 5).lead_days ==
        5);  // what comes on the day itself or later does not count
}

TEST_CASE("an event without an alarm is missed, one without an answer before it does not count") {
  const WarningSums missed = watch(days(",,,,"), 4, 5);
  CHECK(missed.events == 1);
  CHECK(missed.warned == 0);
  CHECK(value_of(missed.metrics(), "warned_share") == 0);
  CHECK(std::isnan(value_of(missed.metrics(), "mean_lead_days")));
  CHECK(watch(days("...."), 20, 5).events == 0);
  CHECK(watch(days("aaa", 10), 10, 5).events == 0);
  CHECK(watch(days("aaa"), std::nullopt, 5).events == 0);
  CHECK(std::isnan(value_of(watch(days("AAA"), std::nullopt, 5).metrics(), "warned_share")));
}

TEST_CASE("a false alarm is the beginning of a run on a quiet day") {
  CHECK(watch(days("..AAA..A.."), std::nullopt, 5).false_alarms == 2);
  CHECK(watch(days("..A  A...."), std::nullopt, 5).false_alarms == 1);  // no answer does not end a run
  CHECK(watch(days("..aAAA...."), std::nullopt, 5).false_alarms == 0);  // it began before an event
  CHECK(watch(days("..,aa....."), std::nullopt, 5).false_alarms == 0);
  const WarningSums sums = watch(days("A.A. .A,,a"), std::nullopt, 5);
  CHECK(sums.quiet_days == 6);
  CHECK(sums.false_alarms == 3);
  CHECK(std::abs(value_of(sums.metrics(), "false_alarms_per_stope_month") - 3 / (6 / 30.0)) < 1e-12);
  CHECK(std::isnan(value_of(watch(days(",,a"), 4, 5).metrics(), "false_alarms_per_stope_month")));
}

TEST_CASE("sums of stopes add up, each as often as it was drawn") {
  WarningSums total;
  total.add(watch(days(",,a,"), 4, 5), 2);   // lead 2
  total.add(watch(days(",a,,"), 4, 5), 1);   // lead 3
  total.add(watch(days(",,,,"), 4, 5), 1);   // missed
  total.add(watch(days("A..."), {}, 5), 1);  // false
  CHECK(value_of(total.metrics(), "events") == 4);
  CHECK(value_of(total.metrics(), "warned_share") == 0.75);
  CHECK(std::abs(value_of(total.metrics(), "mean_lead_days") - 7.0 / 3) < 1e-12);
  CHECK(value_of(total.metrics(), "false_alarms_per_stope_month") == 7.5);
  WarningSums trend;
  trend.trends = 8;
  trend.trends_hit = 6;
  CHECK(value_of(trend.metrics(), "trend_accuracy") == 0.75);
}
