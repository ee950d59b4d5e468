// The answers of the C interface are those of the service, as structures and as JSON.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "io/atomic_file.h"
#include "tests/io/temporary_folder.h"
#include "tests/library/small_store.h"

using namespace deepmine::test;
using Json = nlohmann::ordered_json;

namespace {

Json text(const char* value) {
  return value == nullptr ? Json(nullptr) : Json(value);
}
Json number(double value) {
  return std::isnan(value) ? Json(nullptr) : Json(value);
}
Json flag(std::int32_t value) {
  return value == DM_UNKNOWN ? Json(nullptr) : Json(value == DM_YES);
}
Json word(std::int32_t value, const char* (*name)(std::int32_t)) {
  return value == DM_UNKNOWN ? Json(nullptr) : Json(name(value));
}

Json uncertainty_json(const dm_uncertainty* uncertainty) {
  if (uncertainty == nullptr) return nullptr;
  CHECK(uncertainty->size == sizeof(dm_uncertainty));
  return {{"samples", uncertainty->samples},
          {"mean", uncertainty->mean},
          {"standard_deviation", uncertainty->standard_deviation},
          {"interval", {uncertainty->low, uncertainty->high}},
          {"mutual_information", uncertainty->mutual_information}};
}

Json attribution_json(const dm_attribution& attribution) {
  return {{"input", attribution.input},
          {"value", attribution.category != nullptr ? Json(attribution.category) : number(attribution.value)},
          {"unit", attribution.unit != nullptr ? attribution.unit : ""},
          {"contribution", attribution.contribution}};
}

Json future_json(const dm_future& future) {
  Json probabilities = nullptr;
  for (int level = 0; level < DM_LEVEL_COUNT; ++level)
    if (!std::isnan(future.risk_probabilities[level]))
      probabilities[dm_level_name(level)] = future.risk_probabilities[level];
  Json set = Json::array();
  for (std::size_t i = 0; i < future.risk_set_count; ++i) set.push_back(dm_level_name(future.risk_set[i]));
  return {{"horizon_days", future.horizon_days},
          {"date", text(future.date)},
          {"predicted_risk_level", word(future.predicted_risk_level, dm_level_name)},
          {"confidence", number(future.confidence)},
          {"risk_probabilities", probabilities},
          {"risk_set", set},
          {"uncertainty", uncertainty_json(future.uncertainty)}};
}

/// The structure as JSON, member by member.
Json shown(const dm_answer& a) {
  Json json;
  json["schema_version"] = 1;
  json["stope_name"] = text(a.stope_name);
  json["timestamp"] = text(a.timestamp);
  json["as_of"] = text(a.as_of);
  json["status"] = dm_answer_status_name(a.status);
  json["reasons"] = Json::array();
  for (const dm_reason& reason : dm::reasons(a))
    json["reasons"].push_back({{"code", reason.code}, {"message", reason.message}});
  json["model"] = nullptr;
  if (a.model_id != nullptr)
    json["model"] = {{"id", a.model_id}, {"version", a.model_version}, {"trained_at", a.model_trained_at}};
  json["method"] = dm_method_name(a.method);
  json["current_stability"] = {{"stable", flag(a.stable)},
                               {"instability_probability", number(a.instability_probability)},
                               {"risk_level", dm_risk_name(a.risk_level)},
                               {"confidence", number(a.confidence)},
                               {"uncertainty", uncertainty_json(a.uncertainty)}};
  json["future_predictions"] = Json::array();
  for (const dm_future& future : dm::future_predictions(a))
    json["future_predictions"].push_back(future_json(future));
  Json levels = Json::object();
  for (const dm_rule_level& rule : dm::rule_levels(a))
    levels[std::to_string(rule.horizon_days)] = word(rule.level, dm_level_name);
  json["rule_based"] = {{"unstable_today", flag(a.rules_unstable_today)}, {"risk_levels", levels}};
  json["risk_trend"] = word(a.risk_trend, dm_trend_name);
  json["max_risk_horizon"] = a.max_risk_horizon == DM_UNKNOWN ? Json(nullptr) : Json(a.max_risk_horizon);
  json["alert_recommended"] = flag(a.alert_recommended);
  json["explanations"] = Json::array();
  for (const dm_explanation& e : dm::explanations(a))
    json["explanations"].push_back({{"code", e.code},
                                    {"message", e.message},
                                    {"input", e.input},
                                    {"value", number(e.value)},
                                    {"threshold", number(e.threshold)},
                                    {"unit", e.unit}});
  json["attributions"] = Json::array();
  for (const dm_attribution& attribution : dm::attributions(a))
    json["attributions"].push_back(attribution_json(attribution));
  json["recommendations"] = Json::array();
  for (const dm_recommendation& recommendation : dm::recommendations(a))
    json["recommendations"].push_back({{"code", recommendation.code}, {"text", recommendation.text}});
  if (a.response != nullptr) {
    CHECK(a.response->size == sizeof(dm_response));
    json["response"] = {{"colour", dm_colour_name(a.response->colour)},
                        {"since", text(a.response->since)},
                        {"today", dm_colour_name(a.response->today)},
                        {"held", flag(a.response->held)},
                        {"owner", a.response->owner},
                        {"action", a.response->action}};
  }
  json["data_quality"] = {{"days_used", a.days_used},
                          {"days_filled", a.days_filled},
                          {"last_reading", text(a.last_reading)},
                          {"out_of_range", Json::array()}};
  for (const dm_out_of_range& input : dm::out_of_range(a))
    json["data_quality"]["out_of_range"].push_back({{"input", input.input},
                                                    {"day", text(input.day)},
                                                    {"value", input.value},
                                                    {"lowest", input.lowest},
                                                    {"highest", input.highest}});
  return json;
}

/// A case with something special in every list of the answer.
std::vector<dm::Case> varied_cases() {
  std::vector<dm::Case> cases = simulated_cases();
  cases[1].rock_type = "Cheese";                       // abstains
  cases[2].rqd = 250;                                  // rejected
  cases[3].readings.clear();                           // no readings
  cases[4].readings.back().stress = 900;               // outside what was trained on
  cases[5].readings[45].humidity = dm::missing;        // a gap that is filled
  cases[6].depth = dm::missing;                        // rejected
  cases[7].readings.push_back(cases[7].readings[49]);  // a duplicate
  return cases;
}

}  // namespace

TEST_CASE("cases in arrays get the answers of the service, byte for byte") {
  const SmallStore store;
  dm::Service service(store.path());
  const dm::Answers answers = service.predict(simulated_cases(), fixed_request());
  CHECK(answers.json() == expected_json(0));
  std::size_t by_network = 0;
  for (const dm_answer& answer : answers) by_network += answer.method == DM_METHOD_NETWORK ? 1 : 0;
  CHECK(by_network > 4);
  CHECK(service.predict(simulated_cases(), fixed_request(), 3).json() == expected_json(0));
}

/// Whatever can be asked for beside the answer.
dm::Request everything_asked() {
  dm::Request request = fixed_request();
  request.samples = 8;
  request.sample_seed = 0x1'0000'0003;
  request.coverage = 0.55;
  request.attributions = true;
  return request;
}

TEST_CASE("the structure of an answer says what its JSON says") {
  const SmallStore store;
  dm::Service service(store.path());
  bool all = false;
  SUBCASE("nothing besides") {}
  SUBCASE("with samples, coverage and attributions") {
    all = true;
  }
  const dm::Answers answers = service.predict(varied_cases(), all ? everything_asked() : fixed_request());
  REQUIRE(answers.size() == 12);
  const Json document = Json::parse(answers.json());
  std::set<std::string> statuses, lists;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    CAPTURE(i);
    const Json expected = Json::parse(answers.json(i));
    CHECK(shown(answers[i]) == expected);
    CHECK(document["predictions"][i] == expected);
    CHECK(answers.json(i).find('\n') == std::string::npos);
    statuses.insert(dm_answer_status_name(answers[i].status));
    for (const char* list :
         {"reasons", "future_predictions", "explanations", "recommendations", "attributions"})
      if (!expected[list].empty()) lists.insert(list);
    const bool has_uncertainty = !expected["current_stability"]["uncertainty"].is_null();
    CHECK(has_uncertainty == (all && answers[i].method == DM_METHOD_NETWORK));
    for (const Json& future : expected["future_predictions"])
      CHECK(future["uncertainty"].is_null() != has_uncertainty);
    if (!expected["data_quality"]["out_of_range"].empty()) lists.insert("out_of_range");
  }
  CHECK(statuses.count("abstain") + statuses.count("rejected") == 2);
  CHECK(statuses.size() > 2);
  CHECK(lists.size() == (all ? 6 : 5));
}

TEST_CASE("the response plan of the site: structure and JSON say the same of every colour") {
  const SmallStore store;
  const TemporaryFolder folder;
  dm::Options options;
  options.site_file = (folder / "site.json").string();
  std::set<std::string> colours;
  bool is_held = false;
  for (const char* probability : {"0.3", "0.7"}) {
    deepmine::io::write_file_atomically(
        options.site_file,
        std::string(R"({"response_plan": {"green": {"owner": "Crew", "action": "Work."},
          "amber": {"probability_above": 0.31, "level": "unstable", "within_days": 1,
                    "owner": "Engineer", "action": "Look."},
          "red": {"probability_above": )") +
            probability +
            R"(1, "level": "unstable", "within_days": 1, "owner": "Shift boss", "action": "Höher hinauf."},
          "unknown": {"owner": "Engineer", "action": "Inspect."}, "falls_after_days": 9}})");
    dm::Service service(store.path(), options);
    const dm::Answers answers = service.predict(varied_cases(), fixed_request());
    for (std::size_t i = 0; i < answers.size(); ++i) {
      CAPTURE(i);
      REQUIRE(answers[i].response != nullptr);
      const Json expected = Json::parse(answers.json(i));
      CHECK(shown(answers[i]) == expected);
      colours.insert(expected["response"]["colour"].get<std::string>());
      is_held = is_held || answers[i].response->held == DM_YES;
    }
  }
  CHECK(colours.count("unknown") == 1);
  CHECK(colours.count("red") == 1);
  CHECK(colours.size() >= 3);
  CHECK(is_held);
  dm::Service without(store.path());
  for (const dm_answer& answer : without.predict(varied_cases(), fixed_request()))
    CHECK(answer.response == nullptr);
}

TEST_CASE("samples, their seed, coverage and attributions are those of the service, byte for byte") {
  const SmallStore store;
  dm::Service service(store.path());
  const std::string plain = service.predict(simulated_cases(), fixed_request()).json();
  std::set<std::string> different{plain};
  const auto check = [&](const dm::Request& request) {
    const std::string json = service.predict(simulated_cases(), request).json();
    CHECK(json == expected_json(0, request));
    CHECK(service.predict(simulated_cases(), request, 3).json() == json);
    different.insert(json);
  };
  dm::Request request = fixed_request();
  request.samples = 8;
  check(request);
  request.sample_seed = 1;
  check(request);
  request.sample_seed += std::uint64_t{1} << 32U;
  check(request);
  request = fixed_request();
  request.coverage = 0.5;
  check(request);
  request = fixed_request();
  request.attributions = true;
  check(request);
  check(everything_asked());
  CHECK(different.size() == 7);
}

TEST_CASE("attributions are raw values with their units, and categories by name") {
  const SmallStore store;
  dm::Service service(store.path());
  dm::Request request = fixed_request();
  request.attributions = true;
  const dm::Case given = simulated_cases()[0];
  const dm::Answers answers = service.predict({given}, request);
  REQUIRE(answers[0].method == DM_METHOD_NETWORK);
  bool has_depth = false, has_rock = false;
  for (const dm_attribution& attribution : dm::attributions(answers[0])) {
    if (std::string(attribution.input) == "depth") {
      has_depth = true;
      CHECK(attribution.value == given.depth);
      REQUIRE(attribution.unit != nullptr);
      CHECK(std::string(attribution.unit) == "m");
      CHECK(attribution.category == nullptr);
    }
    if (std::string(attribution.input) == "rock_type") {
      has_rock = true;
      CHECK(std::isnan(attribution.value));
      CHECK(attribution.unit == nullptr);
      REQUIRE(attribution.category != nullptr);
      CHECK(attribution.category == given.rock_type);
    }
  }
  CHECK(has_depth);
  CHECK(has_rock);
}

TEST_CASE("what stands in a case decides about that case alone") {
  const SmallStore store;
  dm::Service service(store.path());
  const dm::Answers good = service.predict(simulated_cases(), fixed_request());
  const dm::Answers varied = service.predict(varied_cases(), fixed_request());
  for (const std::size_t same : {0, 8, 9, 10, 11}) CHECK(varied.json(same) == good.json(same));
  const auto has_reason = [&](std::size_t index, const char* code) {
    for (const dm_reason& reason : dm::reasons(varied[index]))
      if (std::strcmp(reason.code, code) == 0) return true;
    return false;
  };
  CHECK(varied[1].status == DM_ANSWER_ABSTAIN);
  CHECK(has_reason(1, "unseen_category"));
  CHECK(varied[2].status == DM_ANSWER_REJECTED);
  CHECK(has_reason(2, "out_of_range"));
  CHECK(std::string(dm::reasons(varied[2])[0].message) == "case 2: rqd 250 lies outside 0 to 100 %");
  CHECK(varied[3].stable == DM_UNKNOWN);
  CHECK(has_reason(3, "no_readings"));
  CHECK(varied[6].status == DM_ANSWER_REJECTED);
  CHECK(has_reason(6, "missing_value"));
  CHECK(has_reason(7, "identical_duplicate"));
  for (const std::size_t i : {1, 2, 3, 6}) {
    CHECK(varied[i].stable == DM_UNKNOWN);
    CHECK(std::isnan(varied[i].instability_probability));
    CHECK(varied[i].alert_recommended == DM_UNKNOWN);
  }
}

TEST_CASE("times may be numbers, and a request changes the answers") {
  const SmallStore store;
  dm::Service service(store.path());
  const dm::Case given = simulated_cases()[0];
  dm::Request request = fixed_request();
  const std::string by_text = service.predict({given}, request).json(0);

  const dm::detail::CaseView view(given);
  dm_case numbered = view.get();
  std::vector<std::int64_t> microseconds;
  constexpr std::int64_t a_day = 86'400'000'000, first = 19'723 * a_day;  // 2024-01-01
  for (std::size_t i = 0; i < given.readings.size(); ++i)
    microseconds.push_back(first + static_cast<std::int64_t>(i) * a_day + 3'600'000'000);
  REQUIRE(given.readings[0].timestamp == "2024-01-01");
  numbered.timestamps = nullptr;
  numbered.microseconds = microseconds.data();
  const dm_request asked = dm::detail::request_of(request);
  dm_service* raw = nullptr;
  dm_answers* answers = nullptr;
  REQUIRE(dm_open(store.path().c_str(), nullptr, &raw, nullptr) == DM_OK);
  REQUIRE(dm_predict(raw, &numbered, 1, &asked, 1, &answers, nullptr) == DM_OK);
  CHECK(dm::Answers(answers).json(0) == by_text);
  dm_close(raw);

  request.as_of = given.readings[30].timestamp;
  const dm::Answers earlier = service.predict({given}, request);
  CHECK(std::string(earlier[0].as_of) == given.readings[30].timestamp);
  request = fixed_request();
  request.threshold = 0.999;
  CHECK(service.predict({given}, request)[0].stable == DM_YES);
  request.threshold = 1e-9;
  CHECK(service.predict({given}, request)[0].stable == DM_NO);
  request = fixed_request();
  request.today = given.readings[40].timestamp;
  CHECK(service.predict({given}, request)[0].status == DM_ANSWER_REJECTED);
}

TEST_CASE("answers outlive their service, and an empty call is answered by nothing") {
  const SmallStore store;
  std::unique_ptr<dm::Service> service = std::make_unique<dm::Service>(store.path());
  const dm::Answers answers = service->predict(simulated_cases(), fixed_request());
  CHECK(service->predict({}).empty());
  service.reset();
  CHECK(answers.json() == expected_json(0));
  CHECK_THROWS_AS(static_cast<void>(answers.at(12)), std::out_of_range);
}

TEST_CASE("a case as JSON text gets the answer that it gets in arrays, alone") {
  const SmallStore store;
  dm::Service service(store.path());
  for (const dm::Case& given : simulated_cases()) {
    Json json{{"stope_name", given.stope_name},
              {"note", {{"anything", Json::array({1, "two", nullptr})}}},
              {"statics",
               {{"rqd", given.rqd},
                {"hr", given.hr},
                {"depth", given.depth},
                {"dip", given.dip},
                {"undercut_wdt", given.undercut_wdt},
                {"support_density", given.support_density},
                {"support_installed", *given.support_installed},
                {"direction", given.direction},
                {"rock_type", given.rock_type},
                {"support_type", given.support_type},
                {"stability", 1}}},
              {"readings", Json::array()}};
    for (const dm::Reading& r : given.readings)
      json["readings"].push_back({{"timestamp", r.timestamp},
                                  {"vibration_velocity", number(r.vibration_velocity)},
                                  {"deformation_rate", number(r.deformation_rate)},
                                  {"stress", number(r.stress)},
                                  {"temperature", number(r.temperature)},
                                  {"humidity", number(r.humidity)}});
    for (const dm::Request& request : {fixed_request(), everything_asked()})
      CHECK(service.predict_json(json.dump(), request) == service.predict({given}, request).json(0));
  }
}
