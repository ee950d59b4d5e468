#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "io/data_quality.h"

using namespace deepmine;
using stope::WindowState;

namespace {

/// A stope with `days` days whose sensors read day number + sensor number.
stope::StopeRecord make_stope(const std::string& name, int days, std::optional<bool> stable) {
  stope::StopeRecord record;
  record.name = name;
  record.statics.stable = stable;
  record.readings.first_day = *stope::parse_day("2024-01-01");
  for (int day = 0; day < days; ++day) {
    stope::DailyReading reading;
    for (std::size_t s = 0; s < reading.size(); ++s) reading[s] = day + static_cast<double>(s);
    record.readings.days.push_back(reading);
  }
  return record;
}

std::size_t count(const io::DataReport& report, WindowState state) {
  return report.windows[static_cast<std::size_t>(state)];
}

}  // namespace

TEST_CASE("the report counts what is there") {
  io::StopeData data;
  data.stopes = {make_stope("A", 40, true), make_stope("B", 35, false), make_stope("C", 0, std::nullopt),
                 make_stope("R", 0, true), make_stope("D", 10, true)};
  data.rejected = {"R"};
  auto& a = data.stopes[0].readings.days;
  for (int day = 31; day < 35; ++day)
    a[static_cast<std::size_t>(day)][2] = stope::missing;  // 4 days: too long
  auto& b = data.stopes[1].readings.days;
  for (int day = 0; day < 9; ++day) b[static_cast<std::size_t>(day)][1] = 0.5;  // stuck
  for (int day = 0; day < 9; ++day) b[static_cast<std::size_t>(day)][4] = 100;  // saturated air is not
  b[20][3] = stope::missing;
  data.static_rows = 5;
  data.timeseries_rows = 90;
  data.issues = {{stope::Severity::warning, "no_static_row", {"t.csv", 9, 1}, "X", "message x"},
                 {stope::Severity::rejected, "out_of_range", {"t.csv", 7, 3}, "R", "message r"}};
  data.issue_counts = {{stope::Severity::rejected, "out_of_range", 5},
                       {stope::Severity::warning, "no_static_row", 1}};

  const io::DataReport report = io::make_data_report(data);
  CHECK(report.is_usable);
  CHECK(report.stopes == 5);
  CHECK(report.labelled_stable == 2);
  CHECK(report.labelled_unstable == 1);
  CHECK(report.unlabelled == 1);
  CHECK(report.without_readings == std::vector<std::string>{"C"});
  CHECK(report.without_static_row == std::vector<std::string>{"X"});
  CHECK(report.stope_days == 85);
  CHECK(report.first_day == stope::parse_day("2024-01-01"));
  CHECK(report.last_day == *stope::parse_day("2024-01-01") + 39);

  CHECK(report.sensors[0].observed_days == 85);
  CHECK(report.sensors[0].lowest == 0);
  CHECK(report.sensors[0].highest == 39);
  CHECK(report.sensors[0].mean == (39 * 40 / 2 + 34 * 35 / 2 + 9 * 10 / 2) / 85.0);
  CHECK(report.sensors[2].missing_days == 4);
  CHECK(report.sensors[3].missing_days == 1);
  CHECK(report.sensors[0].flat_lines == 0);
  CHECK(report.sensors[1].flat_lines == 1);
  CHECK(report.sensors[4].flat_lines == 0);

  // A: days 29 and 30 end windows, 31 to 34 are not observed, 35 to 39 look back on the hole. B: 29 to 34.
  CHECK(count(report, WindowState::usable) == 2 + 6);
  CHECK(count(report, WindowState::last_day_missing) == 4 + 1);
  CHECK(count(report, WindowState::gap_too_long) == 5);
  CHECK(count(report, WindowState::history_too_short) == 29 + 28 + 10);
  CHECK(count(report, WindowState::no_readings) == 1);
  CHECK(report.stopes_with_windows == 2);
  CHECK(report.stopes_usable_on_last_day == 1);
  REQUIRE(report.horizons.size() == 5);
  CHECK(report.horizons[0].targets == 1 + 5);  // A: day 30 after 29; B: 30 to 34
  CHECK(report.horizons[2].targets == 2);      // A: 36, 37; B: none
  CHECK(report.horizons[4].targets == 0);

  const std::string text = io::to_text(report);
  for (const char* part :
       {"5 static, 90 readings", "1 (R)", "1 (C)", "1 (X)", "2024-01-01 to 2024-02-09",
        "deformation_rate, mm/day", "usable              8", "out_of_range", "t.csv:7:3: message r"})
    CHECK_MESSAGE(text.find(part) != std::string::npos, part);
  CHECK(text.find("message r") < text.find("message x"));  // the worst first
  CHECK(text.starts_with("The data can be used, but some stopes are rejected"));
  CHECK(io::to_text(report, 1).find("and 2 more") != std::string::npos);

  const auto json = nlohmann::ordered_json::parse(io::to_json(report).dump());
  CHECK(json["usable"] == true);
  CHECK(json["windows"]["by_state"]["usable"] == 8);
  CHECK(json["windows"]["targets"][0]["count"] == 6);
  CHECK(json["sensors"]["stress"]["missing_days"] == 4);
  CHECK(json["days"]["first"] == "2024-01-01");
  CHECK(json["issue_counts"][0]["count"] == 5);
  CHECK(json["issues"][1]["line"] == 7);
  CHECK(json["label"]["unstable"] == 1);
}

TEST_CASE("the report of nothing has no numbers made up") {
  io::StopeData data;
  data.issues = {{stope::Severity::fatal, "missing_columns", {"s.csv", 1, 1}, "", "missing columns: rqd"}};
  data.issue_counts = {{stope::Severity::fatal, "missing_columns", 1}};
  const io::DataReport report = io::make_data_report(data);
  CHECK(!report.is_usable);
  CHECK(!report.sensors[0].mean.has_value());
  const std::string text = io::to_text(report);
  CHECK(text.find("can't be used") != std::string::npos);
  CHECK(text.find("s.csv:1:1: missing columns: rqd") != std::string::npos);
  CHECK(text.find("nan") == std::string::npos);
  const auto json = io::to_json(report);
  CHECK(json["usable"] == false);
  CHECK(json["sensors"]["stress"]["mean"].is_null());
  CHECK(json["days"]["first"].is_null());
}

TEST_CASE("a sensor that is stuck is a finding, with at most three names") {
  io::StopeData data;
  for (const char* name : {"A", "B", "C", "D", "E"}) {
    data.stopes.push_back(make_stope(name, 40, true));
    for (std::size_t day = 0; day < 7; ++day) data.stopes.back().readings.days[day][2] = 5.5;
  }
  for (std::size_t day = 10; day < 30; ++day) data.stopes[3].readings.days[day][0] = 0.25;
  data.issues = {{stope::Severity::note, "extra_column", {"s.csv", 1, 9}, "", "the column 'x' is not used"}};
  data.issue_counts = {{stope::Severity::note, "extra_column", 1}};
  const io::DataReport report = io::make_data_report(data);
  const std::string text = io::to_text(report);
  for (const char* line :
       {"\nnote: vibration_velocity: 1 stope reads the same value on 7 or more days in a row: D (is the "
        "sensor "
        "stuck?)\n",
        "\nnote: stress: 5 stopes read the same value on 7 or more days in a row: A, B, C and 2 more (is the "
        "sensor stuck?)\n"})
    CHECK_MESSAGE(text.find(line) != std::string::npos, text);
  REQUIRE(report.issue_counts.size() == 2);
  CHECK(report.issue_counts[1].code == "stuck_sensor");
  CHECK(report.issue_counts[1].count == 6);
  const auto json = io::to_json(report);
  CHECK(json["issues"][1]["code"] == "stuck_sensor");
  CHECK(json["issues"][1]["severity"] == "note");
}

TEST_CASE("the first line says that nothing can be used: all stopes rejected, or no usable window") {
  io::StopeData data;
  data.stopes = {make_stope("A", 0, true), make_stope("B", 0, true)};
  data.rejected = {"A", "B"};
  CHECK(io::to_text(io::make_data_report(data)).starts_with("No stope can be used: all 2 are rejected."));
  data.stopes[1] = make_stope("B", 20, true);
  data.rejected = {"A"};
  CHECK(io::to_text(io::make_data_report(data))
            .starts_with("No stope has a usable window of 30 days, and some stopes are rejected: see the "
                         "windows and the findings."));
  data.rejected = {};
  CHECK(io::to_text(io::make_data_report(data)).starts_with("No stope has a usable window of 30 days: see"));
}
