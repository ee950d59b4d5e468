#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

#include "engine/nn/error.h"
#include "io/assessment_csv.h"
#include "io/csv.h"
#include "io/number_text.h"
#include "tests/io/sample_assessments.h"
#include "tests/io/temporary_folder.h"

using namespace deepmine;

namespace {

constexpr std::array<int, 5> horizons{1, 3, 7, 14, 30};

using Row = std::map<std::string, std::string>;

/// Reads the text back with the strict reader, which refuses rows of another length than the header.
std::vector<Row> read_back(const std::string& text) {
  io::CsvReader reader("export", io::CsvText::copy_of(text));
  std::vector<Row> rows;
  while (reader.next_row()) {
    Row& row = rows.emplace_back();
    for (std::size_t column = 0; column < reader.header().size(); ++column)
      row[reader.header()[column]] = reader[column];
  }
  return rows;
}

Row row_of(const stope::Assessment& assessment) {
  return read_back(io::assessments_csv(std::span(&assessment, 1), horizons)).at(0);
}

Row row_named(std::string name) {
  stope::Assessment assessment = test::refused_assessment();
  assessment.stope_name = std::move(name);
  return row_of(assessment);
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("an answer becomes a row with every column") {
  const Row row = row_of(test::answered_assessment());
  CHECK(row.size() == 15 + 5 * 11 + 13 + 5 + 5 * 2);
  CHECK(row.at("schema_version") == "1");
  CHECK(row.at("stope_name") == "Stope_001");
  CHECK(row.at("as_of") == "2024-03-31");
  CHECK(row.at("status") == "warning");
  CHECK(row.at("reason_codes") == "gap_filled");
  CHECK(row.at("reasons") == "2 of the 30 days, \"filled\"");
  CHECK(row.at("model_id") == "00ff");
  CHECK(row.at("model_version") == "3");
  CHECK(row.at("method") == "network");
  CHECK(row.at("stable") == "false");
  CHECK(row.at("risk_level") == "High");
  CHECK(row.at("future_30d_date") == "2024-04-30");
  CHECK(row.at("future_7d_risk_level") == "slight_elevated");
  CHECK(row.at("future_7d_slight_elevated") == "0.5");
  CHECK(row.at("future_7d_risk_set") == "stable; slight_elevated");
  CHECK(row.at("rule_based_14d_risk_level") == "high");
  CHECK(row.at("rule_based_unstable_today") == "true");
  CHECK(row.at("risk_trend") == "rapidly_improving");
  CHECK(row.at("max_risk_horizon") == "7");
  CHECK(row.at("alert_recommended") == "true");
  CHECK(row.at("explanation_codes") == "poor_rock");
  CHECK(row.at("attributions") == "depth=-0.125; rock_type=0.0625");
  CHECK(row.at("uncertainty_samples") == "40");
  CHECK(row.at("instability_deviation") == "0.125");
  CHECK(row.at("instability_low") == "0.5");
  CHECK(row.at("instability_high") == "0.875");
  CHECK(row.at("instability_mutual_information") == "0.0625");
  CHECK(row.at("future_7d_confidence_deviation") == "0.0625");
  CHECK(row.at("future_30d_mutual_information") == "0.03125");
  CHECK(row.at("recommendations") == "Recommend, at once, an inspection.");
  CHECK(row.at("days_used") == "30");
  CHECK(row.at("last_reading") == "2024-03-31");
}

TEST_CASE("numbers in the export read back to the same bits") {
  const stope::Assessment assessment = test::answered_assessment();
  const Row row = row_of(assessment);
  const auto bits_of = [&](const std::string& column) {
    const io::ParsedNumber parsed = io::parse_number(row.at(column));
    REQUIRE(parsed.fault == io::NumberFault::none);
    return std::bit_cast<std::uint64_t>(parsed.value);
  };
  CHECK(bits_of("instability_probability") == std::bit_cast<std::uint64_t>(0.1 + 0.7));
  CHECK(bits_of("future_1d_stable") == std::bit_cast<std::uint64_t>(1.0 / 3));
  CHECK(bits_of("future_1d_unstable") == std::bit_cast<std::uint64_t>(1e-17));
}

TEST_CASE("what is not known is empty or `unknown`, never 0, false or stable") {
  for (const stope::Assessment& assessment : {test::abstained_assessment(), test::refused_assessment()}) {
    const Row row = row_of(assessment);
    CHECK(row.at("stable") == "unknown");
    CHECK(row.at("risk_level") == "Unknown: inspect");
    CHECK(row.at("instability_probability").empty());
    CHECK(row.at("confidence").empty());
    CHECK(row.at("alert_recommended") == "unknown");
    CHECK(row.at("rule_based_unstable_today") == "unknown");
    CHECK(row.at("risk_trend") == "unknown");
    CHECK(row.at("max_risk_horizon").empty());
    for (const int horizon : horizons) {
      const std::string start = "future_" + std::to_string(horizon) + "d_";
      CHECK(row.at(start + "risk_level") == "unknown");
      CHECK(row.at(start + "stable").empty());
      CHECK(row.at(start + "confidence").empty());
    }
    for (const auto& cell : row) CHECK_MESSAGE(cell.second != "stable", cell.first);
  }
  CHECK(row_of(test::abstained_assessment()).at("out_of_range") == "depth=3999; stress=99");
}

TEST_CASE("a spreadsheet gets no formula, and a program gets the exact name back") {
  for (const std::string name :
       {"=cmd()", "+1", "-1", "@SUM(A1)", "  =1+1", "\t=1", "＝cmd()", "'=x", "'quoted"}) {
    CAPTURE(name);
    const std::string written = row_named(name).at("stope_name");
    CHECK(written == "'" + name);
  }
  for (const std::string name : {"Stope-1", "a=b", "1+1", "", " ", "Größe"}) {
    CAPTURE(name);
    CHECK(row_named(name).at("stope_name") == name);
  }
  stope::Assessment assessment = test::answered_assessment();
  assessment.current_stability.instability_probability = -0.5;  // a number is not a formula
  CHECK(row_of(assessment).at("instability_probability") == "-0.5");
}

TEST_CASE("separators, quotes and line breaks stay inside their field") {
  for (const std::string name : {"a,b", "a;b", "a\tb", "say \"no\"", "two\nlines", "two\r\nlines", ",=1"}) {
    CAPTURE(name);
    CHECK(row_named(name).at("stope_name") == name);
  }
  // Programs that separate with semicolons must find the quotes too.
  stope::Assessment assessment = test::refused_assessment();
  assessment.stope_name = "a;=cmd()";
  const std::string text = io::assessments_csv(std::span(&assessment, 1), horizons);
  CHECK(text.find("\"a;=cmd()\"") != std::string::npos);
}

TEST_CASE("rows stand in the order given, below one header") {
  const std::vector<stope::Assessment> assessments{test::refused_assessment(), test::ok_assessment(),
                                                   test::abstained_assessment()};
  const std::vector<Row> rows = read_back(io::assessments_csv(assessments, horizons));
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].at("stope_name") == "Stope_004");
  CHECK(rows[1].at("stope_name") == "Stope_002");
  CHECK(rows[2].at("stope_name") == "Stope_003");
  CHECK(io::assessments_csv({}, horizons).find('\n') == io::assessments_csv({}, horizons).size() - 1);
}

TEST_CASE("a prediction without a column is an error, not a loss") {
  const stope::Assessment assessment = test::ok_assessment();
  constexpr std::array<int, 2> too_few{1, 3};
  CHECK_THROWS_AS(io::assessments_csv(std::span(&assessment, 1), too_few), Error);
}

TEST_CASE("an export is there as a whole or not at all") {
  const test::TemporaryFolder folder;
  const stope::Assessment assessment = test::ok_assessment();
  std::ofstream(folder / "old.csv") << "before";
  constexpr std::array<int, 2> too_few{1, 3};
  CHECK_THROWS_AS(io::export_assessments(folder / "old.csv", std::span(&assessment, 1), too_few), Error);
  CHECK(text_of(folder / "old.csv") == "before");
  io::export_assessments(folder / "old.csv", std::span(&assessment, 1), horizons);
  CHECK(text_of(folder / "old.csv") == io::assessments_csv(std::span(&assessment, 1), horizons));
  CHECK(folder.entries() == 1);
  CHECK_THROWS_AS(io::export_assessments(folder / "absent/new.csv", std::span(&assessment, 1), horizons),
                  Error);
}

TEST_CASE("a site's response plan has columns of its own, behind all others, where there is one") {
  stope::Assessment assessment = test::answered_assessment();
  CHECK_FALSE(row_of(assessment).contains("response_colour"));
  assessment.response = stope::Response{};
  assessment.response->colour = stope::ResponseColour::red;
  assessment.response->today = stope::ResponseColour::green;
  assessment.response->since = stope::parse_day("2024-03-28");
  assessment.response->owner = "Boss, shift";
  assessment.response->action = "=withdraw()";
  const Row row = row_of(assessment);
  CHECK(row.at("response_colour") == "red");
  CHECK(row.at("response_today") == "green");
  CHECK(row.at("response_since") == "2024-03-28");
  CHECK(row.at("response_owner") == "Boss, shift");
  CHECK(row.at("response_action") == "'=withdraw()");  // no formula
}
