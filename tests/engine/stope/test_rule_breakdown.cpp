#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/stope/rule_breakdown.h"
#include "engine/stope/rules.h"
#include "tests/engine/stope/reference_data.h"

using namespace deepmine::stope;

namespace {

const UnstableRules unstable_rules;
const RiskRules risk_rules;

RuleBreakdown breakdown_of(const StaticRecord& record, std::span<const DailyReading> window, int horizon) {
  const auto breakdown = break_down_rules(unstable_rules, risk_rules, record, window, horizon);
  REQUIRE(breakdown);
  return *breakdown;
}

const RuleShare* share_of(const RuleBreakdown& breakdown, const std::string& input) {
  const auto found = std::find_if(breakdown.shares.begin(), breakdown.shares.end(),
                                  [&](const RuleShare& share) { return share.input == input; });
  return found == breakdown.shares.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("where the readings stand still, the points are those of the rules for that day") {
  std::array<int, risk_level_count> seen{};
  for (const double vibration : {1.0, 4.0, 7.0, 12.0})
    for (const double deformation : {0.2, 1.5, 4.0})
      for (const double stress : {20.0, 60.0, 120.0})
        for (const double depth : {300.0, 1100.0})
          for (const int horizon : {1, 3, 7, 8, 14, 15, 30}) {
            StaticRecord record = plain_record();
            record.depth = depth;
            const DailyReading day{vibration, deformation, stress, 22, 50};
            const std::vector<DailyReading> window(30, day);
            const auto risk = window_risk(unstable_rules, risk_rules, record, window);
            const RuleBreakdown breakdown = breakdown_of(record, window, horizon);
            double sum = 0;
            for (const RuleShare& share : breakdown.shares) sum += share.levels;
            CHECK(breakdown.score == doctest::Approx(sum));
            const RiskLevel level = *risk_level(risk_rules, *risk, day, horizon, risk_rules.slope_tolerance);
            const double held = std::clamp(breakdown.score, 0.0, 5.0);
            CHECK(std::abs(held - static_cast<double>(level)) <= 0.5 + 1e-9);
            // A third of a course speaks for each level that was never seen.
            CHECK(breakdown.expected_level ==
                  doctest::Approx((60 * static_cast<double>(level) + 5) / 62).epsilon(1e-5));
            ++seen[static_cast<std::size_t>(level)];
          }
  CHECK(std::count_if(seen.begin(), seen.end(), [](int n) { return n > 0; }) >= 4);
}

TEST_CASE("a reading that passes a bound on some days counts for those courses alone") {
  std::vector<DailyReading> window(29, DailyReading{1, 0.2, 20, 22, 50});
  for (const std::size_t day : {2U, 8U, 14U, 20U, 26U}) window[day][0] = 7;
  const RuleBreakdown breakdown = breakdown_of(plain_record(), window, 1);
  const RuleShare* vibration = share_of(breakdown, "vibration_velocity");
  REQUIRE(vibration != nullptr);
  CHECK(vibration->unit == "mm/s");
  CHECK(vibration->passing == doctest::Approx(5.0 / 29));
  CHECK(vibration->value == doctest::Approx((5 * 7.0 + 24 * 1.0) / 29));
  CHECK(vibration->levels == doctest::Approx(5.0 / 29 * weight_of(risk_rules.vibration, 7) / 10));
  CHECK(share_of(breakdown, "stress")->levels == 0);
}

TEST_CASE("properties of the rock and the distance count where the rules let them") {
  StaticRecord record = plain_record();
  record.rqd = 30;
  record.depth = 900;
  const std::vector<DailyReading> window(30, DailyReading{1, 0.2, 20, 22, 50});
  CHECK(share_of(breakdown_of(record, window, 7), "rqd") == nullptr);
  CHECK(share_of(breakdown_of(record, window, 14), "days_ahead") == nullptr);
  const RuleBreakdown far = breakdown_of(record, window, 30);
  CHECK(share_of(far, "rqd")->levels == doctest::Approx(weight_of(risk_rules.rqd, 30) / 10.0));
  CHECK(share_of(far, "depth")->levels == doctest::Approx(weight_of(risk_rules.depth, 900) / 10.0));
  CHECK(share_of(far, "days_ahead")->levels == doctest::Approx(0.3 * 16 / 30));
  for (std::size_t i = 1; i < far.shares.size(); ++i)
    CHECK(std::abs(far.shares[i - 1].levels) >= std::abs(far.shares[i].levels));
}

TEST_CASE("where the rules can say nothing there is nothing to break down") {
  std::vector<DailyReading> window(30, DailyReading{1, 0.2, 20, 22, 50});
  window[3][2] = missing;
  CHECK(!break_down_rules(unstable_rules, risk_rules, plain_record(), window, 7));
  window.resize(5, DailyReading{1, 0.2, 20, 22, 50});
  CHECK(!break_down_rules(unstable_rules, risk_rules, plain_record(), window, 7));
}
