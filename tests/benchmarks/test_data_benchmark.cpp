// data_benchmark as somebody runs it, and the check that stands before its clocks.
#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "benchmarks/data_files.h"
#include "benchmarks/data_stages.h"
#include "engine/nn/error.h"
#include "tests/benchmarks/run_command.h"

using namespace deepmine;
using deepmine::test::Outcome;
using deepmine::test::run;

namespace {

const std::string program = DEEPMINE_DATA_BENCHMARK;

}  // namespace

TEST_CASE("data_benchmark prints one line of JSON for each stage") {
  const Outcome outcome =
      run(program + " --stopes 20 --days 150 --rounds 2 --steps 1 --threads 1 --json 2>&1");
  CHECK(outcome.exit_code == 0);
  std::map<std::string, nlohmann::json> stages;
  std::istringstream stream(outcome.output);
  for (std::string line; std::getline(stream, line);) {
    const auto json = nlohmann::json::parse(line);
    CHECK(json.at("workload") == "data");
    CHECK(json.at("rows") >= 20 * 150);
    stages[json.at("stage")] = json;
  }
  for (const char* name : {"copy", "line_ends", "read", "rows", "cells", "records", "daily_series", "quality",
                           "windows", "gather"}) {
    CAPTURE(name);
    REQUIRE(stages.contains(name));
    CHECK(stages[name].at("rounds") == 2);
    CHECK(stages[name].at("cpu_s_best") <= stages[name].at("cpu_s_median"));
    CHECK(stages[name].at("mb_per_s") > 0);
  }
  REQUIRE(stages.contains("whole"));
  CHECK(stages["whole"].at("peak_rss_mb") > 1);
  CHECK(stages["whole"].at("training_windows") > 100);
  REQUIRE(stages.contains("epoch"));
  CHECK(stages["epoch"].at("steps") == 1);
  CHECK(stages["epoch"].at("network_share") > 0.5);
}

TEST_CASE("data_benchmark helps and refuses what it can't understand") {
  const Outcome help = run(program + " --help");
  CHECK(help.exit_code == 0);
  CHECK(help.output.starts_with("Examples:\n"));
  for (const char* wrong : {"--stopes 0", "--days 3", "--rounds 0", "--batch 3", "extra"}) {
    CAPTURE(wrong);
    CHECK(run(program + " " + wrong + " 2>/dev/null").exit_code == 2);
  }
}

TEST_CASE("a reading that comes back with other bits stops the benchmark") {
  const benchmarks::DataFiles files(10, 100);
  CHECK(files.contents().rows >= 1000);
  CHECK(benchmarks::run_whole(files).windows > 0);
  std::fstream text(files.timeseries(), std::ios::in | std::ios::out);
  std::string line;
  for (int i = 0; i < 40; ++i) std::getline(text, line);
  const char last = line.back();
  text.seekp(static_cast<std::streamoff>(text.tellg()) - 2);
  text << (last == '1' ? '2' : '1');
  text.close();
  CHECK_THROWS_AS(benchmarks::run_whole(files), Error);
}
