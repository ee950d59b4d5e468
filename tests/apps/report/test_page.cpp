#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "apps/report/page.h"
#include "tests/io/sample_assessments.h"
#include "tests/texts.h"

using namespace deepmine;
using namespace deepmine::apps::report;
using deepmine::test::contains;

namespace {

lifecycle::Report report_of(std::size_t stopes) {
  lifecycle::Report report;
  report.metadata.model_id = "abc";
  report.has_data = true;
  report.data.stopes = stopes;
  for (std::size_t i = 0; i < stopes; ++i) {
    lifecycle::ReportStope stope;
    stope.name = "</script><script>alert(" + std::to_string(i) + ")</script>";
    stope.assessment =
        stope::rejected_assessment(stope.name, "2024-01-01T00:00:00Z", {{"test", "<b>no</b> & never"}});
    report.stopes.push_back(std::move(stope));
  }
  report.why_no_evaluation = "nothing new";
  return report;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

/// The document inside the page, as a browser hands it to a program.
nlohmann::json embedded(const std::string& page) {
  const std::string begin = "<script type=\"application/json\" id=\"report\">";
  const std::size_t from = page.find(begin) + begin.size();
  return nlohmann::json::parse(page.substr(from, page.find("</script>", from) - from));
}

}  // namespace

TEST_CASE("names and messages stay text, in the page and in its numbers") {
  const std::string page = report_page(report_of(2), 10);
  CHECK_FALSE(contains(page, "<script>alert"));
  CHECK_FALSE(contains(page, "<b>no"));
  CHECK(contains(page, "&lt;/script&gt;&lt;script&gt;alert(0)"));
  CHECK(contains(page, "&lt;b&gt;no&lt;/b&gt; &amp; never"));
  CHECK(count(page, "<script") == 1);
  CHECK(count(page, "</script") == 1);
  const nlohmann::json json = embedded(page);
  CHECK(json == nlohmann::json::parse(report_json(report_of(2), 10)));
  CHECK(json["stopes"][0]["name"] == "</script><script>alert(0)</script>");
}

TEST_CASE("the page asks for nothing from anywhere, and lets nothing run") {
  const std::string page = report_page(report_of(1), 10);
  CHECK(contains(page, "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\""));
  CHECK_FALSE(contains(page, "://"));
  CHECK_FALSE(contains(page, " src="));
  CHECK(count(page, "href=") == 1);
  CHECK(contains(page, "href=\"data:,\""));
}

TEST_CASE("what nobody knows is never shown as stable; what is left out is counted") {
  const std::string page = report_page(report_of(5), 3);
  CHECK(count(page, "UNKNOWN: INSPECT") == 3);
  CHECK_FALSE(contains(page, ">STABLE<"));
  CHECK(contains(page, "3 stopes of 5 are shown"));
  CHECK(embedded(page)["stopes"].size() == 3);
  CHECK(embedded(page)["stopes_of_data"] == 5);
  CHECK(contains(page, "nothing new"));
}

namespace {

lifecycle::Report report_on(const stope::Assessment& assessment) {
  lifecycle::Report report = report_of(1);
  report.stopes[0].name = assessment.stope_name;
  report.stopes[0].assessment = assessment;
  return report;
}

}  // namespace

TEST_CASE("old data is said to be old, as predict says it") {
  lifecycle::Report report = report_on(test::ok_assessment());
  REQUIRE(report.stopes[0].assessment.as_of);
  report.settings.data.largest_age = 7;
  CHECK(old_data_warning(report).empty());  // nobody knows today
  report.today = *report.stopes[0].assessment.as_of + 7;
  CHECK(old_data_warning(report).empty());
  CHECK_FALSE(contains(report_page(report, 1), "OLD DATA"));
  *report.today += 1;
  CHECK(contains(old_data_warning(report), "8 days before today"));
  CHECK(contains(report_page(report, 1), "<p class=\"old\">OLD DATA: " + old_data_warning(report)));
}

TEST_CASE("with a response plan nothing is green but what the plan calls green") {
  lifecycle::Report report = report_on(test::ok_assessment());
  report.stopes[0].assessment.alert_recommended = false;
  const std::string without_plan = report_page(report, 1);
  CHECK(contains(without_plan, "<b class=\"good\">1</b>stable, no alert"));
  CHECK(contains(without_plan, "<strong class=\"good\">STABLE</strong>"));
  CHECK_FALSE(contains(without_plan, "data-colour"));
  report.settings.response_plan.green = {"somebody", "something"};
  report.stopes[0].assessment.response.emplace().colour = stope::ResponseColour::amber;
  const std::string page = report_page(report, 1);
  CHECK_FALSE(contains(page, "stable, no alert"));
  CHECK_FALSE(contains(page, "class=\"good\""));
  CHECK(contains(page, "<div data-colour=\"amber\"><b>1</b>"));
  CHECK(contains(page, "<div data-colour=\"green\"><b>0</b>"));
  CHECK(page.find("data-colour=\"amber\"") < page.find("</header>"));
  report.stopes[0].assessment.response->colour = stope::ResponseColour::green;
  CHECK(contains(report_page(report, 1), "<strong class=\"good\">STABLE</strong>"));
}

TEST_CASE("the number beside the verdict says what it is the probability of") {
  stope::Assessment assessment = test::ok_assessment();
  assessment.current_stability.instability_probability = 0.0004;
  CHECK(
      contains(report_page(report_on(assessment), 1), "P(unstable) <span class=\"number\">&lt;0.001</span>"));
}

TEST_CASE("no tag of an unstable stope says stable, and the page says what it says instead") {
  stope::Assessment assessment = test::answered_assessment();
  REQUIRE(assessment.current_stability.stable == false);
  assessment.future_predictions[0].predicted_risk_level = stope::RiskLevel::stable;
  const std::string page = report_page(report_on(assessment), 1);
  CHECK(contains(page, "<span class=\"l0\"><i>1 d</i> none</span>"));
  CHECK_FALSE(contains(page, "</i> stable</span>"));
  CHECK(contains(page, "none: no risk by the rules"));
  assessment.current_stability.stable = true;
  const std::string stable = report_page(report_on(assessment), 1);
  CHECK(contains(stable, "<span class=\"l0\"><i>1 d</i> stable</span>"));
  CHECK_FALSE(contains(stable, "none: no risk"));
  assessment.method = stope::Method::rule_based;
  CHECK(contains(report_page(report_on(assessment), 1), "<i>1 d</i> none</span>"));
}

TEST_CASE("without intervals the page says that none were asked for, and with them it shows them") {
  lifecycle::Report report = report_of(1);
  report.network.horizons = {1};
  io::EvaluationReport& evaluation = report.evaluation.emplace();
  evaluation.network.heads = {{"future_1d", {{"accuracy", {0.9}}}}};
  evaluation.baselines = {{"rules", {{"future_1d", {{"accuracy", {0.8}}}}}}};
  evaluation.differences = {{"rules", "future_1d", "accuracy", {0.1}, io::Verdict::not_known}};
  const std::string without = report_page(report, 1);
  CHECK(contains(without, "No intervals were asked for (--bootstrap 0)"));
  CHECK(contains(without, "no verdict without intervals against the rules"));
  CHECK_FALSE(contains(without, "ntervals over stopes"));
  evaluation.bootstrap_draws = 100;
  const std::string with = report_page(report, 1);
  CHECK_FALSE(contains(with, "--bootstrap 0"));
  CHECK(contains(with, "not known against the rules"));
  CHECK(contains(with, "95 % intervals over stopes"));
  CHECK(contains(with, "With intervals over stopes."));
}

TEST_CASE("the derived input risk_level is not shown under the name of an answer") {
  lifecycle::Report report = report_of(1);
  report.drift.not_measured.clear();
  report.drift.features = {{.feature = "risk_level", .unit = "", .drift = {.drifted = true}}};
  io::EvaluationReport& evaluation = report.evaluation.emplace();
  evaluation.importance.emplace().inputs = {{"risk_level", {{"current", 0.1}}}};
  const std::string page = report_page(report, 1);
  const std::string shown = page.substr(0, page.find("<script"));
  CHECK(count(shown, "<th scope=\"row\">static risk index</th>") == 2);
  CHECK(contains(shown, "Drifted: static risk index."));
  CHECK_FALSE(contains(shown, "risk level</th>"));
  CHECK(embedded(page)["drift"]["features"][0]["feature"] == "risk_level");
}

TEST_CASE("a report without data has no section about it") {
  lifecycle::Report report = report_of(0);
  report.has_data = false;
  const std::string page = report_page(report, 3);
  for (const char* section : {"id=\"stopes\"", "id=\"skill\"", "id=\"data\""})
    CHECK_FALSE(contains(page, section));
  for (const char* section : {"id=\"training\"", "id=\"model_card\""}) CHECK(contains(page, section));
}
