#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "engine/stope/dataset.h"
#include "engine/stope/rule_prior.h"
#include "engine/stope/rules.h"
#include "tests/engine/stope/reference_data.h"

using namespace deepmine::stope;

namespace {

constexpr std::size_t levels = risk_level_count;
const UnstableRules unstable_rules;
const RiskRules risk_rules;
const std::vector<int> horizons{1, 3, 7, 14, 30};

std::vector<float> prior_of(const StaticRecord& record, std::span<const DailyReading> window,
                            bool expected = true) {
  std::vector<float> prior(horizons.size() * levels, 77);
  CHECK(write_rule_prior(unstable_rules, risk_rules, record, window, horizons, prior.data()) == expected);
  return prior;
}

double probability(const std::vector<float>& prior, std::size_t horizon, std::size_t level) {
  return std::exp(static_cast<double>(prior[horizon * levels + level]));
}

std::size_t likeliest(const std::vector<float>& prior, std::size_t horizon) {
  const auto first = prior.begin() + static_cast<std::ptrdiff_t>(horizon * levels);
  return static_cast<std::size_t>(std::max_element(first, first + levels) - first);
}

}  // namespace

TEST_CASE("readings that stand still leave no doubt but that of what was never seen") {
  const std::vector<DailyReading> window(30, DailyReading{1, 0.2, 20, 22, 50});
  const std::vector<float> prior = prior_of(plain_record(), window);
  for (std::size_t h = 0; h < horizons.size(); ++h) {
    CHECK(probability(prior, h, 0) == doctest::Approx((60 + 1.0 / 3) / 62));
    for (std::size_t k = 1; k < levels; ++k) CHECK(probability(prior, h, k) == doctest::Approx(1.0 / 3 / 62));
  }
}

TEST_CASE("readings that scatter about a threshold are counted") {
  // Vibration 7 (weight 1.5: level 2) on every third day, in a pattern without a trend.
  std::vector<DailyReading> window(29, DailyReading{1, 0.2, 20, 22, 50});
  std::size_t high = 0;
  for (const std::size_t day : {2U, 8U, 14U, 20U, 26U}) {
    window[day][0] = 7;
    ++high;
  }
  REQUIRE(daily_slope(window, Sensor::vibration_velocity).value() == doctest::Approx(0).epsilon(1e-12));
  // The last 7 days have one of them: their slope is below every step or the same for both counts.
  const auto risk = window_risk(unstable_rules, risk_rules, plain_record(), window);
  REQUIRE(risk);
  const std::vector<float> prior = prior_of(plain_record(), window);
  const auto calm = static_cast<std::size_t>(*risk_level(risk_rules, *risk, window.front(), 1));
  const auto shaken = static_cast<std::size_t>(*risk_level(risk_rules, *risk, window[2], 1));
  REQUIRE(calm != shaken);
  CHECK(probability(prior, 0, shaken) == doctest::Approx((2.0 * static_cast<double>(high) + 1.0 / 3) / 60));
  CHECK(probability(prior, 0, calm) ==
        doctest::Approx((2.0 * static_cast<double>(29 - high) + 1.0 / 3) / 60));
}

TEST_CASE("a trend may end or go on, each as likely as the other") {
  // Stress rises by 1 a day to 49: in 30 days it is above 50 (weight 0.4), but for what has already come.
  std::vector<DailyReading> window(30, DailyReading{1, 0.2, 0, 22, 50});
  for (std::size_t i = 0; i < window.size(); ++i) window[i][2] = 20 + static_cast<double>(i);
  const auto risk = window_risk(unstable_rules, risk_rules, plain_record(), window);
  REQUIRE(risk);
  DailyReading later = window.back();
  later[2] = 79;
  const auto ended = static_cast<std::size_t>(*risk_level(risk_rules, *risk, window.back(), 30));
  const auto gone_on = static_cast<std::size_t>(*risk_level(risk_rules, *risk, later, 30));
  REQUIRE(ended != gone_on);
  const std::vector<float> prior = prior_of(plain_record(), window);
  CHECK(probability(prior, 4, ended) == doctest::Approx((30 + 1.0 / 3) / 62));
  CHECK(probability(prior, 4, gone_on) == doctest::Approx((30 + 1.0 / 3) / 62));
}

TEST_CASE("where the rules can't be computed the prior says nothing, and says so") {
  std::vector<DailyReading> window(30, DailyReading{1, 0.2, 20, 22, 50});
  StaticRecord record = plain_record();
  const auto check_uniform = [](const std::vector<float>& prior) {
    for (const float value : prior) CHECK(value == doctest::Approx(-std::log(6.0)));
  };
  record.rqd = missing;
  check_uniform(prior_of(record, window, false));
  window[3][1] = missing;
  check_uniform(prior_of(plain_record(), window, false));
  check_uniform(prior_of(plain_record(), std::span(window).first(6), false));
}

TEST_CASE("on the sample data the prior's likeliest level is right more often than any table of rules") {
  const auto folder = reference_folder();
  if (!folder) {
    MESSAGE("DEEPMINE_REFERENCE_DATA is not set: the prior is not judged");
    return;
  }
  const Dataset dataset(read_stopes(*folder), SiteSettings{});
  std::vector<int> right(horizons.size()), of(horizons.size());
  for (std::size_t w = 0; w < dataset.windows().size(); ++w) {
    const Window& window = dataset.windows()[w];
    const PreparedStope& stope = dataset.stopes()[window.stope];
    const std::vector<float> prior = prior_of(stope.statics, stope.readings.window(window.end, 30));
    for (std::size_t h = 0; h < horizons.size(); ++h) {
      const std::int8_t target = dataset.future_targets(w)[h];
      if (target == masked) continue;
      ++of[h];
      right[h] += likeliest(prior, h) == static_cast<std::size_t>(target);
    }
  }
  // Persistence: 97.2, 94.5, 91.9, 91.4, 92.7 %; the rules' own extrapolation: 97.1, 94.2, 91.0, 90.2, 89.2
  // %.
  const double expected[] = {98.5, 96.5, 94.9, 94.1, 94.8};
  for (std::size_t h = 0; h < horizons.size(); ++h)
    CHECK(100.0 * right[h] / of[h] == doctest::Approx(expected[h]).epsilon(0.001));
}
