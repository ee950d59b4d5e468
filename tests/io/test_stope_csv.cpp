#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "engine/nn/error.h"
#include "io/sha256.h"
#include "io/stope_csv.h"

using namespace deepmine;
using io::read_stope_csv;
using io::StopeCsvOptions;
using io::StopeData;
using stope::Issue;
using stope::Severity;

namespace {

const std::string static_header =
    "stope_name,rqd,hr,depth,dip,direction,undercut_wdt,rock_type,support_type,support_density,"
    "support_installed,stability\n";
const std::string series_header =
    "stope_name,timestamp,vibration_velocity,deformation_rate,stress,temperature,humidity\n";
const std::string row_a = "A,88.69,4.01,238.01,48.62,Northeast,4.45,Granite,Mesh,0.18,1,1\n";
const std::string row_b = "B,50,6,500,60,North,5,Shale,None,0,false,0\n";
const std::string day_a = "A,2024-01-01,1.81,0.35,38.45,23.08,48.76\n", day_b = "B,2024-01-01,1,2,3,4,5\n";

/// Two files that live as long as the test.
struct Files {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / "deepmine_test_stope_csv";
  std::filesystem::path statics = folder / "s.csv", series = folder / "t.csv";
  Files() { std::filesystem::create_directories(folder); }
  ~Files() { std::filesystem::remove_all(folder); }
};

StopeData read(const std::string& statics, const std::string& series, const StopeCsvOptions& options = {}) {
  const Files files;
  std::ofstream(files.statics, std::ios::binary) << statics;
  std::ofstream(files.series, std::ios::binary) << series;
  return read_stope_csv(files.statics, files.series, options);
}

StopeData read_series(const std::string& rows, const StopeCsvOptions& options = {}) {
  return read(static_header + row_a + row_b, series_header + rows, options);
}

/// Every issue as "severity code stope file:line:column", sorted.
std::vector<std::string> listed(const StopeData& data) {
  const char* names[] = {"note", "warning", "rejected", "fatal"};
  std::vector<std::string> lines;
  for (const Issue& issue : data.issues)
    lines.push_back(std::string(names[static_cast<int>(issue.severity)]) + " " + issue.code + " " +
                    issue.stope + " " + std::filesystem::path(issue.where.file).filename().string() + ":" +
                    std::to_string(issue.where.line) + ":" + std::to_string(issue.where.column));
  std::sort(lines.begin(), lines.end());
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("two good files become records") {
  const StopeData data = read_series(day_a + "A,2024-01-03,1,,3,4,5\n" + day_b);
  CHECK(listed(data) == Lines{});
  REQUIRE(data.stopes.size() == 2);
  CHECK(data.static_rows == 2);
  CHECK(data.timeseries_rows == 3);
  const auto& a = data.stopes[0];
  CHECK(a.name == "A");
  CHECK(a.statics.rqd == 88.69);
  CHECK(a.statics.hydraulic_radius == 4.01);
  CHECK(a.statics.depth == 238.01);
  CHECK(a.statics.dip == 48.62);
  CHECK(a.statics.direction == "Northeast");
  CHECK(a.statics.undercut_width == 4.45);
  CHECK(a.statics.rock_type == "Granite");
  CHECK(a.statics.support_type == "Mesh");
  CHECK(a.statics.support_density == 0.18);
  CHECK(a.statics.support_installed);
  CHECK(a.statics.stable == true);
  CHECK(data.stopes[1].statics.support_type == "None");
  CHECK(!data.stopes[1].statics.support_installed);
  CHECK(data.stopes[1].statics.stable == false);
  REQUIRE(a.readings.days.size() == 3);  // the day between is there, and missing
  CHECK(a.readings.first_day == stope::parse_day("2024-01-01"));
  CHECK(a.readings.days[0] == stope::DailyReading{1.81, 0.35, 38.45, 23.08, 48.76});
  for (const double value : a.readings.days[1]) CHECK(stope::is_missing(value));
  CHECK(a.readings.days[2][0] == 1);
  CHECK(stope::is_missing(a.readings.days[2][1]));  // an empty cell is missing, never zero
}

TEST_CASE("columns stand in any order, extra ones are noted once") {
  const StopeData data = read(
      "note,stability,support_installed,support_density,support_type,rock_type,undercut_wdt,direction,dip,"
      "depth,"
      "hr,rqd,stope_name\nx,1,True,0.18,Mesh,Granite,4.45,North,48,238,4,88,A\n",
      "humidity,x,temperature,stress,deformation_rate,vibration_velocity,timestamp,stope_name\n"
      "5,9,4,3,2,1,2024-01-01,A\n5,9,4,3,2,1,2024-01-02,A\n");
  CHECK(listed(data) == Lines{"note extra_column  s.csv:1:1", "note extra_column  t.csv:1:10"});
  REQUIRE(data.stopes.size() == 1);
  CHECK(data.stopes[0].statics.rqd == 88);
  CHECK(data.stopes[0].readings.days[1] == stope::DailyReading{1, 2, 3, 4, 5});
}

TEST_CASE("what makes a file useless answers nothing") {
  const struct {
    std::string statics, series;
    Lines expected;
  } cases[] = {
      {"stope_name,rqd\nA,1\n",
       "stope_name,timestamp,stress\n",
       {"fatal missing_columns  s.csv:1:1", "fatal missing_columns  t.csv:1:1"}},
      {"stope_name;rqd\nA;1\n", series_header + day_a, {"fatal wrong_separator  s.csv:1:1"}},
      {static_header, series_header + day_a, {"fatal no_rows  s.csv:0:0"}},
      {"", series_header, {"fatal empty_file  s.csv:0:0"}},
      {static_header + row_a + row_b + row_a, series_header + day_a, {"fatal duplicate_stope A s.csv:4:1"}},
      {static_header + ",1,1,1,1,North,1,Granite,Mesh,1,1,1\n",
       series_header,
       {"fatal bad_stope_name  s.csv:2:1"}},
      {static_header + row_a, series_header + ",2024-01-01,1,1,1,1,1\n", {"fatal bad_stope_name  t.csv:2:1"}},
      {static_header + row_a,
       series_header + "A ,2024-01-01,1,1,1,1,1\n",
       {"fatal bad_stope_name  t.csv:2:1"}},
      {static_header + row_a,
       series_header + " A,2024-01-01,1,1,1,1,1\n",
       {"fatal bad_stope_name  t.csv:2:1"}},
      {static_header + row_a,
       series_header + "A\u200B,2024-01-01,1,1,1,1,1\n",
       {"fatal bad_stope_name  t.csv:2:1"}},
      {static_header + row_a,
       series_header + "A,2024-01-01,\"1,81\",1,1,1,1\n",
       {"fatal decimal_comma  t.csv:2:14", "rejected not_a_number A t.csv:2:14"}},
      {static_header + row_a,
       series_header + "A,2024-01-01,1\n" + day_a + "A,2024-01-02,1,2,3,4,5,6\n",
       {"fatal too_few_fields  t.csv:2:1", "fatal too_many_fields  t.csv:4:1"}},
      {static_header + "A,1,\"2\"x", series_header, {"fatal text_after_quote  s.csv:2:8"}},
  };
  for (const auto& one : cases) {
    CAPTURE(one.statics);
    CAPTURE(one.series);
    const StopeData data = read(one.statics, one.series);
    CHECK(listed(data) == one.expected);
    CHECK(!data.is_usable());
    CHECK(data.stopes.empty());
    CHECK_THROWS_AS(io::require_usable(data), Error);
  }
  // All missing columns in one message.
  const StopeData data = read("stope_name,dip,RQD\nA,1,2\n", series_header);
  REQUIRE(data.issues.size() == 1);
  for (const char* name : {"rqd", "hr", "depth", "direction", "undercut_wdt", "rock_type", "support_type",
                           "support_density", "support_installed", "'RQD'"})
    CHECK_MESSAGE(data.issues[0].message.find(name) != std::string::npos, name);
  CHECK(data.issues[0].message.find("stability") == std::string::npos);
  CHECK(data.issues[0].message.ends_with("; did you mean 'rqd' by 'RQD'?"));
  CHECK_NOTHROW(io::require_usable(read_series(day_a + day_b)));
  CHECK_THROWS_WITH_AS(read_stope_csv("-", "-"), doctest::Contains("standard input"), Error);
  CHECK(!read_stope_csv("/nowhere/s.csv", "/nowhere/t.csv").is_usable());
}

TEST_CASE("files in each other's place are recognised") {
  const StopeData data = read(series_header, static_header);
  REQUIRE(data.issues.size() == 2);
  CHECK(data.issues[0].message.ends_with(
      "; these are columns of the time-series file: are --static and --timeseries swapped?"));
  CHECK(data.issues[1].message.ends_with(
      "; these are columns of the static file: are --static and --timeseries swapped?"));
  const StopeData twice = read(static_header, static_header);
  for (const stope::Issue& issue : twice.issues)
    CHECK(issue.message.find("swapped") ==
          (issue.where.file.ends_with("t.csv") ? issue.message.rfind("swapped") : std::string::npos));
}

TEST_CASE("a label column that is misspelt is more than a column that is not used") {
  std::string header = static_header;
  header.replace(header.find("stability"), 9, "stabilty");
  const StopeData data = read(header, series_header);
  bool is_warned = false;
  for (const stope::Issue& issue : data.issues)
    if (issue.code == "misspelled_column") {
      is_warned = true;
      CHECK(issue.severity == stope::Severity::warning);
      CHECK(issue.message == "the column 'stabilty' is not used (did you mean 'stability'?)");
    }
  CHECK(is_warned);
}

TEST_CASE("a bad static cell rejects its stope and no other") {
  const struct {
    std::string row;
    Lines expected;
  } cases[] = {
      {"A,abc,4,238,48,North,4,Granite,Mesh,0.1,1,1\n", {"rejected not_a_number A s.csv:2:3"}},
      {"A,,4,238,48,North,4,Granite,Mesh,0.1,1,1\n", {"rejected missing_value A s.csv:2:3"}},
      {"A,-999,4,238,48,North,4,Granite,Mesh,0.1,1,1\n", {"rejected missing_value A s.csv:2:3"}},
      {"A,nan,4,238,48,North,4,Granite,Mesh,0.1,1,1\n", {"rejected not_a_number A s.csv:2:3"}},
      {"A,101,4,238,48,North,4,Granite,Mesh,0.1,1,1\n", {"rejected out_of_range A s.csv:2:3"}},
      {"A,100,50,4000,90,North,50,Granite,Mesh,5,1,1\n", {}},
      {"A,0,0,0,0,North,0,Granite,Mesh,0,1,1\n", {}},
      {"A,1,50.01,4000.1,90.5,North,-1,Granite,Mesh,5.1,1,1\n",
       {"rejected out_of_range A s.csv:2:11", "rejected out_of_range A s.csv:2:18",
        "rejected out_of_range A s.csv:2:29", "rejected out_of_range A s.csv:2:45",
        "rejected out_of_range A s.csv:2:5"}},
      {"A,1,4,238,48,,4,Granite,Mesh,0.1,1,1\n", {"rejected missing_value A s.csv:2:14"}},
      {"A,1,4,238,48,north,4,Granit,nan,0.1,1,1\n",
       {"warning unseen_category A s.csv:2:14", "warning unseen_category A s.csv:2:22",
        "warning unseen_category A s.csv:2:29"}},
      {"A,1,4,238,48,North,4,Granite,Mesh,0.1,yes,1\n", {"rejected bad_flag A s.csv:2:39"}},
      {"A,1,4,238,48,North,4,Granite,Mesh,0.1,,1\n", {"rejected missing_value A s.csv:2:39"}},
      {"A,1,4,238,48,North,4,Granite,Mesh,0.1,1,2\n", {"warning unused_label A s.csv:2:41"}},
      {"A,1,4,238,48,North,4,Granite,Mesh,0.1,1,\n", {}},
  };
  StopeCsvOptions options;
  options.sentinels = {-999};
  for (const auto& one : cases) {
    CAPTURE(one.row);
    const StopeData data = read(static_header + one.row + row_b, series_header + day_a + day_b, options);
    CHECK(listed(data) == one.expected);
    const bool is_rejected = !one.expected.empty() && one.expected[0].starts_with("rejected");
    CHECK(data.is_usable());
    REQUIRE(data.stopes.size() == 2);  // it stays listed by name
    CHECK(data.is_rejected("A") == is_rejected);
    CHECK(data.stopes[0].readings.empty() == is_rejected);
    CHECK(!data.is_rejected("B"));
    CHECK(data.stopes[1].readings.days.size() == 1);
  }
  CHECK(read(static_header + "A,1,4,238,48,north,4,Granite,Mesh,0.1,1,1\n", series_header + day_a)
            .issues.at(0)
            .message.find("write 'North'") != std::string::npos);
}

TEST_CASE("labels are needed only where they are used") {
  const std::string without = static_header.substr(0, static_header.rfind(',')) + "\n";
  const std::string row = row_a.substr(0, row_a.rfind(',')) + "\n";
  const StopeData data = read(without + row, series_header + day_a);
  CHECK(listed(data) == Lines{});
  CHECK(!data.stopes.at(0).statics.stable.has_value());

  StopeCsvOptions training;
  training.label_required = true;
  CHECK(listed(read(without + row, series_header + day_a, training)) ==
        Lines{"fatal missing_columns  s.csv:1:1"});
  const std::string empty_label = row_a.substr(0, row_a.rfind(',')) + ",\n";
  CHECK(listed(read(static_header + empty_label, series_header + day_a, training)) ==
        Lines{"rejected missing_value A s.csv:2:62"});
  CHECK(listed(read(static_header + "A,1,4,238,48,North,4,Granite,Mesh,0.1,1,2\n", series_header + day_a,
                    training)) == Lines{"rejected bad_label A s.csv:2:41"});
}

TEST_CASE("a bad reading rejects its stope and no other") {
  const struct {
    std::string row;
    Lines expected;
  } cases[] = {
      {"A,2024-01-02,abc,1,1,1,1\n", {"rejected not_a_number A t.csv:4:14"}},
      {"A,2024-01-02,1,inf,1,1,1\n", {"rejected not_a_number A t.csv:4:16"}},
      {"A,2024-01-02,1,1 mm,1,1,1\n", {"rejected not_a_number A t.csv:4:16"}},
      {"A,2024-01-02,1,1,1,1,1e400\n", {"rejected not_a_number A t.csv:4:22"}},
      {"A,2024-01-02,-0.1,-100.1,1000.1,-20.1,100.1\n",
       {"rejected out_of_range A t.csv:4:14", "rejected out_of_range A t.csv:4:19",
        "rejected out_of_range A t.csv:4:26", "rejected out_of_range A t.csv:4:33",
        "rejected out_of_range A t.csv:4:39"}},
      {"A,2024-01-02,0,-100,1000,-20,100\n", {}},
      {"A,2024-01-02,500,1000,-50,80,0\n", {}},
      {"A,,1,1,1,1,1\n", {"rejected bad_timestamp A t.csv:4:3"}},
      {"A,2024-01-02T10:00Z,1,1,1,1,1\n", {"rejected bad_timestamp A t.csv:4:3"}},
      {"A,02.01.2024,1,1,1,1,1\n", {"rejected bad_timestamp A t.csv:4:3"}},
      {"A,2024-07-01,1,1,1,1,1\n", {"rejected reading_after_now A t.csv:4:3"}},
      {"A,2024-06-30T23:59,1,1,1,1,1\n", {}},
      {"A,2023-12-31,1,1,1,1,1\n", {"rejected out_of_order A t.csv:4:1"}},
      {day_a, {"warning identical_duplicate A t.csv:4:1"}},
      {"A,2024-01-01 00:00,1.810,0.35,38.45,23.08,48.76\n", {"warning identical_duplicate A t.csv:4:1"}},
      {"A,2024-01-01,1.82,0.35,38.45,23.08,48.76\n", {"rejected conflicting_duplicate A t.csv:4:1"}},
      {"A,2024-01-01,,0.35,38.45,23.08,48.76\n", {"rejected conflicting_duplicate A t.csv:4:1"}},
      {"A,1824-01-01,1,1,1,1,1\n", {"rejected out_of_order A t.csv:4:1"}},
      {"C,2024-01-01,x,1,1,1,1\n", {"warning no_static_row C t.csv:4:1"}},
  };
  StopeCsvOptions options;
  options.now = stope::parse_day("2024-06-30");
  for (const auto& one : cases) {
    CAPTURE(one.row);
    const StopeData data = read_series(day_a + day_b + one.row, options);
    CHECK(listed(data) == one.expected);
    const bool is_rejected = !one.expected.empty() && one.expected[0].starts_with("rejected");
    CHECK(data.is_rejected("A") == is_rejected);
    CHECK(data.stopes.at(0).readings.empty() == is_rejected);
    CHECK(data.stopes.at(1).readings.days.size() == 1);
  }
  // Without a "now" the future is allowed, but not a year that would need a series of a century.
  CHECK(listed(read_series(day_a + day_b + "A,2124-01-01,1,1,1,1,1\n")) ==
        Lines{"rejected implausible_dates A t.csv:4:1"});
  CHECK(listed(read_series(day_a + day_b + "A,2026-01-01,1,1,1,1,1\n")) == Lines{});
}

TEST_CASE("sentinels are missing") {
  StopeCsvOptions options;
  options.sentinels = {-999, 99};
  const StopeData data = read_series("A,2024-01-01,-999,-999.0,-9.99e2,4,99\n" + day_b, options);
  CHECK(listed(data) == Lines{});
  const auto& day = data.stopes.at(0).readings.days.at(0);
  CHECK(stope::is_missing(day[0]));
  CHECK(stope::is_missing(day[1]));
  CHECK(stope::is_missing(day[2]));
  CHECK(day[3] == 4);
  CHECK(stope::is_missing(day[4]));
  CHECK(read_series("A,2024-01-01,-999,1,1,1,1\n" + day_b).is_rejected("A"));
}

TEST_CASE("several readings a day become their mean over what was read") {
  const StopeData data = read_series(
      "A,2024-01-01T06:00,1,10,,4,5\nA,2024-01-01T14:00,2,20,,,5\nA,2024-01-01T22:00:00.5,6,,,8,5\n"
      "A,2024-01-02T06:00,7,7,7,7,7\n" +
      day_b);
  CHECK(listed(data) == Lines{});
  const auto& days = data.stopes.at(0).readings.days;
  REQUIRE(days.size() == 2);
  CHECK(days[0][0] == 3);
  CHECK(days[0][1] == 15);
  CHECK(stope::is_missing(days[0][2]));
  CHECK(days[0][3] == 6);
  CHECK(days[0][4] == 5);
  CHECK(days[1][0] == 7);
}

TEST_CASE("with `sort` the order of the rows does not matter") {
  const Lines rows{"A,2024-01-03,3,3,3,3,3\n",       "B,2024-01-02,2,2,2,2,2\n",
                   "A,2024-01-01,1,1,1,1,1\n",       "B,2024-01-01,1,1,1,1,1\n",
                   "A,2024-01-02T12:00,2,2,2,2,2\n", "A,2024-01-02T06:00,4,4,4,4,4\n"};
  StopeCsvOptions sorting;
  sorting.sort = true;
  Lines order = rows;
  std::sort(order.begin(), order.end());
  do {
    std::string text;
    for (const std::string& row : order) text += row;
    const StopeData data = read_series(text, sorting);
    CHECK(listed(data) == Lines{});
    REQUIRE(data.stopes.at(0).readings.days.size() == 3);
    CHECK(data.stopes[0].readings.days[1][0] == 3);
    CHECK(data.stopes[0].readings.days[2][0] == 3);
    CHECK(data.stopes[1].readings.days.size() == 2);
  } while (std::next_permutation(order.begin(), order.begin() + 5));

  std::string text;
  for (const std::string& row : rows) text += row;
  CHECK(listed(read_series(text)) ==
        Lines{"rejected out_of_order A t.csv:4:1", "rejected out_of_order B t.csv:5:1"});
  // Duplicates that were apart are found once they stand together.
  CHECK(listed(read_series(rows[0] + rows[2] + rows[0] + day_b, sorting)) ==
        Lines{"warning identical_duplicate A t.csv:4:1"});
  CHECK(listed(read_series(rows[0] + rows[2] + "A,2024-01-03,3,3,3,3,4\n" + day_b, sorting)) ==
        Lines{"rejected conflicting_duplicate A t.csv:4:1"});
}

TEST_CASE("stopes in one file only are reported") {
  const StopeData data =
      read_series(day_a + "C,2024-01-01,1,1,1,1,1\nD,2024-01-01,1,1,1,1,1\nC,2024-01-02,1,1,1,1,1\n");
  CHECK(listed(data) == Lines{"warning no_readings B s.csv:3:1", "warning no_static_row C t.csv:3:1",
                              "warning no_static_row D t.csv:4:1"});
  REQUIRE(data.stopes.size() == 2);
  CHECK(data.stopes[1].readings.empty());
  CHECK(!data.is_rejected("B"));
}

TEST_CASE("rejected stopes can be left out, wherever they stand") {
  const Lines names{"A", "B", "C", "D", "E"};
  for (unsigned bad = 0; bad < 32; ++bad) {
    std::string statics = static_header, series = series_header;
    Lines good;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const bool is_bad = (bad >> i & 1U) != 0;
      statics += names[i] + row_a.substr(1);
      series += names[i] + (is_bad ? ",2024-01-01,x,1,1,1,1\n" : ",2024-01-01,1,1,1,1,1\n");
      if (!is_bad) good.push_back(names[i]);
    }
    StopeData data = read(statics, series);
    CHECK(data.stopes.size() == names.size());
    data.leave_out_rejected();
    Lines left;
    for (const stope::StopeRecord& stope : data.stopes) left.push_back(stope.name);
    CHECK(left == good);
    CHECK(data.rejected.size() == names.size() - good.size());
  }
}

TEST_CASE("a flood of findings is counted, not listed") {
  std::string rows;
  for (int i = 0; i < 500; ++i) rows += "A,2024-01-01,x,y,1,1,1\n";
  StopeCsvOptions options;
  options.listed_issues_of_a_kind = 10;
  const StopeData data = read_series(rows + day_b + "B,2024-01-02,x,1,1,1,1\n", options);
  REQUIRE(data.issues.size() == 12);
  CHECK(data.issues.back().message.find("990 more") != std::string::npos);
  CHECK(data.issues.back().severity == Severity::rejected);
  CHECK(data.rejected == Lines{"A", "B"});
}

TEST_CASE("the supplied data is read to the last bit") {
  const char* reference = std::getenv("DEEPMINE_REFERENCE_DATA");
  if (reference == nullptr) {
    MESSAGE("DEEPMINE_REFERENCE_DATA is not set: skipped");
    return;
  }
  const auto folder = std::filesystem::path(reference) / "stopes";
  StopeCsvOptions options;
  options.label_required = true;
  const StopeData data = read_stope_csv(folder / "stope_static_features_aligned.csv",
                                        folder / "stope_timeseries_data_aligned.csv", options);
  CHECK(listed(data) == Lines{});
  CHECK(data.stopes.size() == 50);
  CHECK(data.timeseries_rows == 4500);
  const double expected_sums[] = {6229.270000000000, 1766.080000000000, 177564.79999999990, 112735.4299999997,
                                  308674.97000000020};
  int unstable = 0;
  std::array<double, stope::sensor_count> sums{};
  for (const auto& stope : data.stopes) {
    unstable += stope.statics.stable == false;
    CHECK(stope.readings.first_day == stope::parse_day("2024-01-01"));
    REQUIRE(stope.readings.days.size() == 90);
    for (const auto& day : stope.readings.days)
      for (std::size_t s = 0; s < sums.size(); ++s) sums[s] += day[s];
  }
  CHECK(unstable == 13);
  for (std::size_t s = 0; s < sums.size(); ++s) CHECK(std::abs(sums[s] - expected_sums[s]) < 1e-8);
  CHECK(data.stopes[3].statics.rqd == 25.41);
  CHECK(data.stopes[3].statics.rock_type == "Schist");
  CHECK(data.stopes[0].readings.days[2] == stope::DailyReading{1.12, 0.61, 29.36, 22.91, 48.68});
}

TEST_CASE("the hash is of the bytes of both files, the static file first, and only on request") {
  const std::string statics = static_header + row_a, series = series_header + day_a;
  StopeCsvOptions options;
  CHECK(read(statics, series, options).sha256.empty());
  options.hash_files = true;
  CHECK(read(statics, series, options).sha256 == io::to_hexadecimal(io::sha256(statics + series)));
}
