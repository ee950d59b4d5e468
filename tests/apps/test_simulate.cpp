#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/apps/sample.h"

using namespace deepmine::test;

namespace {

struct Files {
  std::string statics, timeseries, failures;
  bool operator==(const Files&) const = default;
};

Files simulate(const std::vector<std::string>& more) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments{"simulate", "--out", (folder.path() / "a" / "b").string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const ProgramResult result = run_program(arguments);
  REQUIRE(result.exit_code == 0);
  CHECK(result.err.empty());
  const auto text = [&](const char* name) { return read_text(folder.path() / "a" / "b" / name); };
  return {text("static.csv"), text("timeseries.csv"), text("failures.csv")};
}

}  // namespace

TEST_CASE("the same seed gives the same bytes, another seed others") {
  const Files first = simulate({"--stopes", "6", "--days", "20", "--seed", "5"});
  CHECK(first == simulate({"--stopes", "6", "--days", "20", "--seed", "5"}));
  CHECK(first.timeseries != simulate({"--stopes", "6", "--days", "20", "--seed", "6"}).timeseries);
  CHECK(lines_of(first.statics).size() == 1 + 6);
}

TEST_CASE("fewer stopes are the first of more, fewer days the first of more") {
  const Files few = simulate({"--stopes", "4", "--days", "40"}),
              many = simulate({"--stopes", "9", "--days", "40"});
  CHECK(many.statics.starts_with(few.statics));
  CHECK(many.timeseries.starts_with(few.timeseries));
  CHECK(many.failures.starts_with(few.failures));

  const std::vector<std::string> longer = lines_of(simulate({"--stopes", "4", "--days", "60"}).timeseries);
  const std::set<std::string> of_longer(longer.begin(), longer.end());
  for (const std::string& line : lines_of(few.timeseries)) CHECK(of_longer.contains(line));
}

TEST_CASE("flags have an effect") {
  const Files plain = simulate({"--stopes", "5", "--days", "40"});
  CHECK(plain.timeseries != simulate({"--stopes", "5", "--days", "40", "--no-sensor-faults"}).timeseries);
  CHECK(contains(simulate({"--stopes", "2", "--days", "3", "--first-day", "2031-05-06"}).timeseries,
                 ",2031-05-08,"));
  const auto failures = [](const char* margin) {
    return lines_of(simulate({"--stopes", "40", "--days", "30", "--label-margin-days", margin}).failures)
        .size();
  };
  CHECK(failures("0") < failures("900"));
}

TEST_CASE("failures.csv has the stopes that are labelled unstable") {
  const Files files = simulate({"--stopes", "40", "--days", "60"});
  const std::vector<std::string> statics = lines_of(files.statics);
  const auto unstable = std::count_if(statics.begin(), statics.end(),
                                      [](const std::string& line) { return line.ends_with(",0"); });
  CHECK(unstable > 0);
  CHECK(lines_of(files.failures).size() == 1 + static_cast<std::size_t>(unstable));
}

TEST_CASE("the result as JSON counts what was written") {
  const TemporaryFolder folder;
  const ProgramResult result =
      run_program({"simulate", "--stopes", "3", "--days", "10", "--out", folder.path().string(), "--json"});
  const auto json = nlohmann::json::parse(result.out);
  CHECK(json["stopes"] == 3);
  CHECK(json["readings"] == lines_of(read_text(folder / "timeseries.csv")).size() - 1);
  CHECK(json["static"] == (folder / "static.csv").string());
}

TEST_CASE("faults: a day that is none, a folder that can't be made") {
  const ProgramResult day = run_program({"simulate", "--out", "/dev/null/x", "--first-day", "2024-02-30"});
  CHECK(day.exit_code == 2);
  CHECK(contains(day.err, "2024-02-30"));
  const ProgramResult folder = run_program({"simulate", "--out", "/dev/null/x"});
  CHECK(folder.exit_code == 1);
  CHECK(contains(folder.err, "/dev/null/x"));
}

TEST_CASE("a signal ends a simulation: nothing is left behind, exit 130") {
  for (const int signal : {SIGINT, SIGTERM}) {
    const TemporaryFolder folder;
    RunningProgram simulation(
        {"simulate", "--stopes", "1000000", "--days", "100", "--out", folder.path().string()});
    const auto is_empty = [&] { return std::filesystem::is_empty(folder.path()); };
    while (is_empty() && !simulation.has_ended()) ::usleep(1000);
    REQUIRE(!simulation.has_ended());
    simulation.send(signal);
    const ProgramResult result = simulation.finish();
    CHECK(result.exit_code == 130);
    CHECK(contains(result.err, "nothing was written"));
    CHECK(result.out.empty());
    CHECK(is_empty());
  }
}

TEST_CASE("a mine that is too large is a usage error before anything is made") {
  const TemporaryFolder folder;
  for (const char* stopes : {"1000001", "18446744073709551615"}) {
    const ProgramResult result =
        run_program({"simulate", "--stopes", stopes, "--days", "100", "--out", (folder / "m").string()});
    CHECK(result.exit_code == 2);
    CHECK(contains(result.err, "at most 1000000 stopes"));
    CHECK(!std::filesystem::exists(folder / "m"));
  }
}
