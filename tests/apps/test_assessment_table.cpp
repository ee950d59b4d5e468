#include <doctest/doctest.h>

#include <algorithm>

#include "apps/assessment_table.h"
#include "apps/assessment_text.h"
#include "apps/printable_text.h"
#include "apps/response_text.h"
#include "io/utf8.h"
#include "tests/io/sample_assessments.h"

using namespace deepmine;
using namespace deepmine::apps;

namespace {

constexpr std::array<int, 5> horizons{1, 3, 7, 14, 30};

std::vector<std::string> names(const std::vector<const stope::Assessment*>& ordered) {
  std::vector<std::string> found;
  for (const stope::Assessment* assessment : ordered) found.push_back(assessment->stope_name);
  return found;
}

stope::Assessment stable_with_alert() {
  stope::Assessment a = test::ok_assessment();
  a.stope_name = "Alert ahead";
  a.alert_recommended = true;
  return a;
}

std::string without_colours(std::string text) {
  for (std::size_t at = 0; (at = text.find('\x1b', at)) != std::string::npos;)
    text.erase(at, text.find('m', at) - at + 1);
  return text;
}

}  // namespace

TEST_CASE("the worst stand first, and the unknown before the stable") {
  stope::Assessment likelier = test::answered_assessment();
  likelier.stope_name = "likelier";
  likelier.current_stability.instability_probability = 0.95;
  stope::Assessment alarmed = test::abstained_assessment();
  alarmed.stope_name = "rules alarm";
  alarmed.rule_based.unstable_today = true;
  const std::vector<stope::Assessment> assessments{test::ok_assessment(),
                                                   test::refused_assessment(),
                                                   test::abstained_assessment(),
                                                   alarmed,
                                                   stable_with_alert(),
                                                   test::answered_assessment(),
                                                   likelier};
  CHECK(names(worst_first(assessments)) == std::vector<std::string>{"likelier", "Stope_001", "Alert ahead",
                                                                    "rules alarm", "Stope_004", "Stope_003",
                                                                    "Stope_002"});
}

TEST_CASE("what is not known is never called stable") {
  for (const stope::Assessment& assessment : {test::abstained_assessment(), test::refused_assessment()}) {
    CHECK(verdict(assessment) == "UNKNOWN: INSPECT");
    CHECK(urgency(assessment) == Urgency::unknown);
    const std::vector<const stope::Assessment*> one{&assessment};
    const std::string table = assessment_table(one, horizons, false);
    const std::string row = table.substr(table.find("Stope_"), 60);
    CHECK(row.find("UNKNOWN: INSPECT") != std::string::npos);
    CHECK(details_text(assessment).find("stable") == std::string::npos);
    CHECK(details_text(assessment).find("STABLE") == std::string::npos);
  }
  CHECK(verdict(test::answered_assessment()) == "UNSTABLE");
  CHECK(verdict(test::ok_assessment()) == "STABLE");
}

TEST_CASE("what the rules do not find is `none`, not stable") {
  CHECK(level_text(stope::RiskLevel::stable, true) == "none");
  CHECK(level_text(stope::RiskLevel::stable, false) == "stable");
  CHECK(level_text(stope::RiskLevel::critical, true) == "CRIT.");
  CHECK(level_text(std::nullopt, false) == "-");
}

TEST_CASE("no level of an unstable stope is called stable, and the legend says what it is called") {
  stope::Assessment assessment = test::answered_assessment();
  for (stope::FuturePrediction& future : assessment.future_predictions)
    future.predicted_risk_level = stope::RiskLevel::stable;
  const std::vector<const stope::Assessment*> one{&assessment};
  const std::string table = assessment_table(one, horizons, false);
  CHECK(table.find(" none   none   none ") != std::string::npos);
  CHECK(table.find(" stable stable ") == std::string::npos);
  CHECK(table.find("none, beside UNSTABLE: no risk") != std::string::npos);
  CHECK(details_text(assessment).find("  none  ") != std::string::npos);
  assessment.current_stability.stable = true;
  const std::string stable = assessment_table(one, horizons, false);
  CHECK(stable.find(" stable stable ") != std::string::npos);
  CHECK(stable.find("none") == std::string::npos);
}

TEST_CASE("no probability is shown as certain") {
  CHECK(probability_text(0.0) == "<0.001");
  CHECK(probability_text(0.0004) == "<0.001");
  CHECK(probability_text(0.9996) == ">0.999");
  CHECK(probability_text(1.0) == ">0.999");
  CHECK(probability_text(0.8734) == "0.873");
  CHECK(probability_text(std::nullopt) == "-");
}

TEST_CASE("a probability is never shown on the other side of the threshold, nor on it") {
  CHECK(probability_text(0.49966, 0.5) == "0.4997");
  CHECK(probability_text(0.4999996, 0.5) == "0.4999996");
  CHECK(probability_text(0.50004, 0.5) == "0.50004");
  CHECK(probability_text(0.5, 0.5) == "0.500");
  CHECK(probability_text(0.4994, 0.5) == "0.499");
  CHECK(probability_text(0.3504, 0.3502) == "0.3504");
  CHECK(probability_text(0.3501, 0.3502) == "0.350");
  CHECK(probability_text(0.9996, 0.5) == ">0.999");
  CHECK(probability_text(0.99945, 0.9995) == "0.999");
  CHECK(probability_text(0.99955, 0.9995) == "0.9996");
  CHECK(probability_text(0.0003, 0.0004) == "0.0003");
  CHECK(probability_text(0.0, 0.0004) == "<0.001");
  stope::Assessment close = test::ok_assessment();
  close.current_stability.instability_probability = 0.49966;
  const std::vector<const stope::Assessment*> one{&close};
  CHECK(assessment_table(one, horizons, false, 0.5).find("STABLE     0.4997") != std::string::npos);
  CHECK(details_text(close, 0.5).find("P(unstable) 0.4997,") != std::string::npos);
}

TEST_CASE("doubt is never certain") {
  stope::Assessment sure = test::ok_assessment();
  sure.current_stability.uncertainty = stope::Uncertainty{};
  sure.current_stability.uncertainty->samples = 40;
  sure.current_stability.uncertainty->high = 1;
  const std::string text = details_text(sure, 0.5);
  CHECK(text.find("give P(unstable) <0.001 to >0.999") != std::string::npos);
  CHECK(text.find("0.000") == std::string::npos);
}

TEST_CASE("a stope without predictions has a dash for each horizon") {
  const stope::Assessment refused = test::refused_assessment();
  const std::vector<const stope::Assessment*> one{&refused};
  CHECK(assessment_table(one, horizons, false).find("-      -      -      -      -") != std::string::npos);
}

TEST_CASE("colour adds nothing to the words") {
  const std::vector<stope::Assessment> assessments{test::ok_assessment(), test::refused_assessment(),
                                                   stable_with_alert(), test::answered_assessment()};
  const auto ordered = worst_first(assessments);
  const std::string plain = assessment_table(ordered, horizons, false);
  const std::string coloured = assessment_table(ordered, horizons, true);
  CHECK(plain.find('\x1b') == std::string::npos);
  CHECK(coloured != plain);
  CHECK(without_colours(coloured) == plain);
}

TEST_CASE("the table fits 100 columns with the widest words, and a long name keeps all its letters") {
  stope::Assessment wide = test::answered_assessment();
  wide.stope_name = "1234567890123456";
  wide.status = stope::Status::rejected;
  wide.risk_trend = stope::RiskTrend::increasing;
  stope::Assessment named = wide;
  named.stope_name = "Größenvergleich, Sohle 1250, Strecke 7 Nord";
  const std::vector<const stope::Assessment*> both{&wide, &named};
  const std::string table = assessment_table(both, horizons, false);
  std::string_view rest = table;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    CHECK_MESSAGE(io::count_characters(line) <= text_width, line);
    rest.remove_prefix(line.size() + 1);
  }
  CHECK(table.find("\nGrößenvergleich, Sohle 1250, Strecke 7 Nord\n") != std::string::npos);
}

namespace {

stope::Assessment with_response(stope::Assessment assessment, const std::string& name,
                                stope::ResponseColour colour) {
  assessment.stope_name = name;
  stope::Response& response = assessment.response.emplace();
  response.colour = response.today = colour;
  response.owner = "Owner of " + std::string(stope::name(colour));
  response.action = "Do " + std::string(stope::name(colour)) + ".";
  return assessment;
}

}  // namespace

TEST_CASE("with a response plan the table has its colours as words, the worst first, in 100 columns") {
  using Colour = stope::ResponseColour;
  stope::Assessment wide = with_response(test::answered_assessment(), "Stope_011", Colour::unknown);
  wide.status = stope::Status::rejected;
  wide.risk_trend = stope::RiskTrend::increasing;
  const std::vector<stope::Assessment> assessments{
      with_response(test::answered_assessment(), "a", Colour::amber), wide,
      with_response(test::ok_assessment(), "g", Colour::green),
      with_response(test::ok_assessment(), "long name of a red one", Colour::red)};
  const auto ordered = worst_first(assessments);
  CHECK(names(ordered) == std::vector<std::string>{"long name of a red one", "a", "Stope_011", "g"});
  const std::string table = assessment_table(ordered, horizons, false);
  for (const char* row : {"\na          AMBER  ", "\nStope_011  UNKN.  ", "\ng          GREEN  ",
                          "\nlong name of a red one\n           RED    ", "plan: the colour by"})
    CHECK_MESSAGE(table.find(row) != std::string::npos, row);
  std::string_view rest = table;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    CHECK_MESSAGE(io::count_characters(line) <= text_width, line);
    rest.remove_prefix(line.size() + 1);
  }
  CHECK(without_colours(assessment_table(ordered, horizons, true)) == table);
  stope::Assessment plain = assessments[0];
  plain.response.reset();
  const std::vector<const stope::Assessment*> one{&plain};
  CHECK(assessment_table(one, horizons, false).find("plan") == std::string::npos);
}

TEST_CASE("the response plan in words: colour, who acts, what is to be done, and which stopes") {
  using Colour = stope::ResponseColour;
  std::vector<stope::Assessment> assessments{
      with_response(test::ok_assessment(), "north", Colour::red),
      with_response(test::ok_assessment(), "south", Colour::red),
      with_response(test::ok_assessment(), "east", Colour::red),
      with_response(test::abstained_assessment(), "old \x1b[31m", Colour::unknown),
      with_response(test::abstained_assessment(), "new", Colour::unknown),
      with_response(test::ok_assessment(), "fine", Colour::green)};
  assessments[0].response->since = stope::parse_day("2024-03-28");
  assessments[1].response->since = stope::parse_day("2024-03-20");
  assessments[1].response->today = Colour::green;
  assessments[2].response->today = Colour::unknown;
  const std::string text = response_text(worst_first(assessments));
  CHECK(text ==
        "Response plan of the site:\n"
        "  RED         3  Owner of red: Do red.\n"
        "                 north, since 2024-03-28\n"
        "                 south, since 2024-03-20, held: today's answer alone is green\n"
        "                 east, for longer than was looked back on, held: no clear answer today\n"
        "  UNKNOWN     2  Owner of unknown: Do unknown.\n"
        "                 old \\u{1B}[31m, new\n"
        "  GREEN       1  Owner of green: Do green.\n"
        "\n");
  CHECK(response_sentence(*assessments[1].response) ==
        "RED since 2024-03-20, held: today's answer alone is green. Owner of red: Do red.");
  CHECK(details_text(assessments[0]).find("Response plan: RED since 2024-03-28. Owner of red: Do red.") !=
        std::string::npos);
  const stope::Assessment plain = test::ok_assessment();
  const std::vector<const stope::Assessment*> one{&plain};
  CHECK(response_text(one).empty());
  CHECK(details_text(plain).find("Response plan") == std::string::npos);
}

TEST_CASE("text from a file can't drive a terminal") {
  CHECK(printable("plain Größe 採") == "plain Größe 採");
  CHECK(printable("\x1b[31m") == "\\u{1B}[31m");
  CHECK(printable("a\nb\tc\x7f") == "a\\u{0A}b\\u{09}c\\u{7F}");
  CHECK(printable("\u009B31m") == "\\u{9B}31m");
  CHECK(printable("a\u202Eb\u200Bc\u2066d\uFEFF") == "a\\u{202E}b\\u{200B}c\\u{2066}d\\u{FEFF}");
  CHECK(printable("\xff\xc3") == "\\x{FF}\\x{C3}");
  CHECK(printable(std::string_view("\0", 1)) == "\\x{00}");
  CHECK(printable("\\u{1B}") == "\\\\u{1B}");  // no text can pass for an escaped one
  CHECK(printable("C:\\data") == "C:\\data");
}

TEST_CASE("lines end before the margin and keep every word") {
  CHECK(wrapped("- ", "one two three", 9) == "- one two\n  three\n");
  CHECK(wrapped("", "äöü äöü", 7) == "äöü äöü\n");
  CHECK(wrapped("", "äöü äöü", 6) == "äöü\näöü\n");
  CHECK(wrapped("> ", "unbreakable", 5) == "> unbreakable\n");
  CHECK(wrapped("> ", "", 5) == "> \n");
}

TEST_CASE("the summary counts each stope once as unstable, unknown or stable") {
  const std::vector<stope::Assessment> assessments{test::ok_assessment(), test::refused_assessment(),
                                                   test::abstained_assessment(), stable_with_alert(),
                                                   test::answered_assessment()};
  const std::string summary = summary_line(worst_first(assessments));
  CHECK(summary.starts_with("5 stopes: 1 UNSTABLE, 2 UNKNOWN"));
  CHECK(summary.find("1 abstained, 1 rejected") != std::string::npos);
  std::string one_line = summary;
  std::replace(one_line.begin(), one_line.end(), '\n', ' ');
  CHECK(one_line.find("2 stable now; 2 alerts; 1 with a warning.") != std::string::npos);
}

TEST_CASE("old data is said to be old") {
  const std::vector<stope::Assessment> assessments{test::ok_assessment()};
  ReportContext context;
  context.largest_age = 7;
  context.today = *stope::parse_day("2024-04-07");
  CHECK(age_warning(worst_first(assessments), context).empty());
  context.today = *stope::parse_day("2024-04-08");
  CHECK(age_warning(worst_first(assessments), context).find("8 days before today") != std::string::npos);
  CHECK(heading(worst_first(assessments), context).find("OLD DATA") != std::string::npos);
}

TEST_CASE("the reasons name every stope without an answer, and what the rules say of it") {
  stope::Assessment alarmed = test::abstained_assessment();
  alarmed.rule_based.unstable_today = true;
  alarmed.rule_based.risk_levels[0].level = stope::RiskLevel::critical;
  const std::vector<stope::Assessment> assessments{alarmed, test::refused_assessment(),
                                                   test::ok_assessment()};
  const std::string text = reasons_text(worst_first(assessments));
  CHECK(text.find("the rule set alone says: unstable now, critical in 1 day\n") != std::string::npos);
  CHECK(text.find("outside_training_range: depth: 3999") != std::string::npos);
  CHECK(text.find("not_a_number: a.csv:2:3: 'nan'") != std::string::npos);
  CHECK(text.find("Stope_002") == std::string::npos);
  stope::Assessment many = test::refused_assessment();
  many.reasons.assign(9, {"code", "message"});
  const std::vector<const stope::Assessment*> one{&many};
  CHECK(reasons_text(one, 3).find("and 6 more: --detailed") != std::string::npos);
}
