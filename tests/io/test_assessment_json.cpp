#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "io/assessment_json.h"
#include "tests/io/sample_assessments.h"

using namespace deepmine;
using nlohmann::json;
using nlohmann::ordered_json;

namespace {

std::vector<std::string> keys(const ordered_json& object) {
  std::vector<std::string> names;
  for (const auto& [key, value] : object.items()) names.push_back(key);
  return names;
}

std::uint64_t bits(double value) {
  return std::bit_cast<std::uint64_t>(value);
}

const std::vector<std::string> assessment_keys{"schema_version",
                                               "stope_name",
                                               "timestamp",
                                               "as_of",
                                               "status",
                                               "reasons",
                                               "model",
                                               "method",
                                               "current_stability",
                                               "future_predictions",
                                               "rule_based",
                                               "risk_trend",
                                               "max_risk_horizon",
                                               "alert_recommended",
                                               "explanations",
                                               "attributions",
                                               "recommendations",
                                               "data_quality"};

}  // namespace

TEST_CASE("every assessment has the same keys in the same order") {
  for (const stope::Assessment& assessment : {test::answered_assessment(), test::ok_assessment(),
                                              test::abstained_assessment(), test::refused_assessment()}) {
    CAPTURE(assessment.stope_name);
    const ordered_json written = io::assessment_to_json(assessment);
    CHECK(keys(written) == assessment_keys);
    CHECK(keys(written["current_stability"]) == std::vector<std::string>{"stable", "instability_probability",
                                                                         "risk_level", "confidence",
                                                                         "uncertainty"});
    CHECK(keys(written["rule_based"]) == std::vector<std::string>{"unstable_today", "risk_levels"});
    CHECK(keys(written["data_quality"]) ==
          std::vector<std::string>{"days_used", "days_filled", "last_reading", "out_of_range"});
    for (const ordered_json& future : written["future_predictions"])
      CHECK(keys(future) == std::vector<std::string>{"horizon_days", "date", "predicted_risk_level",
                                                     "confidence", "risk_probabilities", "risk_set",
                                                     "uncertainty"});
    for (const char* list :
         {"reasons", "future_predictions", "explanations", "attributions", "recommendations"})
      CHECK(written[list].is_array());
  }
}

TEST_CASE("an answer is written with names, dates and words") {
  const ordered_json written = io::assessment_to_json(test::answered_assessment());
  CHECK(written["schema_version"] == 1);
  CHECK(written["stope_name"] == "Stope_001");
  CHECK(written["as_of"] == "2024-03-31");
  CHECK(written["status"] == "warning");
  CHECK(written["method"] == "network");
  CHECK(written["model"].dump() == R"({"id":"00ff","version":"3","trained_at":"2024-03-01T12:00:00Z"})");
  CHECK(written["current_stability"]["stable"] == false);
  CHECK(written["current_stability"]["risk_level"] == "High");
  const ordered_json& future = written["future_predictions"][4];
  CHECK(future["horizon_days"] == 30);
  CHECK(future["date"] == "2024-04-30");
  CHECK(future["predicted_risk_level"] == "slight_elevated");
  CHECK(future["risk_set"].dump() == R"(["stable","slight_elevated"])");
  CHECK(keys(future["risk_probabilities"]) ==
        std::vector<std::string>{"stable", "slight_elevated", "elevated", "high", "critical", "unstable"});
  CHECK(
      written["rule_based"].dump() ==
      R"({"unstable_today":true,"risk_levels":{"1":"high","3":"high","7":"high","14":"high","30":"high"}})");
  CHECK(written["risk_trend"] == "rapidly_improving");
  CHECK(written["max_risk_horizon"] == 7);
  CHECK(written["alert_recommended"] == true);
  CHECK(
      written["explanations"][0].dump() ==
      R"({"code":"poor_rock","message":"rock quality is low","input":"rqd","value":42.5,"threshold":50.0,"unit":"%"})");
  CHECK(written["attributions"][0].dump() ==
        R"({"input":"depth","value":710.25,"unit":"m","contribution":-0.125})");
  CHECK(written["attributions"][1]["value"] == "Shale");
  CHECK(
      written["current_stability"]["uncertainty"].dump() ==
      R"({"samples":40,"mean":0.75,"standard_deviation":0.125,"interval":[0.5,0.875],"mutual_information":0.0625})");
  CHECK(written["future_predictions"][2]["uncertainty"]["mutual_information"] == 0.03125);
  CHECK(written["recommendations"][0]["code"] == "inspect");
  CHECK(written["data_quality"]["last_reading"] == "2024-03-31");
}

TEST_CASE("what an abstention and a rejection do not know is null") {
  const ordered_json abstained = io::assessment_to_json(test::abstained_assessment());
  const ordered_json refused = io::assessment_to_json(test::refused_assessment());
  for (const ordered_json* written : {&abstained, &refused}) {
    const ordered_json& current = (*written)["current_stability"];
    CHECK(current["stable"].is_null());
    CHECK(current["instability_probability"].is_null());
    CHECK(current["confidence"].is_null());
    CHECK(current["risk_level"] == "Unknown: inspect");
    CHECK((*written)["risk_trend"].is_null());
    CHECK((*written)["alert_recommended"].is_null());
    CHECK((*written)["max_risk_horizon"].is_null());
    CHECK((*written)["method"] == "none");
  }
  CHECK(abstained["future_predictions"].size() == 5);
  for (const ordered_json& future : abstained["future_predictions"]) {
    CHECK(future["date"].is_string());
    CHECK(future["predicted_risk_level"].is_null());
    CHECK(future["confidence"].is_null());
    CHECK(future["risk_probabilities"].is_null());
    CHECK(future["risk_set"].empty());
  }
  CHECK(abstained["rule_based"]["risk_levels"]["30"].is_null());
  CHECK(abstained["data_quality"]["out_of_range"].dump() ==
        R"([{"input":"depth","day":null,"value":3999.0,"lowest":200.0,"highest":900.0},)"
        R"({"input":"stress","day":"2024-03-31","value":99.0,"lowest":1.0,"highest":50.0}])");
  CHECK(refused["future_predictions"].empty());
  CHECK(refused["as_of"].is_null());
  CHECK(refused["model"].is_null());
}

TEST_CASE("numbers read back to the same bits") {
  const stope::Assessment assessment = test::answered_assessment();
  const json read = json::parse(io::predictions_json(assessment.model, std::span(&assessment, 1)));
  const json& prediction = read["predictions"][0];
  CHECK(bits(prediction["current_stability"]["instability_probability"].get<double>()) == bits(0.1 + 0.7));
  const auto& expected = *assessment.future_predictions[0].risk_probabilities;
  const json& probabilities = prediction["future_predictions"][0]["risk_probabilities"];
  for (std::size_t level = 0; level < stope::risk_level_count; ++level)
    CHECK(bits(probabilities[std::string(stope::risk_level_names[level])].get<double>()) ==
          bits(expected[level]));
}

TEST_CASE("what is no number is null, never NaN or infinity") {
  stope::Assessment assessment = test::answered_assessment();
  assessment.current_stability.instability_probability = std::numeric_limits<double>::quiet_NaN();
  assessment.attributions[0].contribution = std::numeric_limits<double>::infinity();
  const std::string text = io::predictions_json(assessment.model, std::span(&assessment, 1));
  const json read = json::parse(text);
  CHECK(read["predictions"][0]["current_stability"]["instability_probability"].is_null());
  CHECK(read["predictions"][0]["attributions"][0]["contribution"].is_null());
  CHECK(text.find("NaN") == std::string::npos);
  CHECK(text.find("nan") == std::string::npos);
}

TEST_CASE("the document has its three keys, and null without a model") {
  const std::vector<stope::Assessment> assessments{test::ok_assessment(), test::refused_assessment()};
  const ordered_json read = ordered_json::parse(io::predictions_json(assessments[0].model, assessments));
  CHECK(keys(read) == std::vector<std::string>{"schema_version", "model", "predictions", "drift"});
  CHECK(read["model"]["version"] == "3");
  CHECK(read["predictions"].size() == 2);
  const ordered_json without = ordered_json::parse(io::predictions_json(std::nullopt, {}));
  CHECK(without["model"].is_null());
  CHECK(without["predictions"] == ordered_json::array());
}

TEST_CASE("hostile names stay one string") {
  stope::Assessment assessment = test::refused_assessment();
  assessment.stope_name = "a\"b\\c\x1b[31m\xff\n";
  const json read = json::parse(io::predictions_json(std::nullopt, std::span(&assessment, 1)));
  CHECK(read["predictions"][0]["stope_name"] == "a\"b\\c\x1b[31m\xEF\xBF\xBD\n");
}

TEST_CASE("the response of a site's plan is there where the site has one") {
  stope::Assessment assessment = test::answered_assessment();
  CHECK_FALSE(io::assessment_to_json(assessment).contains("response"));
  stope::Response response;
  response.colour = stope::ResponseColour::red;
  response.today = stope::ResponseColour::amber;
  response.since = stope::parse_day("2024-03-28");
  response.owner = "Shift boss";
  response.action = "Withdraw.";
  assessment.response = response;
  CHECK(
      io::assessment_to_json(assessment)["response"].dump() ==
      R"({"colour":"red","since":"2024-03-28","today":"amber","held":true,"owner":"Shift boss","action":"Withdraw."})");
  assessment.response->colour = stope::ResponseColour::amber;
  assessment.response->since.reset();
  const ordered_json written = io::assessment_to_json(assessment)["response"];
  CHECK(written["held"] == false);
  CHECK(written["since"].is_null());
}
