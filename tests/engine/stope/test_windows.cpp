#include <doctest/doctest.h>

#include <chrono>

#include "engine/nn/random.h"
#include "engine/stope/windows.h"
#include "tests/engine/stope/reference_data.h"

using namespace deepmine::stope;

namespace {

constexpr Day start = 19000;

/// `days` days with the listed readings of one sensor taken away.
DailySeries with_missing(int days, std::initializer_list<int> missing_days, std::size_t sensor = 2) {
  DailySeries series = plain_readings(start, days);
  for (const int day : missing_days) series.days[static_cast<std::size_t>(day)][sensor] = missing;
  return series;
}

WindowState state(const PreparedReadings& readings, int day, int days = 30, int history = 30) {
  return readings.window_state(start + day, days, history);
}

}  // namespace

TEST_CASE("a window needs 30 calendar days and ends on an observed day, inclusive") {
  const PreparedReadings readings(plain_readings(start, 40), 3);
  CHECK(state(readings, 28) == WindowState::history_too_short);
  CHECK(state(readings, 29) == WindowState::usable);
  CHECK(state(readings, 39) == WindowState::usable);
  CHECK(state(readings, 40) == WindowState::last_day_missing);
  CHECK(state(readings, -1) == WindowState::last_day_missing);
  const auto window = readings.window(start + 35, 30);
  REQUIRE(window.size() == 30);
  CHECK(&window.front() == &readings.filled().on(start + 6));
  CHECK(&window.back() == &readings.filled().on(start + 35));
  CHECK(state(readings, 35, 30, 37) == WindowState::history_too_short);
  CHECK(state(readings, 36, 30, 37) == WindowState::usable);
  CHECK(PreparedReadings().window_state(start, 30, 30) == WindowState::no_readings);
}

TEST_CASE("a gap of three days is carried forward and counted, a gap of four is a hole as a whole") {
  DailySeries three = with_missing(60, {10, 11, 12});
  three.days[9][2] = 77;
  const PreparedReadings filled(three, 3);
  for (int day = 10; day <= 12; ++day) {
    CHECK(filled.filled().on(start + day)[2] == 77);
    CHECK(!filled.observed(start + day, Sensor::stress));
    CHECK(filled.observed(start + day, Sensor::humidity));
    CHECK(is_missing(filled.observed_reading(start + day)[2]));
    CHECK(!is_missing(filled.observed_reading(start + day)[3]));
    CHECK(state(filled, day) == WindowState::last_day_missing);  // carried is not observed
  }
  CHECK(state(filled, 35) == WindowState::usable);
  CHECK(filled.days_filled(start + 35, 30) == 3);
  CHECK(filled.days_filled(start + 40, 30) == 2);  // days 11 … 40
  CHECK(filled.days_filled(start + 42, 30) == 0);

  const PreparedReadings holes(with_missing(60, {10, 11, 12, 13}), 3);
  for (int day = 10; day <= 13; ++day) CHECK(is_missing(holes.filled().on(start + day)[2]));
  CHECK(state(holes, 42) == WindowState::gap_too_long);
  CHECK(state(holes, 43) == WindowState::usable);  // days 14 … 43
  CHECK(state(PreparedReadings(with_missing(60, {10, 11, 12, 13}), 4), 42) == WindowState::usable);
  CHECK(state(PreparedReadings(with_missing(60, {10}), 0), 35) == WindowState::gap_too_long);
}

TEST_CASE("a value is carried from before the window if need be") {
  const PreparedReadings readings(with_missing(60, {10, 11, 12}), 3);
  CHECK(state(readings, 41) == WindowState::usable);  // starts on day 12, within the gap
  CHECK(!is_missing(readings.window(start + 41, 30).front()[2]));
}

TEST_CASE("what lies before the first reading of a sensor is a hole, whatever its length") {
  const PreparedReadings readings(with_missing(60, {0}), 3);
  CHECK(state(readings, 29) == WindowState::gap_too_long);
  CHECK(state(readings, 30) == WindowState::usable);
}

TEST_CASE("days without any reading at the start are no history") {
  DailySeries series = plain_readings(start, 60);
  for (std::size_t day = 0; day < 5; ++day) series.days[day].fill(missing);
  const PreparedReadings readings(series, 3);
  CHECK(readings.first_day() == start + 5);
  CHECK(state(readings, 33) == WindowState::history_too_short);
  CHECK(state(readings, 34) == WindowState::usable);
  DailySeries nothing = plain_readings(start, 3);
  for (auto& day : nothing.days) day.fill(missing);
  CHECK(PreparedReadings(nothing, 3).empty());
}

TEST_CASE("a gap that no reading has closed yet is not filled; later days can be cut off") {
  const PreparedReadings open(with_missing(40, {38, 39}), 3);
  CHECK(is_missing(open.filled().on(start + 38)[2]));
  CHECK(open.observed_any(start + 39));
  CHECK(!open.observed(start + 39));
  const PreparedReadings cut(with_missing(40, {30, 31}), 3, start + 31);
  CHECK(cut.last_day() == start + 31);
  CHECK(is_missing(cut.filled().on(start + 30)[2]));
  CHECK(PreparedReadings(plain_readings(start, 40), 3, start - 1).empty());
}

TEST_CASE("the bookkeeping agrees with a plain search for holes") {
  deepmine::RandomStream random(deepmine::derive_key(1, "windows"));
  for (int round = 0; round < 20; ++round) {
    DailySeries series = plain_readings(start, 150);
    for (auto& day : series.days)
      for (double& value : day)
        if (random.uniform() < 0.12) value = missing;
    const PreparedReadings readings(series, 3);
    for (int day = 29; day < 150; ++day) {
      bool complete = true;
      int filled = 0;
      for (int d = day - 29; d <= day; ++d) {
        bool carried = false;
        for (std::size_t s = 0; s < sensor_count; ++s) {
          if (!is_missing(series.days[static_cast<std::size_t>(d)][s])) continue;
          int before = d, after = d;
          while (before >= 0 && is_missing(series.days[static_cast<std::size_t>(before)][s])) --before;
          while (after < 150 && is_missing(series.days[static_cast<std::size_t>(after)][s])) ++after;
          if (before < 0 || after == 150 || after - before - 1 > 3)
            complete = false;
          else
            carried = true;
        }
        filled += carried ? 1 : 0;
      }
      if (!readings.observed(start + day)) continue;
      const WindowState found = state(readings, day);
      if (readings.first_day() == start) CHECK((found == WindowState::usable) == complete);
      CHECK(readings.days_filled(start + day, 30) == filled);
    }
  }
}
