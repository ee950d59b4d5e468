// Which model answers, and what becomes of it while a program runs.
#include <doctest/doctest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "io/atomic_file.h"
#include "tests/io/temporary_folder.h"
#include "tests/library/small_store.h"

using namespace deepmine::test;
using Json = nlohmann::json;

TEST_CASE("the model that answers, its metadata and the health of the store") {
  const SmallStore store;
  dm::Service service(store.path());
  const dm_model model = service.current_model();
  CHECK(model.state == DM_READY);
  CHECK(model.version == 1);
  CHECK(std::strlen(model.id) == 32);
  CHECK(std::strlen(model.trained_at) == 20);
  CHECK(model.test_cases > 0);
  const Json metadata = Json::parse(service.model_json());
  CHECK(metadata["model_id"] == model.id);
  CHECK(metadata["sequence"] == model.version);
  const dm_health health = service.health();
  CHECK(health.state == 0);
  CHECK(health.answers == DM_READY);
  CHECK(health.replay == 2);
  CHECK(health.versions == 1);
  CHECK(health.age_days < 1);
  const Json report = Json::parse(service.health_json());
  CHECK(report["state"] == "healthy");
  CHECK(report["model"]["id"] == model.id);
}

TEST_CASE("a newer version is adopted, a damaged one is not") {
  SmallStore store;
  dm::Service service(store.path());
  CHECK(service.current_model().version == 1);
  store.publish(1);
  CHECK(service.refresh().version == 2);
  const auto of_model_1 = Json::parse(expected_json(1));
  const auto answered = Json::parse(service.predict(simulated_cases(), fixed_request()).json());
  CHECK(answered["predictions"][0]["current_stability"] == of_model_1["predictions"][0]["current_stability"]);
  store.publish(0);
  store.damage_current();
  const dm_model degraded = service.refresh();
  CHECK(degraded.state == DM_DEGRADED);
  CHECK(degraded.version == 2);
  const dm::Answers answers = service.predict(simulated_cases(), fixed_request());
  CHECK(std::string(dm::reasons(answers[0])[0].code) == "model_degraded");
  CHECK(answers[0].status != DM_ANSWER_OK);
  CHECK(service.health().state == 1);
}

TEST_CASE("without a model the rules answer, flagged, or nobody does") {
  const TemporaryFolder folder;
  const std::string path = (folder / "none").string();
  dm::Service with_rules(path);
  CHECK(with_rules.current_model().state == DM_RULES_ONLY);
  for (const dm_answer& answer : with_rules.predict(simulated_cases(), fixed_request())) {
    CHECK(answer.method != DM_METHOD_NETWORK);
    CHECK(answer.stable != DM_YES);
    CHECK(answer.model_id == nullptr);
    CHECK(answer.status != DM_ANSWER_OK);
  }
  CHECK(with_rules.health().state == 2);
  const auto status_of = [](const std::function<void()>& call) {
    try {
      call();
    } catch (const dm::Error& error) {
      return error.status();
    }
    return dm_status{DM_OK};
  };
  CHECK(status_of([&] { with_rules.model_json(); }) == DM_MODEL_MISSING);
  dm::Options options;
  options.rules_may_answer = false;
  dm::Service without(path, options);
  CHECK(without.current_model().state == DM_UNAVAILABLE);
  CHECK(status_of([&] { without.predict(simulated_cases()); }) == DM_MODEL_MISSING);
  SmallStore damaged;
  damaged.damage_current();
  dm::Service no_sound_one(damaged.path(), options);
  CHECK(status_of([&] { no_sound_one.predict(simulated_cases()); }) == DM_MODEL_DAMAGED);
}

TEST_CASE("a site file sets what the mine sets, and a bad one is found when the service is opened") {
  const SmallStore store;
  const TemporaryFolder folder;
  dm::Options options;
  options.site_file = (folder / "site.json").string();
  CHECK_THROWS_AS(dm::Service(store.path(), options), dm::Error);
  deepmine::io::write_file_atomically(options.site_file, R"({"assessment": {"no_such_thing": 1}})");
  CHECK_THROWS_AS(dm::Service(store.path(), options), dm::Error);
  deepmine::io::write_file_atomically(
      options.site_file, R"({"assessment": {"decision_threshold": 0.999}, "data": {"sentinels": [-99]}})");
  dm::Service service(store.path(), options);
  std::vector<dm::Case> cases = {simulated_cases()[0]};
  CHECK(service.predict(cases, fixed_request())[0].stable == DM_YES);
  cases[0].readings[47].humidity = -99;  // outside the range, were it not a word for "missing"
  CHECK(service.predict(cases, fixed_request())[0].days_filled > 0);
  CHECK(dm::Service(store.path()).predict(cases, fixed_request())[0].status == DM_ANSWER_REJECTED);
}

TEST_CASE("words for values, and for what is no value") {
  CHECK(std::string(dm_version()) == DM_VERSION);
  CHECK(dm_abi_version() == DM_ABI_VERSION);
  CHECK(std::string(dm_status_name(DM_MODEL_DAMAGED)) == "model_damaged");
  CHECK(std::string(dm_status_name(DM_OUT_OF_MEMORY)) == "out_of_memory");
  CHECK(std::string(dm_state_name(DM_DEGRADED)) == "degraded");
  CHECK(std::string(dm_answer_status_name(DM_ANSWER_ABSTAIN)) == "abstain");
  CHECK(std::string(dm_method_name(DM_METHOD_RULE_BASED)) == "rule_based");
  CHECK(std::string(dm_risk_name(DM_RISK_UNKNOWN)) == "Unknown: inspect");
  CHECK(std::string(dm_level_name(DM_LEVEL_SLIGHT_ELEVATED)) == "slight_elevated");
  CHECK(std::string(dm_trend_name(DM_TREND_RAPIDLY_IMPROVING)) == "rapidly_improving");
  CHECK(std::string(dm_colour_name(DM_COLOUR_UNKNOWN)) == "unknown");
  CHECK(std::string(dm_colour_name(DM_COLOUR_RED)) == "red");
  for (const auto name : {dm_status_name, dm_state_name, dm_answer_status_name, dm_method_name, dm_risk_name,
                          dm_level_name, dm_trend_name, dm_colour_name})
    for (const std::int32_t value : {-1, 7, 1000, INT32_MIN, INT32_MAX})
      CHECK(std::string(name(value)) == "unknown");
}
