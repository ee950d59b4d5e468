#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "apps/report/page.h"
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

TEST_CASE("a report without data has no section about it") {
  lifecycle::Report report = report_of(0);
  report.has_data = false;
  const std::string page = report_page(report, 3);
  for (const char* section : {"id=\"stopes\"", "id=\"skill\"", "id=\"data\""})
    CHECK_FALSE(contains(page, section));
  for (const char* section : {"id=\"training\"", "id=\"model_card\""}) CHECK(contains(page, section));
}
