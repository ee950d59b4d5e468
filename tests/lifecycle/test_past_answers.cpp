// The response plan in predictions: its past days are what was answered on them, and nothing else.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "lifecycle/audit_trail.h"
#include "lifecycle/past_answers.h"
#include "lifecycle/prediction.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/tiny_request.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

const LoadedModel& model() {
  static const std::shared_ptr<const LoadedModel> loaded = [] {
    TemporaryFolder folder;
    run_training(tiny_request(folder / "models"));
    return load_current(ModelStore(folder / "models"));
  }();
  return *loaded;
}

/// A plan whose thresholds this model's answers cross now and then.
stope::SiteSettings settings_with_plan(int look_back_days = 30) {
  stope::SiteSettings settings;
  stope::ResponsePlan& plan = settings.response_plan;
  plan.green = {"crew", "work"};
  plan.unknown = {"engineer", "inspect"};
  plan.amber = {0.47, stope::RiskLevel::critical, 7, "engineer", "look"};
  plan.red = {0.477, stope::RiskLevel::unstable, 1, "boss", "withdraw"};
  plan.falls_after_days = 2;
  plan.margin = 0.001;
  plan.look_back_days = look_back_days;
  settings.assessment.alert_level = stope::RiskLevel::critical;
  REQUIRE(stope::problems(settings).empty());
  return settings;
}

PredictionRequest request_of(const stope::SiteSettings& settings, std::optional<stope::Day> as_of = {}) {
  PredictionRequest request;
  request.timestamp = "2024-03-30T12:00:00Z";
  request.settings = settings;
  request.as_of = as_of;
  return request;
}

void check_same(const std::optional<stope::Response>& a, const std::optional<stope::Response>& b) {
  REQUIRE(a.has_value() == b.has_value());
  if (!a) return;
  CHECK(a->colour == b->colour);
  CHECK(a->today == b->today);
  CHECK(a->since == b->since);
  CHECK(a->action == b->action);
}

/// What predict() said on a day, had it been asked then. A day without readings was answered from an earlier
/// one, with a warning; it is no answer about that day.
stope::DayAnswer asked_on(const LoadedModel* model, const stope::StopeRecord& record, stope::Day day,
                          const stope::SiteSettings& settings) {
  const auto then = predict(model, {record}, {}, request_of(settings, day));
  if (then.front().as_of == day) {
    stope::DayAnswer answer = day_answer(then.front());
    // What the rules would have raised without a model counts; that they raise nothing does not.
    if (model != nullptr && !answer.answered)
      answer.unstable_by_rules =
          day_answer(predict(nullptr, {record}, {}, request_of(settings, day)).front()).unstable_by_rules;
    return answer;
  }
  stope::DayAnswer nothing;
  nothing.day = day;
  return nothing;
}

/// The response from what predict() said on each of the days.
stope::Response as_if_asked_daily(const LoadedModel* model, const stope::StopeRecord& record,
                                  stope::Day day_t, const stope::SiteSettings& settings) {
  std::vector<stope::DayAnswer> days;
  stope::Day last_answered = day_t;
  while (last_answered > record.readings.first_day &&
         !asked_on(model, record, last_answered, settings).answered)
    --last_answered;
  for (stope::Day day = last_answered - settings.response_plan.look_back_days; day <= day_t; ++day)
    days.push_back(asked_on(model, record, day, settings));
  if (!days.back().answered) {
    stope::DayAnswer& today = days.emplace_back();
    today.day = day_t;
  }
  return stope::respond(settings.response_plan, days);
}

}  // namespace

TEST_CASE("response: the past days are those that would have been answered on them") {
  const auto records = simulated_records();
  std::set<stope::ResponseColour> seen;
  std::size_t held = 0;
  for (const LoadedModel* by : {&model(), static_cast<const LoadedModel*>(nullptr)})
    for (const auto& [days_ago, look_back_days] : {std::pair{0, 6}, std::pair{0, 30}, std::pair{9, 6}}) {
      const stope::SiteSettings settings = settings_with_plan(look_back_days);
      const stope::Day as_of = records[0].readings.last_day() - days_ago;
      const auto found = predict(by, records, {}, request_of(settings, as_of));
      for (std::size_t i = 0; i < records.size(); ++i) {
        REQUIRE(found[i].response.has_value());
        if (!found[i].as_of || found[i].status == stope::Status::rejected) continue;
        CAPTURE(found[i].stope_name);
        const stope::Response expected = as_if_asked_daily(by, records[i], *found[i].as_of, settings);
        // Of a stope whose last reading is old, today's answer is an abstention, whatever its last day said.
        if (found[i].as_of == as_of) check_same(found[i].response, expected);
        seen.insert(found[i].response->colour);
        held += found[i].response->held() ? 1 : 0;
      }
    }
  CHECK(seen.size() >= 2);
  CHECK(held > 0);
}

TEST_CASE("response: an alarm stands when the sensors fall silent; without one, nobody knows") {
  const stope::SiteSettings settings = settings_with_plan();
  std::size_t alarms = 0, raised_on_the_last_day = 0, others = 0;
  for (int silent_days = 8; silent_days < 16; ++silent_days) {  // more than an answer may be old
    auto records = simulated_records();
    const stope::Day newest = records[0].readings.last_day();
    const auto then = predict(&model(), records, {}, request_of(settings, newest - silent_days));
    for (stope::StopeRecord& record : records)
      if (record.readings.last_day() > newest - silent_days)
        record.readings.days.resize(
            static_cast<std::size_t>(newest - silent_days - record.readings.first_day + 1));
    const auto now = predict(&model(), records, {}, request_of(settings, newest));
    for (std::size_t i = 0; i < records.size(); ++i) {
      CAPTURE(now[i].stope_name);
      CHECK(now[i].method == stope::Method::none);
      if (then[i].method == stope::Method::none) continue;  // silent even then
      const stope::Response &before = then[i].response.value(), &after = now[i].response.value();
      CHECK(after.today == stope::ResponseColour::unknown);
      if (before.colour < stope::ResponseColour::amber) {
        ++others;
        CHECK(after.colour == stope::ResponseColour::unknown);
        continue;
      }
      ++alarms;
      raised_on_the_last_day += before.since == then[i].as_of;
      CHECK(after.colour == before.colour);
      CHECK(after.since == before.since);
      CHECK(after.held());
    }
  }
  CHECK(alarms > 0);
  CHECK(raised_on_the_last_day > 0);
  CHECK(others > 0);
}

TEST_CASE("response: a value that can't be true rejects today and takes no alarm back") {
  const stope::SiteSettings settings = settings_with_plan();
  const auto records = simulated_records();
  auto spoilt = records;
  for (stope::StopeRecord& record : spoilt) record.readings.days.back()[0] = 1e9;
  const stope::Day newest = records[0].readings.last_day();
  const auto before = predict(&model(), records, {}, request_of(settings, newest - 1));
  const auto after = predict(&model(), spoilt, {}, request_of(settings, newest));
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (before[i].as_of != newest - 1 || after[i].as_of != newest) continue;
    CHECK(after[i].status == stope::Status::rejected);
    const bool alarm = before[i].response->colour >= stope::ResponseColour::amber;
    CHECK(after[i].response->colour == (alarm ? before[i].response->colour : stope::ResponseColour::unknown));
  }
}

TEST_CASE("response: past days were called unstable, or an alert, by the bounds of the assessment") {
  const auto records = simulated_records();
  // The plan's own numbers are out of reach.
  stope::SiteSettings settings = settings_with_plan();
  settings.response_plan.amber = {0.98, stope::RiskLevel::unstable, 1, "engineer", "look"};
  settings.response_plan.red = {0.99, stope::RiskLevel::unstable, 1, "boss", "withdraw"};
  std::vector<stope::SiteSettings> variants(3, settings);
  variants[0].assessment.decision_threshold = 0.477;
  variants[1].assessment.high_above = 0.477;
  variants[2].assessment.alert_level = stope::RiskLevel::critical;
  for (stope::SiteSettings& variant : variants) {
    if (&variant != &variants[2]) variant.assessment.alert_level = stope::RiskLevel::unstable;
    std::size_t held = 0;
    for (int days_ago = 0; days_ago < 12; ++days_ago) {
      const stope::Day as_of = records[0].readings.last_day() - days_ago;
      const auto answers = predict(&model(), records, {}, request_of(variant, as_of));
      for (std::size_t i = 0; i < records.size(); ++i) {
        if (answers[i].as_of != as_of) continue;
        check_same(answers[i].response, as_if_asked_daily(&model(), records[i], as_of, variant));
        held += answers[i].response->held() ? 1 : 0;
      }
    }
    CHECK(held > 0);
  }
}

TEST_CASE("response: what is called unstable is amber at least, by the threshold of the run") {
  PredictionRequest request = request_of(settings_with_plan());
  request.threshold = 0.02;
  for (const stope::Assessment& assessment : predict(&model(), simulated_records(), {}, request))
    if (assessment.current_stability.stable == false || assessment.alert_recommended == true)
      CHECK(assessment.response->colour >= stope::ResponseColour::amber);
}

TEST_CASE("response: what the rules alone call unstable is never green, and never without a word") {
  const auto records = simulated_records();
  stope::SiteSettings settings = settings_with_plan();
  settings.response_plan.amber = {0.98, stope::RiskLevel::unstable, 1, "engineer", "look"};
  settings.response_plan.red = {0.99, stope::RiskLevel::unstable, 1, "boss", "withdraw"};
  settings.assessment.alert_level = stope::RiskLevel::unstable;
  settings.assessment.decision_threshold = settings.assessment.high_above = 0.98;
  // Shaken a little more than usual is unstable: on some days of some stopes.
  settings.unstable_rules.vibration = {{true, 1.2, 100}};
  std::size_t disagreements = 0, held = 0;
  for (int days_ago = 0; days_ago < 12; ++days_ago) {
    const stope::Day as_of = records[0].readings.last_day() - days_ago;
    const auto answers = predict(&model(), records, {}, request_of(settings, as_of));
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (answers[i].as_of != as_of || answers[i].method != stope::Method::network) continue;
      check_same(answers[i].response, as_if_asked_daily(&model(), records[i], as_of, settings));
      const bool disagree = answers[i].rule_based.unstable_today == true;
      CHECK(std::count_if(answers[i].reasons.begin(), answers[i].reasons.end(), [](const auto& reason) {
              return reason.code == "rules_disagree";
            }) == (disagree ? 1 : 0));
      if (disagree) {
        CHECK(answers[i].status == stope::Status::warning);
        CHECK(answers[i].response->colour >= stope::ResponseColour::amber);
      }
      disagreements += disagree ? 1 : 0;
      held += answers[i].response->held() ? 1 : 0;
    }
  }
  CHECK(disagreements > 0);
  CHECK(held > 0);
}

TEST_CASE("response: what lies outside the training range loses no alarm that the rules would raise") {
  auto records = simulated_records();
  for (stope::StopeRecord& record : records) record.statics.depth = 2900;  // deeper than any that was learnt
  stope::SiteSettings settings = settings_with_plan();
  settings.unstable_rules.limit = 20;
  const auto by_rules = predict(nullptr, records, {}, request_of(settings));
  const auto answers = predict(&model(), records, {}, request_of(settings));
  std::size_t alarms = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    CAPTURE(answers[i].stope_name);
    CHECK(answers[i].method != stope::Method::network);
    CHECK(answers[i].response->colour >= stope::ResponseColour::unknown);
    if (by_rules[i].rule_based.unstable_today != true || by_rules[i].method == stope::Method::none) continue;
    ++alarms;
    CHECK(answers[i].response->colour == stope::ResponseColour::red);
  }
  CHECK(alarms > 0);
}

TEST_CASE("response: no plan, no response; the answers themselves do not change") {
  const auto records = simulated_records();
  stope::SiteSettings no_plan = settings_with_plan();
  no_plan.response_plan = {};
  const auto without = predict(&model(), records, {}, request_of(no_plan));
  const auto with = predict(&model(), records, {}, request_of(settings_with_plan()));
  for (std::size_t i = 0; i < records.size(); ++i) {
    CHECK_FALSE(without[i].response.has_value());
    CHECK(with[i].response.has_value());
    CHECK(with[i].current_stability.instability_probability ==
          without[i].current_stability.instability_probability);
    CHECK(with[i].alert_recommended == without[i].alert_recommended);
  }
}

TEST_CASE("response: one by one, together, and with any number of threads") {
  const auto records = simulated_records();
  PredictionRequest request = request_of(settings_with_plan());
  const auto together = predict(&model(), records, {}, request);
  request.threads = 3;
  const auto threaded = predict(&model(), records, {}, request);
  for (std::size_t i = 0; i < records.size(); ++i) {
    check_same(threaded[i].response, together[i].response);
    request.names = {records[i].name};
    check_same(predict(&model(), records, {}, request).front().response, together[i].response);
  }
}

TEST_CASE("response: what is kept for the audit is enough to give it again") {
  const stope::SiteSettings settings = settings_with_plan(6);
  const auto records = simulated_records(12, 50);
  std::vector<stope::StopeRecord> kept = records;
  for (stope::StopeRecord& record : kept)
    record.readings = readings_that_matter(record.statics, record.readings, record.readings.last_day(),
                                           tiny_network().days, settings);
  CHECK(kept[0].readings.days.size() < records[0].readings.days.size());
  const auto before = predict(&model(), records, {}, request_of(settings)),
             after = predict(&model(), kept, {}, request_of(settings));
  for (std::size_t i = 0; i < records.size(); ++i) check_same(after[i].response, before[i].response);
}

TEST_CASE("response: a stope that is rejected, or has no record, is unknown: somebody has to look") {
  auto records = simulated_records(3, 40);
  records[0].statics.rqd = stope::missing;
  stope::Issue issue;
  issue.severity = stope::Severity::rejected;
  issue.code = "unknown_stope";
  issue.stope = "Elsewhere";
  const std::vector<stope::Issue> issues{issue};
  const auto found = predict(&model(), records, issues, request_of(settings_with_plan()));
  REQUIRE(found.size() == 4);
  for (const std::size_t i : {std::size_t{0}, std::size_t{3}}) {
    CHECK(found[i].status == stope::Status::rejected);
    REQUIRE(found[i].response.has_value());
    CHECK(found[i].response->colour == stope::ResponseColour::unknown);
    CHECK(found[i].response->action == "inspect");
  }
}
