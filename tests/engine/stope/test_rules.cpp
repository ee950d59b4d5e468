#include <doctest/doctest.h>

#include "engine/stope/rules.h"
#include "tests/engine/stope/reference_data.h"

using namespace deepmine::stope;

namespace {

const UnstableRules unstable_rules;
const RiskRules risk_rules;

DailyReading calm() {
  return {1, 0.2, 20, 22, 50};
}

int verdict(const StaticRecord& record, const DailyReading& day) {
  const auto unstable = rule_unstable(unstable_rules, record, day);
  return unstable ? *unstable : -1;
}

std::string cell(const std::optional<RiskLevel>& level) {
  return level ? std::to_string(static_cast<int>(*level)) : "";
}

/// Level at a horizon for a stope without any static or slope term, by its weights alone.
RiskLevel level_of_weights(int fixed, int growing, int horizon) {
  WindowRisk risk;
  risk.fixed = fixed;
  risk.growing = growing;
  return *risk_level(risk_rules, risk, calm(), horizon);
}

}  // namespace

TEST_CASE("the rules agree with every row of the reference labels") {
  const auto folder = reference_folder();
  if (!folder) {
    MESSAGE("DEEPMINE_REFERENCE_DATA is not set: the reference labels are not compared");
    return;
  }
  std::map<std::string, StopeRecord> stopes;
  for (StopeRecord& stope : read_stopes(*folder)) stopes[stope.name] = stope;
  const std::vector<int> horizons{1, 3, 7, 14, 30};

  const TextTable table = read_table(*folder + "/../fixtures/risk_labels.csv");
  REQUIRE(table.size() == 3051);
  for (std::size_t row = 1; row < table.size(); ++row) {
    const StopeRecord& stope = stopes.at(table[row][0]);
    const Day end = *parse_day(table[row][1]);
    const std::size_t last = static_cast<std::size_t>(end - stope.readings.first_day);
    const auto window = std::span(stope.readings.days).subspan(last - 29, 30);

    std::vector<std::string> found{std::to_string(verdict(stope.statics, window.back()))};
    const auto risk = window_risk(unstable_rules, risk_rules, stope.statics, window);
    REQUIRE(risk);
    for (const int horizon : horizons)
      found.push_back(stope.readings.covers(end + horizon)
                          ? cell(risk_level(risk_rules, *risk, stope.readings.on(end + horizon), horizon))
                          : "");
    for (const auto& level : extrapolated_risks(unstable_rules, risk_rules, stope.statics, window, horizons))
      found.push_back(cell(level));
    const std::vector<std::string> expected(table[row].begin() + 2, table[row].end());
    REQUIRE_MESSAGE(found == expected, table[row][0], " ", table[row][1]);
  }
}

TEST_CASE("rule_unstable takes the first step that passes, strictly, and needs more than 50") {
  StaticRecord record = plain_record();
  CHECK(verdict(record, calm()) == 0);
  record.rqd = 24.9;  // 40
  CHECK(verdict(record, {1, 0.5, 20, 22, 50}) == 0);
  CHECK(verdict(record, {3.5, 0.51, 20, 22, 50}) == 0);  // 40 + 6 + 3
  CHECK(verdict(record, {3.5, 0.51, 30, 22, 50}) == 0);
  CHECK(verdict(record, {3.5, 0.51, 31, 22, 50}) == 1);  // 51
  CHECK(verdict(record, {1.6, 1.01, 20, 22, 50}) == 0);  // exactly 50
  record.rqd = 25;                                       // not below 25: 25 points only
  CHECK(verdict(record, {3.5, 0.51, 31, 22, 50}) == 0);
  record.support_installed = false;  // 25 + 30
  CHECK(verdict(record, calm()) == 1);
}

TEST_CASE("rule_unstable cannot be computed without what it needs, and ignores what it does not") {
  const StaticRecord record = plain_record();
  for (const Sensor needed : {Sensor::vibration_velocity, Sensor::deformation_rate, Sensor::stress}) {
    DailyReading day = calm();
    day[static_cast<std::size_t>(needed)] = missing;
    CHECK(verdict(record, day) == -1);
  }
  CHECK(verdict(record, {1, 0.2, 20, missing, missing}) == 0);
  for (double StaticRecord::*needed : {&StaticRecord::rqd, &StaticRecord::hydraulic_radius,
                                       &StaticRecord::depth, &StaticRecord::support_density}) {
    StaticRecord incomplete = record;
    incomplete.*needed = missing;
    CHECK(verdict(incomplete, calm()) == -1);
  }
  StaticRecord bare = record;
  bare.support_installed = false;
  bare.support_density = missing;  // the density of no support does not matter
  CHECK(verdict(bare, calm()) == 0);
}

TEST_CASE("levels round half to even and stay within 0 and 5") {
  CHECK(level_of_weights(4, 0, 1) == RiskLevel::stable);
  CHECK(level_of_weights(5, 0, 1) == RiskLevel::stable);           // 0.5 → 0
  CHECK(level_of_weights(6, 0, 1) == RiskLevel::slight_elevated);  // 0.6
  CHECK(level_of_weights(15, 0, 1) == RiskLevel::elevated);        // 1.5 → 2
  CHECK(level_of_weights(25, 0, 1) == RiskLevel::elevated);        // 2.5 → 2
  CHECK(level_of_weights(35, 0, 1) == RiskLevel::critical);        // 3.5 → 4
  CHECK(level_of_weights(25, 1, 1) == RiskLevel::high);            // 2.5 + 1/300
  CHECK(level_of_weights(99, 0, 1) == RiskLevel::unstable);
  CHECK(level_of_weights(0, -5, 30) == RiskLevel::stable);
  CHECK(level_of_weights(0, 15, 14) == RiskLevel::slight_elevated);  // 0.7: weight × h/30
}

TEST_CASE("the far-horizon terms start strictly after 7 and 14 days") {
  WindowRisk risk;
  risk.long_horizon = 60;  // × h/30
  const auto level = [&](int horizon) {
    return static_cast<int>(*risk_level(risk_rules, risk, calm(), horizon));
  };
  CHECK(level(7) == 0);
  CHECK(level(8) == 2);  // 1.6
  WindowRisk far;
  far.fixed = 4;
  CHECK(*risk_level(risk_rules, far, calm(), 14) == RiskLevel::stable);
  CHECK(*risk_level(risk_rules, far, calm(), 30) == RiskLevel::slight_elevated);  // 0.4 + 0.3·16/30 = 0.56
}

TEST_CASE("a slope within 1e-9 of a threshold counts as equal to it") {
  const auto growing = [](double slope) {
    std::vector<DailyReading> window(30, calm());
    for (std::size_t i = 0; i < window.size(); ++i) window[i][0] = 1 + slope * static_cast<double>(i);
    return window_risk(unstable_rules, risk_rules, plain_record(), window)->growing;
  };
  CHECK(growing(0.05) == 0);
  CHECK(growing(0.05 + 5e-10) == 0);
  CHECK(growing(0.05 + 2e-9) == 3);
  CHECK(growing(0.1) == 3);
  CHECK(growing(0.25) == 15);
  std::vector<DailyReading> falling(30, calm());
  for (std::size_t i = 0; i < falling.size(); ++i) falling[i][0] = 9 - 0.1 * static_cast<double>(i);
  CHECK(window_risk(unstable_rules, risk_rules, plain_record(), falling)->growing == 0);
  for (std::size_t i = 0; i < falling.size(); ++i) falling[i][0] = 9 - 0.11 * static_cast<double>(i);
  CHECK(window_risk(unstable_rules, risk_rules, plain_record(), falling)->growing == -5);
}

TEST_CASE("slopes are least squares per day and refuse missing days") {
  const std::vector<DailyReading> days{{1, 0, 0, 0, 0}, {2, 0, 0, 0, 0}, {4, 0, 0, 0, 0}};
  CHECK(*daily_slope(days, Sensor::vibration_velocity) == 1.5);
  CHECK(!daily_slope(std::span(days).first(1), Sensor::vibration_velocity));
  std::vector<DailyReading> holes = days;
  holes[1][0] = missing;  // the middle day has weight 0 in the fit, and is needed all the same
  CHECK(!daily_slope(holes, Sensor::vibration_velocity));
  CHECK(*daily_slope(holes, Sensor::stress) == 0);
}

TEST_CASE("extrapolation uses the slope of the whole window; a hole makes it uncomputable") {
  std::vector<DailyReading> window(30, calm());
  for (std::size_t i = 0; i < window.size(); ++i)
    window[i][2] = 20 + 1.5 * static_cast<double>(i);  // to 63.5 MPa
  const std::vector<int> horizons{1, 30};
  const auto levels = extrapolated_risks(unstable_rules, risk_rules, plain_record(), window, horizons);
  CHECK(*levels[0] == RiskLevel::stable);    // > 50: 0.4, slope > 1: 0.7/30
  CHECK(*levels[1] == RiskLevel::elevated);  // 108.5 > 80: 0.8, slope 0.7, far 0.16: 1.66
  window[3][2] = missing;
  for (const auto& level : extrapolated_risks(unstable_rules, risk_rules, plain_record(), window, horizons))
    CHECK(!level);
  CHECK(window_risk(unstable_rules, risk_rules, plain_record(), window));  // day 3 is before the last seven
  window[25][2] = missing;
  CHECK(!window_risk(unstable_rules, risk_rules, plain_record(), window));
  CHECK(!risk_level(risk_rules, WindowRisk{}, {1, missing, 20, 22, 50}, 1));
}

TEST_CASE("the rules are data: another table gives another answer") {
  UnstableRules strict = unstable_rules;
  strict.limit = -1;
  CHECK(*rule_unstable(strict, plain_record(), calm()));
  UnstableRules other = unstable_rules;
  other.vibration.insert(other.vibration.begin(), RuleStep{true, 0.9, 51});
  CHECK(*rule_unstable(other, plain_record(), calm()));
}
