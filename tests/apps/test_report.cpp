// `deepmine report` as a user meets it.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/apps/sample.h"

using namespace deepmine;
using namespace deepmine::test;

namespace {

const std::filesystem::path& store() {
  static const TemporaryFolder folder;
  static const std::filesystem::path path = [] {
    REQUIRE(run_program(train_arguments(folder / "models", {"--epochs", "1", "--quiet"})).exit_code == 0);
    return folder / "models";
  }();
  return path;
}

ProgramResult report(std::vector<std::string> arguments, bool with_data = true) {
  arguments.insert(arguments.begin(), {"report", "--store", store().string(), "--bootstrap", "20"});
  if (with_data)
    for (const char* kind : {"static", "timeseries"}) {
      arguments.push_back(std::string("--") + kind);
      arguments.push_back((small_mine() / (std::string(kind) + ".csv")).string());
    }
  return run_program(arguments);
}

}  // namespace

TEST_CASE("report writes one page, and prints its numbers on demand") {
  const TemporaryFolder folder;
  const std::string out = (folder / "report.html").string();
  const ProgramResult written = report({"--out", out, "--json"});
  CAPTURE(written.err);
  REQUIRE(written.exit_code == 0);
  CHECK(contains(written.err, "written to " + out));
  const nlohmann::json numbers = nlohmann::json::parse(written.out);
  CHECK(numbers["stopes"].size() == 10);
  CHECK(numbers["epochs"].size() == 1);
  CHECK(numbers["evaluation"]["evaluation"]["method"] == "model");
  const std::string page = read_text(out);
  CHECK(page.size() < 2'000'000);
  CHECK(page.starts_with("<!DOCTYPE html>"));
  CHECK(page.ends_with("</html>\n"));
  for (const auto& stope : numbers["stopes"]) CHECK(contains(page, stope["name"].get<std::string>()));
}

TEST_CASE("report says on stderr and on the page that the data is old, even when quiet") {
  const TemporaryFolder folder;
  const std::string out = (folder / "report.html").string();
  const ProgramResult old = report({"--out", out, "--quiet"});
  CHECK(contains(old.err, "deepmine: OLD DATA: The newest reading is of "));
  CHECK(contains(read_text(out), ">OLD DATA: The newest reading is of "));
}

TEST_CASE("report without the mine's files is about the model alone") {
  const TemporaryFolder folder;
  const ProgramResult written = report({"--out", (folder / "model.html").string()}, false);
  CAPTURE(written.err);
  REQUIRE(written.exit_code == 0);
  const std::string page = read_text(folder / "model.html");
  CHECK(contains(page, "Model card"));
  CHECK_FALSE(contains(page, "Stopes, worst first"));
}

TEST_CASE("report: what it can't do is said, and nothing is written") {
  const TemporaryFolder folder;
  const std::string out = (folder / "report.html").string();
  const ProgramResult nowhere = report({});
  CHECK(nowhere.exit_code == 2);
  CHECK(contains(nowhere.err, "--out FILE.html"));
  const ProgramResult one_file =
      run_program({"report", "--out", out, "--static", (small_mine() / "static.csv").string()});
  CHECK(one_file.exit_code == 2);
  CHECK(contains(one_file.err, "--timeseries"));
  CHECK(report({"--out", out, "--as-of", "yesterday"}).exit_code == 2);
  CHECK(report({"--out", out, "--model-version", "9"}).exit_code == 4);
  const ProgramResult onto_input = report({"--out", (small_mine() / "static.csv").string()});
  CHECK(onto_input.exit_code == 2);
  CHECK(contains(onto_input.err, "is one of the input files"));
  const ProgramResult no_store = run_program({"report", "--out", out, "--store", (folder / "none").string()});
  CHECK(no_store.exit_code == 4);
  CHECK(contains(no_store.err, "there is no model"));
  CHECK_FALSE(std::filesystem::exists(out));
}
