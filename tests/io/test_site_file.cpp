#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/field_json.h"
#include "io/site_file.h"
#include "io/stored_enumerations.h"

using namespace deepmine;

namespace {

/// What parse_site_settings() says of a text that it refuses; fails the test if it accepts it.
std::string refusal(const std::string& text) {
  try {
    io::parse_site_settings(text, "mine.json");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::usage);
    CHECK(std::string(error.what()).starts_with("mine.json: "));
    return error.what();
  }
  FAIL("accepted: " << text);
  return {};
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("what a site file names is set, everything else stays") {
  const stope::SiteSettings settings = io::parse_site_settings(
      R"({"data": {"sentinels": [-999, -1], "largest_age": 2}, "assessment": {"decision_threshold": 0.4, "alert_level": "elevated"},
          "unstable_rules": {"rqd": [{"above": false, "threshold": 30, "weight": 40}]}})",
      "mine.json");
  stope::SiteSettings expected;
  expected.data.sentinels = {-999, -1};
  expected.data.largest_age = 2;
  expected.assessment.decision_threshold = 0.4;
  expected.assessment.alert_level = stope::RiskLevel::elevated;
  expected.unstable_rules.rqd = {{false, 30, 40}};
  CHECK(settings == expected);
  CHECK(io::parse_site_settings("{}", "mine.json") == stope::SiteSettings{});
}

TEST_CASE("a site file stands on top of a model's own table") {
  stope::SiteSettings base;
  base.data.largest_age = 3;
  base.data.flat_line_days = 9;
  const auto settings = io::parse_site_settings(R"({"data": {"largest_age": 1}})", "mine.json", base);
  CHECK(settings.data.largest_age == 1);
  CHECK(settings.data.flat_line_days == 9);
}

TEST_CASE("a recommendation's code replaces the words of that code alone") {
  const auto settings = io::parse_site_settings(
      R"({"recommendations": [{"code": "evacuate_and_assess", "text": "RED: withdraw."}]})", "mine.json");
  const stope::SiteSettings product;
  REQUIRE(settings.recommendations.size() == product.recommendations.size());
  for (std::size_t i = 0; i < product.recommendations.size(); ++i) {
    CHECK(settings.recommendations[i].code == product.recommendations[i].code);
    const bool replaced = product.recommendations[i].code == "evacuate_and_assess";
    CHECK(settings.recommendations[i].text ==
          (replaced ? "RED: withdraw." : product.recommendations[i].text));
  }
  refusal(R"({"recommendations": [{"code": "dance", "text": "no"}]})");
  CHECK(says(
      refusal(R"({"recommendations": [{"code": "inspect", "text": "a"}, {"code": "inspect", "text": "b"}]})"),
      "twice"));
}

TEST_CASE("what can't be used is refused, naming the field, what was expected and what was found") {
  CHECK(says(refusal(R"({"dta": {}})"),
             "unknown name 'dta' (did you mean 'data'?), expected one of: assessment, data"));
  CHECK(says(refusal(R"({"data": {"largest_agee": 2}})"),
             "data: unknown name 'largest_agee' (did you mean 'largest_age'?)"));
  CHECK(says(refusal(R"({"data": {"largest_age": "two"}})"),
             "data.largest_age: expected a whole number, found \"two\""));
  CHECK(says(refusal(R"({"data": {"largest_age": 2.5}})"),
             "data.largest_age: expected a whole number, found 2.5"));
  CHECK(says(refusal(R"({"data": {"largest_age": 99999999999}})"), "data.largest_age"));
  CHECK(says(refusal(R"({"data": {"sentinels": -999}})"), "data.sentinels: expected a list in brackets"));
  CHECK(says(refusal(R"({"data": {"sentinels": [true]}})"),
             "data.sentinels[0]: expected a number, found true"));
  CHECK(
      says(refusal(R"({"assessment": {"alert_level": "red"}})"), "expected one of stable, slight_elevated"));
  CHECK(says(refusal(R"({"assessment": {"decision_threshold": 1.5}})"), "decision_threshold"));  // problems()
  CHECK(says(refusal(R"({"data": 1})"), "data: expected an object in braces, found 1"));
  CHECK(says(refusal("[]"), "the file: expected an object"));
  CHECK(says(refusal(R"({"data": {}, "data": {}})"), "'data' stands twice"));
  CHECK(says(refusal("{\"data\": {\"largest_age\": 1e999}}"), "a number is too large"));
}

TEST_CASE("what is no JSON is told in words, with its line and column, without the parser's own") {
  const struct {
    std::string text, said;
  } cases[] = {
      {"", "no JSON at line 1, column 1: is empty; expected JSON"},
      {"{", "no JSON at line 1, column 2: expected a name in quotes, found the end"},
      {"{\"data\": {\n  \"largest_age\": 2,\n}}",
       "no JSON at line 3, column 1: expected a name in quotes, found '}'; take away the comma before it"},
      {"{\"data\": {\"é\": tru}}",
       "no JSON at line 1, column 19: expected a value (a number, a text in \"quotes\", "
       "true, false, null, [ or {), found '}'"},
      {"{\"data\": 'x'}", "found '\''; JSON has \" as its only quote"},
      {"{\"data\" {}}", "no JSON at line 1, column 9: expected ':' behind the name, found '{'"},
      {"{\"data\": ",
       "no JSON at line 1, column 10: expected a value (a number, a text in \"quotes\", true, "
       "false, null, [ or {), found the end"},
      {"{\"data\": {} \"assessment\": {}}",
       "no JSON at line 1, column 13: expected ',' or '}', found '\"assessment\"'"},
      {"{\"data\": [1 2]}", "expected ',' or ']', found '2'"},
      {"{} x", "no JSON at line 1, column 4: expected nothing behind the end of the JSON, found 'x'"},
      {"{\"data\": 0,5}", "expected a name in quotes, found '5'"},
      {"{\"data\": -}", "a number is not written as JSON has it"},
      {"{\"data", "the text in quotes has no closing quote"},
      {"{\"data\n\": 1}", "goes on over the end of the line"},
      {"{\"data\": \"C:\\mine\"}", "a backslash in a text is written twice"},
      {"// a remark\n{}", "found '/'; JSON has no comments"},
  };
  for (const auto& one : cases) {
    const std::string text = refusal(one.text);
    CHECK_MESSAGE(says(text, one.said), text);
    CHECK_FALSE(says(text, "json.exception"));
  }
}

TEST_CASE("values that are nested without end are refused, not walked") {
  for (const std::string open : {"[", "{\"data\":"}) {
    std::string text = "{\"data\": ";
    while (text.size() < (1 << 20) - 10) text += open;
    CHECK(says(refusal(text), "nested more than 16 deep"));
  }
}

TEST_CASE("all problems stand in one message") {
  const std::string message = refusal(R"({"dta": 1, "data": {"largest_age": "x", "sentinels": 1}})");
  CHECK(says(message, "dta"));
  CHECK(says(message, "largest_age"));
  CHECK(says(message, "sentinels"));
}

namespace {

constexpr const char* response_plan = R"({"response_plan": {
    "green": {"owner": "Crew", "action": "Work."}, "unknown": {"owner": "Engineer", "action": "Inspect."},
    "amber": {"probability_above": 0.2, "level": "slight_elevated", "within_days": 30, "owner": "Engineer", "action": "Look."},
    "red": {"owner": "Shift boss", "action": "Withdraw (TARP 3.1)."}, "falls_after_days": 5}})";

}  // namespace

TEST_CASE("a response plan is read; what it does not name stays as it is, and it reads back the same") {
  const stope::SiteSettings settings = io::parse_site_settings(response_plan, "mine.json");
  const stope::ResponsePlan &plan = settings.response_plan, by_default;
  CHECK(plan.in_use());
  CHECK(plan.amber.level == stope::RiskLevel::slight_elevated);
  CHECK(plan.amber.probability_above == 0.2);
  CHECK(plan.red.probability_above == by_default.red.probability_above);
  CHECK(plan.red.action == "Withdraw (TARP 3.1).");
  CHECK(plan.falls_after_days == 5);
  CHECK(plan.margin == by_default.margin);
  CHECK(io::parse_site_settings(io::fields_to_json(settings).dump(), "again") == settings);
  // On top of a table that has one, a part of it can be changed.
  CHECK(io::parse_site_settings(R"({"response_plan": {"margin": 0.01}})", "mine.json", settings)
            .response_plan.red.action == plan.red.action);
  // Without any owner or action there is no plan, and that reads back, too.
  const stope::SiteSettings none;
  CHECK_FALSE(none.response_plan.in_use());
  CHECK(io::parse_site_settings(io::fields_to_json(none).dump(), "none") == none);
}

TEST_CASE("the sample's site file has a response plan, and docs/site_file.md shows no other") {
  const stope::SiteSettings sample = io::read_site_file(DEEPMINE_SOURCE_ROOT "/data/sample/site.json");
  CHECK(sample.response_plan.in_use());
  CHECK(sample.response_plan.red.owner == "Shift boss");
  CHECK(sample.data.largest_age == 3);
  // Written out, it is the same.
  CHECK(io::parse_site_settings(io::fields_to_json(sample).dump(), "again") == sample);
  // The plan of the document, and the numbers that it says are the defaults.
  const std::string text = io::read_file(DEEPMINE_SOURCE_ROOT "/docs/site_file.md", 1 << 20);
  const std::size_t heading = text.find("\n## The response plan\n");
  REQUIRE(heading != std::string::npos);
  const std::size_t begin = text.find("\n    {\n", heading), end = text.find("\n    }\n", begin);
  REQUIRE(end != std::string::npos);
  const stope::ResponsePlan documented =
      io::parse_site_settings(text.substr(begin, end + 7 - begin), "docs/site_file.md").response_plan;
  stope::ResponsePlan by_default;
  for (auto step : {&stope::ResponsePlan::amber, &stope::ResponsePlan::red}) {
    (by_default.*step).owner = (documented.*step).owner;
    (by_default.*step).action = (documented.*step).action;
  }
  by_default.green = documented.green;
  by_default.unknown = documented.unknown;
  CHECK(documented == by_default);
}

TEST_CASE("a name that was misspelt is told from one that was made up, and its value is not missed twice") {
  const std::string text = refusal(R"({"response_plan": {
      "green": {"owner": "Crew", "action": "Work."}, "unknown": {"owner": "Engineer", "action": "Inspect."},
      "amber": {"owner": "Engineer", "action": "Look.", "probabilty_above": 0.2},
      "red": {"ownr": "Shift boss", "action": "Withdraw.", "telephone": "4711"}}})");
  CHECK(says(text, "response_plan.red: unknown name 'ownr' (did you mean 'owner'?)"));
  CHECK(
      says(text, "response_plan.amber: unknown name 'probabilty_above' (did you mean 'probability_above'?)"));
  CHECK(says(text, "response_plan.red: unknown name 'telephone', expected one of"));
  CHECK_FALSE(says(text, "response_plan.red.owner: expected"));
  CHECK(says(text, "docs/site_file.md"));
}

TEST_CASE("what can't be read and what makes no sense stand in one message") {
  const std::string text =
      refusal(R"({"assessment": {"decision_threshold": 7}, "data": {"largest_age": "two"},
      "response_plan": {"green": {"owner": "Crew", "action": "Work."}, "unknown": {"owner": "Engineer"},
      "amber": {"owner": "Engineer", "action": "Look.", "probability_above": 0.8, "level": "critical", "within_days": 3},
      "red": {"owner": "Boss", "action": "Withdraw.", "level": 4}, "margin": "wide"}})");
  for (const char* part :
       {"assessment.decision_threshold: expected a probability between 0 and 1, found 7",
        "data.largest_age: expected a whole number, found \"two\"",
        "response_plan.unknown.action: expected what is to be done",
        "response_plan.amber.probability_above: expected at most that of red, 0.7, found 0.8",
        "response_plan.amber.within_days: expected at least that of red, 7, found 3",
        "response_plan.red.level: expected one of stable, slight_elevated",
        "response_plan.margin: expected a number, found \"wide\""})
    CHECK_MESSAGE(says(text, part), part);
  CHECK_FALSE(says(text, "response_plan.margin: expected 0 or more"));  // follows from the above
}

TEST_CASE("a file of nothing but problems gives a message that can be read") {
  std::string text = "{";
  for (int i = 0; i < 5000; ++i) text += "\"n" + std::to_string(i) + "\": 1, ";
  const std::string message = refusal(text + R"("data": {"sentinels": ")" + std::string(9000, 'x') + "\"}}");
  CHECK(says(message, "and 4951 more"));
  CHECK(message.size() < 10000);
}

TEST_CASE("a response plan that can't be used is refused, field by field") {
  CHECK(says(refusal(R"({"response_plan": 3})"), "response_plan: expected an object in braces, found 3"));
  CHECK(says(refusal(R"({"response_plan": {"blue": {}}})"),
             "response_plan: unknown name 'blue', expected one of: amber, falls_after_days, green"));
  CHECK(says(refusal(R"({"response_plan": {"red": {"level": "bad"}}})"),
             "response_plan.red.level: expected one of stable, slight_elevated"));
  CHECK(says(refusal(R"({"response_plan": {"red": {"within_days": 1.5}}})"),
             "response_plan.red.within_days: expected a whole number, found 1.5"));
  const std::string unowned = refusal(R"({"response_plan": {"falls_after_days": 2}})");
  for (const char* colour : {"green", "amber", "red", "unknown"})
    CHECK(says(unowned, std::string("response_plan.") + colour + ".owner: expected who acts"));
}
