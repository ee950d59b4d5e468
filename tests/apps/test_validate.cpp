#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/apps/sample.h"

using namespace deepmine::test;

namespace {

std::string statics() {
  return (small_mine() / "static.csv").string();
}

std::string timeseries() {
  return (small_mine() / "timeseries.csv").string();
}

/// The text with the cell of that line (from 1) and column (from 0) replaced.
std::string with_cell(const std::string& text, std::size_t line_number, std::size_t column,
                      const std::string& cell) {
  std::string result;
  std::size_t number = 0;
  for (const std::string& line : lines_of(text)) {
    std::string changed = line;
    if (++number == line_number) {
      std::size_t begin = 0;
      for (std::size_t i = 0; i < column; ++i) begin = changed.find(',', begin) + 1;
      changed.replace(begin, changed.find(',', begin) - begin, cell);
    }
    result += changed + "\n";
  }
  return result;
}

}  // namespace

TEST_CASE("sound files: exit code 0, the report on stdout, as text and as JSON") {
  const ProgramResult text = run_program({"validate", "--static", statics(), "--timeseries", timeseries()});
  CHECK(text.exit_code == 0);
  CHECK(contains(text.out, "stopes                10"));
  CHECK(contains(text.out, "\n  label in  1 day      "));
  CHECK(contains(text.out, "\n  label in  3 days     "));
  CHECK(text.err.empty());
  const ProgramResult json =
      run_program({"validate", "--static", statics(), "--timeseries", timeseries(), "--json"});
  CHECK(json.exit_code == 0);
  CHECK(nlohmann::json::parse(json.out).is_object());
}

TEST_CASE("a rejected stope: exit code 3, the place, and the report all the same") {
  const TemporaryFolder folder;
  const std::string file = (folder / "t.csv").string();
  write_text(file, with_cell(read_text(timeseries()), 3, 2, "abc"));
  const ProgramResult text = run_program({"validate", "--static", statics(), "--timeseries", file});
  CHECK(text.exit_code == 3);
  CHECK(contains(text.out, file + ":3:"));
  CHECK(contains(text.err, "rejected"));
  const ProgramResult json = run_program({"validate", "--static", statics(), "--timeseries", file, "--json"});
  CHECK(json.exit_code == 3);
  CHECK(nlohmann::json::parse(json.out).is_object());
  const ProgramResult none =
      run_program({"validate", "--static", statics(), "--timeseries", file, "--most-issues", "0"});
  CHECK_FALSE(contains(none.out, file + ":3:"));
}

TEST_CASE("every stope rejected: neither stream says that the data can be used") {
  const TemporaryFolder folder;
  const std::string file = (folder / "s.csv").string();
  std::string text = read_text(statics());
  for (std::size_t line = 2; line <= 11; ++line) text = with_cell(text, line, 11, "");
  write_text(file, text);
  const ProgramResult result =
      run_program({"validate", "--static", file, "--timeseries", timeseries(), "--for-training"});
  CHECK(result.exit_code == 3);
  CHECK(result.out.starts_with("No stope can be used: all 10 are rejected."));
  CHECK(contains(result.err, "every stope is rejected"));
}

TEST_CASE("a file that can't be used: exit code 3") {
  const ProgramResult result =
      run_program({"validate", "--static", statics(), "--timeseries", "/nowhere.csv"});
  CHECK(result.exit_code == 3);
  CHECK(contains(result.out, "/nowhere.csv"));
}

TEST_CASE("labels are asked for with --for-training only; order can be repaired with --sort") {
  const TemporaryFolder folder;
  const std::string unlabelled = (folder / "s.csv").string(), unordered = (folder / "t.csv").string();
  write_text(unlabelled, with_cell(read_text(statics()), 2, 11, ""));
  CHECK(run_program({"validate", "--static", unlabelled, "--timeseries", timeseries()}).exit_code == 0);
  CHECK(run_program({"validate", "--static", unlabelled, "--timeseries", timeseries(), "--for-training"})
            .exit_code == 3);

  std::vector<std::string> lines = lines_of(read_text(timeseries()));
  std::swap(lines[1], lines[2]);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  write_text(unordered, text);
  CHECK(run_program({"validate", "--static", statics(), "--timeseries", unordered}).exit_code == 3);
  CHECK(run_program({"validate", "--static", statics(), "--timeseries", unordered, "--sort"}).exit_code == 0);
}

TEST_CASE("a file from stdin") {
  ProgramOptions options;
  options.input = read_text(timeseries());
  CHECK(run_program({"validate", "--static", statics(), "--timeseries", "-"}, options).exit_code == 0);
  CHECK(run_program({"validate", "--static", "-", "--timeseries", "-"}, options).exit_code == 2);
}
