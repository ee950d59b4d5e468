#include <doctest/doctest.h>

#include "engine/nn/error.h"
#include "io/site_file.h"

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
  CHECK(says(refusal(R"({"dta": {}})"), "unknown name 'dta', expected one of: assessment, data"));
  CHECK(says(refusal(R"({"data": {"largest_agee": 2}})"), "data: unknown name 'largest_agee'"));
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
  refusal("");
  refusal("{");
  refusal("{\"data\": {\"largest_age\": 1e999}}");
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
