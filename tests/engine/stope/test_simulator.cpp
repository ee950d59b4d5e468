#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "engine/nn/error.h"
#include "engine/stope/simulator.h"

using namespace deepmine::stope;

namespace {

bool are_equal(const DailyReading& a, const DailyReading& b) {
  for (std::size_t s = 0; s < sensor_count; ++s)
    if (a[s] != b[s] && !(is_missing(a[s]) && is_missing(b[s]))) return false;
  return true;
}

/// Mean of a sensor over `count` days that end on day `end` of the series.
double mean_before(const DailySeries& series, std::size_t end, std::size_t count, Sensor sensor) {
  double sum = 0;
  int readings = 0;
  for (std::size_t day = end - count; day < end; ++day) {
    const double value = series.days[day][static_cast<std::size_t>(sensor)];
    if (is_missing(value)) continue;
    sum += value;
    ++readings;
  }
  return readings == 0 ? missing : sum / readings;
}

}  // namespace

TEST_CASE("a stope depends on the seed and its index alone") {
  SimulationPlan small, large;
  small.stopes = 5;
  large.stopes = 5000;
  large.days = 300;
  for (std::size_t i = 0; i < small.stopes; ++i) {
    const SimulatedStope a = simulate_stope(small, i), b = simulate_stope(large, i);
    CHECK(a.record.name == b.record.name);
    CHECK(a.record.statics.rqd == b.record.statics.rqd);
    CHECK(a.record.statics.support_type == b.record.statics.support_type);
    CHECK(a.failure_day == b.failure_day);
    CHECK(a.record.readings.first_day == b.record.readings.first_day);
    for (std::size_t day = 0; day < a.record.readings.days.size(); ++day)
      CHECK(are_equal(a.record.readings.days[day], b.record.readings.days.at(day)));
  }
  SimulationPlan other = small;
  other.seed = 8;
  CHECK(simulate_stope(small, 0).record.statics.rqd != simulate_stope(other, 0).record.statics.rqd);
  CHECK(simulate_stope(small, 0).record.statics.rqd != simulate_stope(small, 1).record.statics.rqd);
  CHECK(simulate_stope(small, 6).record.name == "Stope_007");
  CHECK(simulate_stope(small, 1233).record.name == "Stope_1234");
}

TEST_CASE("values are possible, labels tell the truth, readings end with the failure") {
  SimulationPlan plan;
  plan.stopes = 2000;
  std::set<std::string> directions_seen, rocks_seen, supports_seen;
  int unstable = 0, failed_in_period = 0, too_late = 0;
  double rqd_sum[2] = {}, count[2] = {};
  std::size_t cells = 0, missing_cells = 0;
  for (std::size_t i = 0; i < plan.stopes; ++i) {
    const SimulatedStope stope = simulate_stope(plan, i);
    const StaticRecord& statics = stope.record.statics;
    for (const StaticColumn& column : static_columns) {
      CHECK(statics.*column.value >= column.lowest);
      CHECK(statics.*column.value <= column.highest);
    }
    directions_seen.insert(statics.direction);
    rocks_seen.insert(statics.rock_type);
    supports_seen.insert(statics.support_type);
    if (statics.support_type == "None") CHECK(!statics.support_installed);

    REQUIRE(statics.stable.has_value());
    const Day end = plan.first_day + plan.days, label_end = end + plan.label_margin_days;
    CHECK(*statics.stable == !(stope.failure_day && *stope.failure_day < label_end));
    unstable += !*statics.stable;
    failed_in_period += stope.failure_day && *stope.failure_day < end;
    too_late += stope.failure_day && *stope.failure_day >= label_end;
    rqd_sum[*statics.stable] += statics.rqd;
    count[*statics.stable] += 1;

    const DailySeries& series = stope.record.readings;
    if (series.empty()) continue;
    CHECK(series.first_day >= plan.first_day);
    CHECK(series.last_day() < end);
    if (stope.failure_day) CHECK(series.last_day() < *stope.failure_day);
    for (const DailyReading& day : series.days)
      for (std::size_t s = 0; s < sensor_count; ++s) {
        ++cells;
        missing_cells += is_missing(day[s]);
        if (is_missing(day[s])) continue;
        CHECK((day[s] >= sensor_columns[s].lowest && day[s] <= sensor_columns[s].highest));
        CHECK(day[s] == std::round(day[s] * 100) / 100);
      }
  }
  CHECK(directions_seen.size() == directions.size());
  CHECK(rocks_seen.size() == rock_types.size());
  CHECK(supports_seen.size() == support_types.size());
  CHECK(unstable > 400);  // 20 to 30 %
  CHECK(unstable < 600);
  CHECK(failed_in_period > 100);
  CHECK(too_late > 20);
  CHECK(rqd_sum[0] / count[0] + 5 < rqd_sum[1] / count[1]);  // weak rock fails
  CHECK(missing_cells * 100 > cells);                        // 1 to 4 % of the cells
  CHECK(missing_cells * 100 < 4 * cells);
}

TEST_CASE("sensors respond to what happens underground") {
  SimulationPlan plan;
  plan.stopes = 1000;
  plan.days = 200;
  int failing = 0, faster = 0, louder = 0, healthy = 0, calm = 0;
  for (std::size_t i = 0; i < plan.stopes; ++i) {
    const SimulatedStope stope = simulate_stope(plan, i);
    const DailySeries& series = stope.record.readings;
    if (series.days.size() < 60) continue;
    const std::size_t end = series.days.size();
    const double early = mean_before(series, 30, 30, Sensor::deformation_rate);
    const double late = mean_before(series, end, 5, Sensor::deformation_rate);
    if (stope.failure_day && *stope.failure_day < plan.first_day + plan.days) {
      ++failing;
      faster += late > 3 * early;
      louder += mean_before(series, end, 5, Sensor::vibration_velocity) >
                mean_before(series, 30, 30, Sensor::vibration_velocity) + 0.5;
    } else if (!stope.failure_day) {
      ++healthy;
      calm += std::abs(mean_before(series, end, 30, Sensor::deformation_rate) - early) < 0.15;
    }
  }
  REQUIRE(failing > 50);
  REQUIRE(healthy > 300);
  CHECK(faster > 0.9 * failing);
  CHECK(louder > 0.9 * failing);
  CHECK(calm > 0.95 * healthy);
}

TEST_CASE("faults of sensors can be switched off") {
  SimulationPlan plan;
  plan.sensor_faults = false;
  for (std::size_t i = 0; i < 200; ++i) {
    const DailySeries series = simulate_stope(plan, i).record.readings;
    for (const DailyReading& day : series.days) CHECK(std::none_of(day.begin(), day.end(), is_missing));
  }
}

TEST_CASE("a plan that makes no sense is refused") {
  SimulationPlan plan;
  CHECK_NOTHROW(check_plan(plan));
  for (const int days : {0, -1, 100'001}) {
    plan = {};
    plan.days = days;
    CHECK_THROWS_AS(check_plan(plan), deepmine::Error);
  }
  plan = {};
  plan.days = 365;
  plan.stopes = most_simulated_readings / 365;
  CHECK_NOTHROW(check_plan(plan));
  for (const std::size_t stopes : {plan.stopes + 1, std::numeric_limits<std::size_t>::max()}) {
    plan.stopes = stopes;
    CHECK_THROWS_AS(check_plan(plan), deepmine::Error);
  }
  plan = {};
  plan.first_day = *parse_day("9999-07-04");  // 90 days and 90 days more end with the year
  CHECK_NOTHROW(check_plan(plan));
  ++plan.first_day;
  CHECK_THROWS_AS(check_plan(plan), deepmine::Error);
  plan = {};
  plan.stopes = 0;
  CHECK_THROWS_AS(check_plan(plan), deepmine::Error);
  plan = {};
  plan.label_margin_days = -1;
  CHECK_THROWS_AS(check_plan(plan), deepmine::Error);
}
