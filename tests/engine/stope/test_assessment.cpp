#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "engine/stope/advice.h"
#include "engine/stope/assessment.h"
#include "tests/engine/stope/reference_data.h"

using namespace deepmine::stope;

namespace {

constexpr Day start = 19000;

/// Probabilities that favour one level.
std::array<double, risk_level_count> favour(RiskLevel level) {
  std::array<double, risk_level_count> probabilities;
  probabilities.fill(0.05);
  probabilities[static_cast<std::size_t>(level)] = 0.75;
  return probabilities;
}

NetworkAnswer answer_of(double instability, std::array<int, 5> levels) {
  NetworkAnswer answer;
  answer.instability_probability = instability;
  for (const int level : levels) answer.risk_probabilities.push_back(favour(static_cast<RiskLevel>(level)));
  return answer;
}

struct Case {
  SiteSettings settings;
  WindowPlan plan;
  StaticRecord statics = plain_record();
  DailySeries readings = plain_readings(start, 40);
  std::optional<NetworkAnswer> answer = answer_of(0.1, {0, 0, 0, 0, 0});

  Assessment assess_it() const {
    const PreparedReadings prepared(readings, settings.data.largest_filled_gap);
    const QualityReport quality =
        check_quality(statics, static_features(statics), prepared, {}, {settings, plan, nullptr, Now{}});
    std::optional<ModelIdentity> model;
    if (answer) model = ModelIdentity{"id", "1", "2024-01-01T00:00:00"};
    return assess({"Stope_001", "2024-05-01T12:00:00", statics, prepared, quality, settings, plan,
                   answer ? &*answer : nullptr, model});
  }
};

std::vector<std::string> codes(const auto& rows) {
  std::vector<std::string> found;
  for (const auto& row : rows) found.push_back(row.code);
  return found;
}

using Codes = std::vector<std::string>;

/// Nothing in it could be read as an answer.
void check_no_answer(const Assessment& assessment) {
  CHECK(assessment.method == Method::none);
  CHECK(!assessment.current_stability.stable);
  CHECK(!assessment.current_stability.instability_probability);
  CHECK(!assessment.current_stability.confidence);
  CHECK(name(assessment.current_stability.risk_level) == "Unknown: inspect");
  for (const FuturePrediction& prediction : assessment.future_predictions) {
    CHECK(!prediction.predicted_risk_level);
    CHECK(!prediction.confidence);
    CHECK(!prediction.risk_probabilities);
    CHECK(prediction.risk_set.empty());
  }
  CHECK(!assessment.risk_trend);
  CHECK(!assessment.max_risk_horizon);
  CHECK(!assessment.alert_recommended);
  CHECK(!assessment.reasons.empty());
}

}  // namespace

TEST_CASE("an answer of the network fills every field") {
  Case c;
  c.answer = answer_of(0.2, {0, 1, 1, 2, 2});
  c.answer->risk_sets.assign(5, {RiskLevel::stable, RiskLevel::slight_elevated});
  const Assessment a = c.assess_it();
  CHECK(a.schema_version == 1);
  CHECK(a.stope_name == "Stope_001");
  CHECK(a.timestamp == "2024-05-01T12:00:00");
  CHECK(*a.as_of == start + 39);
  CHECK(a.status == Status::ok);
  CHECK(a.reasons.empty());
  CHECK(a.model->id == "id");
  CHECK(a.method == Method::network);
  CHECK(*a.current_stability.stable);
  CHECK(*a.current_stability.instability_probability == 0.2);
  CHECK(*a.current_stability.confidence == 0.8);
  CHECK(name(a.current_stability.risk_level) == "Low");
  REQUIRE(a.future_predictions.size() == 5);
  CHECK(a.future_predictions[4].horizon_days == 30);
  CHECK(*a.future_predictions[4].date == start + 69);
  CHECK(*a.future_predictions[4].predicted_risk_level == RiskLevel::elevated);
  CHECK(*a.future_predictions[4].confidence == 0.75);
  CHECK((*a.future_predictions[4].risk_probabilities)[0] == 0.05);
  CHECK(a.future_predictions[4].risk_set.size() == 2);
  CHECK(*a.rule_based.unstable_today == false);
  REQUIRE(a.rule_based.risk_levels.size() == 5);
  CHECK(*a.rule_based.risk_levels[0].level == RiskLevel::stable);
  CHECK(name(*a.risk_trend) == "increasing");  // slope 0.5 is not above 0.5
  CHECK(*a.max_risk_horizon == 14);            // the earliest of the two highest
  CHECK(*a.alert_recommended == false);
  CHECK(a.explanations.empty());
  CHECK(a.recommendations.empty());
  CHECK(a.data_quality.days_used == 30);
}

TEST_CASE("a horizon without a label in training has no answer, and nothing that rests on it") {
  Case c;
  c.answer = answer_of(0.1, {0, 0, 1, 0, 0});
  c.answer->untrained_horizons = {4};
  const Assessment calm = c.assess_it();
  CHECK(calm.status == Status::warning);
  CHECK(codes(calm.reasons) == Codes{"horizon_not_trained"});
  CHECK(calm.future_predictions[2].predicted_risk_level);
  CHECK(!calm.future_predictions[4].predicted_risk_level);
  CHECK(!calm.future_predictions[4].risk_probabilities);
  CHECK(!calm.risk_trend);
  CHECK(!calm.max_risk_horizon);
  CHECK(!calm.alert_recommended);  // not false: the unanswered horizon might be alarming
  c.answer->risk_probabilities[1] = favour(RiskLevel::critical);
  CHECK(*c.assess_it().alert_recommended);
}

TEST_CASE("risk level, verdict and confidence at their thresholds") {
  const auto current = [](double probability, double threshold = 0.5) {
    Case c;
    c.settings.assessment.decision_threshold = threshold;
    c.answer = answer_of(probability, {0, 0, 0, 0, 0});
    return c.assess_it().current_stability;
  };
  CHECK(name(current(0.3).risk_level) == "Low");
  CHECK(name(current(0.31).risk_level) == "Medium");
  CHECK(name(current(0.7).risk_level) == "Medium");
  CHECK(name(current(0.71).risk_level) == "High");
  CHECK(*current(0.49).stable);
  CHECK(!*current(0.5).stable);  // stable only below the threshold
  CHECK(*current(0.9).confidence == 0.9);
  CHECK(!*current(0.25, 0.2).stable);
  CHECK(*current(0.25, 0.2).confidence == 0.25);
}

TEST_CASE("an alert is high or above at any horizon, or a high current risk") {
  const auto alert = [](double probability, std::array<int, 5> levels) {
    Case c;
    c.answer = answer_of(probability, levels);
    return *c.assess_it().alert_recommended;
  };
  CHECK(!alert(0.1, {2, 2, 2, 2, 2}));
  CHECK(alert(0.1, {0, 0, 0, 0, 3}));
  CHECK(alert(0.1, {5, 0, 0, 0, 0}));
  CHECK(!alert(0.7, {0, 0, 0, 0, 0}));
  CHECK(alert(0.71, {0, 0, 0, 0, 0}));
}

TEST_CASE("the trend is the slope of the levels, with strict bounds") {
  const AssessmentSettings settings;
  const auto trend = [&](std::array<int, 5> levels) {
    std::vector<RiskLevel> list;
    for (const int level : levels) list.push_back(static_cast<RiskLevel>(level));
    return name(*risk_trend(list, settings));
  };
  CHECK(trend({0, 1, 2, 3, 4}) == "escalating");
  CHECK(trend({0, 1, 1, 1, 3}) == "escalating");  // 0.6
  CHECK(trend({0, 0, 0, 1, 2}) == "increasing");  // 0.5
  CHECK(trend({0, 0, 0, 0, 1}) == "increasing");  // 0.2
  CHECK(trend({0, 0, 0, 1, 0}) == "stable");      // 0.1, not above
  CHECK(trend({3, 3, 3, 3, 3}) == "stable");
  CHECK(trend({0, 1, 0, 0, 0}) == "improving");          // −0.1
  CHECK(trend({1, 0, 0, 0, 0}) == "improving");          // −0.2
  CHECK(trend({2, 1, 0, 0, 0}) == "rapidly_improving");  // −0.5
  CHECK(trend({5, 4, 3, 2, 1}) == "rapidly_improving");
  CHECK(!risk_trend(std::vector<RiskLevel>{RiskLevel::high}, settings));
}

TEST_CASE("of equally probable levels the higher one is predicted") {
  CHECK(most_probable({0.4, 0.1, 0.1, 0.4, 0, 0}) == RiskLevel::high);
  CHECK(most_probable({0.41, 0.1, 0.1, 0.39, 0, 0}) == RiskLevel::stable);
}

TEST_CASE("an output that is no probability is an abstention, never an answer") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<NetworkAnswer> wrong;
  for (const double p : {nan, -0.1, 1.1, static_cast<double>(INFINITY)})
    wrong.push_back(answer_of(p, {0, 0, 0, 0, 0}));
  wrong.push_back(answer_of(0.1, {0, 0, 0, 0, 0}));
  wrong.back().risk_probabilities[3][2] = nan;
  wrong.push_back(answer_of(0.1, {0, 0, 0, 0, 0}));
  wrong.back().risk_probabilities[3][0] = 0.5;  // sums to 0.75
  wrong.push_back(answer_of(0.1, {0, 0, 0, 0, 0}));
  wrong.back().risk_probabilities.pop_back();
  wrong.push_back(answer_of(0.1, {0, 0, 0, 0, 0}));
  wrong.back().risk_sets.resize(2);
  for (const NetworkAnswer& answer : wrong) {
    Case c;
    c.answer = answer;
    const Assessment a = c.assess_it();
    CHECK(a.status == Status::abstain);
    CHECK(codes(a.reasons) == Codes{"model_output_invalid"});
    check_no_answer(a);
    CHECK(a.rule_based.unstable_today.has_value());
  }
}

TEST_CASE("doubtful data: the network's answer is withheld, the rules' stands under rule_based only") {
  Case c;
  c.statics.rqd = 20;                   // 40 …
  c.statics.support_installed = false;  // … + 30: unstable
  c.readings = plain_readings(start, 35);
  for (std::size_t day = 20; day < 24; ++day)
    c.readings.days[day][4] = missing;  // humidity: no matter to the rules
  const Assessment a = c.assess_it();
  CHECK(a.status == Status::abstain);
  CHECK(codes(a.reasons) == Codes{"gap_too_long"});
  check_no_answer(a);
  CHECK(a.future_predictions.size() == 5);
  CHECK(*a.rule_based.unstable_today);
  for (const RuleBasedLevel& level : a.rule_based.risk_levels) CHECK(level.level);
  CHECK(codes(a.recommendations) == Codes{"inspect", "poor_rock"});

  for (std::size_t day = 20; day < 24; ++day) c.readings.days[day][2] = missing;  // stress: the rules need it
  const Assessment b = c.assess_it();
  check_no_answer(b);
  CHECK(*b.rule_based.unstable_today);
  for (const RuleBasedLevel& level : b.rule_based.risk_levels) CHECK(!level.level);

  c.readings = plain_readings(start, 20);
  const Assessment brief = c.assess_it();
  check_no_answer(brief);
  CHECK(codes(brief.reasons) == Codes{"history_too_short"});
  for (const RuleBasedLevel& level : brief.rule_based.risk_levels) CHECK(!level.level);

  c.readings = {};
  const Assessment empty = c.assess_it();
  check_no_answer(empty);
  CHECK(!empty.as_of);
  CHECK(!empty.rule_based.unstable_today);
  CHECK(empty.future_predictions.size() == 5);
  CHECK(!empty.future_predictions[0].date);
}

TEST_CASE("a rejected stope has reasons and nothing else") {
  Case c;
  c.statics.rqd = 120;
  const Assessment a = c.assess_it();
  CHECK(a.status == Status::rejected);
  check_no_answer(a);
  CHECK(a.future_predictions.empty());
  CHECK(a.rule_based.risk_levels.empty());
  CHECK(!a.rule_based.unstable_today);
  CHECK(a.recommendations.empty());
  const Assessment b = rejected_assessment("x", "now", {{"not_a_number", "a.csv:1:1: …"}});
  CHECK(b.status == Status::rejected);
  check_no_answer(b);
}

TEST_CASE("without a model the rules answer, flagged; they can say unstable but never stable") {
  Case c;
  c.answer.reset();
  const Assessment calm = c.assess_it();
  CHECK(calm.method == Method::rule_based);
  CHECK(calm.status == Status::warning);
  CHECK(codes(calm.reasons) == Codes{"no_model"});
  CHECK(!calm.model);
  CHECK(!calm.current_stability.stable);
  CHECK(name(calm.current_stability.risk_level) == "Unknown: inspect");
  CHECK(!calm.alert_recommended);
  CHECK(*calm.future_predictions[0].predicted_risk_level == RiskLevel::stable);
  CHECK(!calm.future_predictions[0].risk_probabilities);
  CHECK(codes(calm.recommendations) == Codes{"inspect"});

  c.statics.rqd = 20;
  c.statics.support_installed = false;
  const Assessment bad = c.assess_it();
  CHECK(*bad.current_stability.stable == false);
  CHECK(!bad.current_stability.instability_probability);
  CHECK(!bad.current_stability.confidence);
  CHECK(name(bad.current_stability.risk_level) == "High");
  CHECK(*bad.alert_recommended);
  CHECK(*bad.future_predictions[0].predicted_risk_level == RiskLevel::elevated);
  CHECK(bad.max_risk_horizon);
  CHECK(*bad.future_predictions[4].predicted_risk_level == RiskLevel::high);  // 2 + 0.8 + 0.16
  CHECK(codes(bad.recommendations) == Codes{"inspect", "monitor_more_often", "review_support",
                                            "preemptive_support", "more_sensors", "poor_rock"});

  c.readings.days.back()[2] = missing;
  const Assessment gap = c.assess_it();
  check_no_answer(gap);
  CHECK(codes(gap.reasons) == Codes{"last_day_missing", "no_model"});
  CHECK(!gap.rule_based.unstable_today);
}

TEST_CASE("a model that was not asked, because the data allows no answer, is not missing") {
  Case c;
  c.readings.days.back()[2] = missing;
  const PreparedReadings prepared(c.readings, c.settings.data.largest_filled_gap);
  const QualityReport quality = check_quality(c.statics, static_features(c.statics), prepared, {},
                                              {c.settings, c.plan, nullptr, Now{}});
  const Assessment a = assess({"Stope_001", "2024-05-01T12:00:00", c.statics, prepared, quality, c.settings,
                               c.plan, nullptr, ModelIdentity{"id", "1", "2024-01-01T00:00:00"}});
  check_no_answer(a);
  CHECK(codes(a.reasons) == Codes{"last_day_missing"});
}

TEST_CASE("explanations are in raw units, at the bounds of the table") {
  Case c;
  c.statics.rqd = 50;
  c.statics.hydraulic_radius = 10;
  c.statics.depth = 600;
  c.statics.support_density = 0.5;
  for (std::size_t day = 33; day < 40; ++day) c.readings.days[day] = {3, 1, 50, 22, 50};
  CHECK(c.assess_it().explanations.empty());
  c.statics.rqd = 49;
  c.statics.hydraulic_radius = 11;
  c.statics.depth = 601;
  c.statics.support_density = 0.4;
  c.readings.days[33] = {10, 1.7, 57, 22, 50};  // the first of the last seven days
  c.answer = answer_of(0.1, {0, 0, 4, 3, 5});
  const Assessment a = c.assess_it();
  CHECK(codes(a.explanations) == Codes{"poor_rock", "large_span", "great_depth", "weak_support",
                                       "high_vibration", "fast_deformation", "high_stress",
                                       "high_risk_ahead"});
  CHECK(a.explanations[4].input == "vibration_velocity");
  CHECK(a.explanations[4].unit == "mm/s");
  CHECK(std::abs(a.explanations[4].value - 4) < 1e-12);
  CHECK(a.explanations[4].threshold == 3);
  CHECK(a.explanations[7].message == "the predicted risk reaches 'critical' in 7 days");
  CHECK(a.explanations[4].message.find(": mean of the last 7 days 4 mm/s") != std::string::npos);
  c.readings.days[32] = {400, 1, 50, 22, 50};  // the eighth day does not count
  CHECK(std::abs(c.assess_it().explanations[4].value - 4) < 1e-12);
}

TEST_CASE("one day is a day, not days") {
  Case c;
  c.settings.assessment.mean_days = 1;
  c.readings.days.back() = {10, 1, 50, 22, 50};
  c.answer = answer_of(0.1, {3, 0, 0, 0, 0});
  const Assessment a = c.assess_it();
  CHECK(codes(a.explanations) == Codes{"high_vibration", "high_risk_ahead"});
  CHECK(a.explanations[0].message.find(": mean of the last day 10 mm/s") != std::string::npos);
  CHECK(a.explanations[1].message == "the predicted risk reaches 'high' in 1 day");
}

TEST_CASE("recommendations follow the verdict, the outlook and the explanations") {
  const auto advice = [](double probability, std::array<int, 5> levels) {
    Case c;
    c.answer = answer_of(probability, levels);
    return codes(c.assess_it().recommendations);
  };
  CHECK(advice(0.2, {0, 0, 0, 0, 0}).empty());
  CHECK(advice(0.51, {0, 0, 0, 0, 0}) == Codes{"monitor_more_often", "review_support"});
  CHECK(advice(0.5, {0, 0, 0, 0, 0}) ==
        Codes{"monitor_more_often", "review_support"});  // the answer is "unstable"
  CHECK(advice(0.7, {0, 0, 0, 0, 0}) == Codes{"monitor_more_often", "review_support"});
  CHECK(advice(0.71, {0, 0, 0, 0, 0}) == Codes{"evacuate_and_assess"});
  CHECK(advice(0.2, {0, 0, 0, 0, 3}) == Codes{"preemptive_support", "more_sensors"});
  Case c;
  c.statics.rqd = 30;
  c.statics.hydraulic_radius = 11;
  c.statics.support_density = 0.3;
  for (auto& day : c.readings.days) day[0] += 4;
  CHECK(codes(c.assess_it().recommendations) ==
        Codes{"poor_rock", "large_span", "weak_support", "vibration"});
  c.settings.recommendations = {{"poor_rock", "Our own words."}};
  CHECK(c.assess_it().recommendations[0].text == "Our own words.");
}

TEST_CASE("a network that calls stable what the rules call unstable says so; one that agrees does not") {
  Case c;
  c.settings.unstable_rules.limit = -1;  // the rules call everything unstable
  const Assessment doubted = c.assess_it();
  CHECK(doubted.rule_based.unstable_today == true);
  CHECK(doubted.current_stability.stable == true);
  CHECK(doubted.status == Status::warning);
  CHECK(codes(doubted.reasons) == Codes{"rules_disagree"});
  c.answer = answer_of(0.9, {0, 0, 0, 0, 0});
  CHECK(c.assess_it().status == Status::ok);
  CHECK(c.assess_it().reasons.empty());
}
