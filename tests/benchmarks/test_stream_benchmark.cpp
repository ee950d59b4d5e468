// stream_benchmark as somebody runs it: it times the stream of this build, and nothing that answers wrongly.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/benchmarks/run_command.h"
#include "tests/io/temporary_folder.h"

using deepmine::test::Outcome;
using deepmine::test::run;

namespace {

const std::string program = DEEPMINE_STREAM_BENCHMARK;

}  // namespace

TEST_CASE("stream_benchmark prints a line of JSON for each number of threads and of lines in flight") {
  const Outcome outcome = run(program + " --cases 20 --rounds 2 --threads 1,2 --in-flight 1,50 --json 2>&1");
  CAPTURE(outcome.output);
  REQUIRE(outcome.exit_code == 0);
  const auto lines = outcome.lines();
  REQUIRE(lines.size() == 4);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(lines[i].at("workload") == "stream");
    CHECK(lines[i].at("threads") == (i < 2 ? 1 : 2));
    CHECK(lines[i].at("in_flight") == (i % 2 == 0 ? 1 : 50));
    CHECK(lines[i].at("rounds") == 2);
    CHECK(lines[i].at("cases") == 20);
    CHECK(lines[i].at("cases_per_s") > 0);
    CHECK(lines[i].at("cases_per_s_quartiles")[0] <= lines[i].at("cases_per_s"));
    CHECK(lines[i].at("latency_us") <= lines[i].at("latency_us_p99"));
    CHECK(lines[i].at("cpu_us_per_case") > 0);
  }
}

TEST_CASE("stream_benchmark times nothing that answers wrongly, or not at all") {
  // One that says what it was asked.
  const deepmine::test::TemporaryFolder folder;
  const std::string echo = folder / "echo";
  std::ofstream(echo) << "#!/bin/sh\nexec cat\n";
  std::filesystem::permissions(echo, std::filesystem::perms::owner_all);
  for (const std::string& wrong : {echo, std::string("true"), std::string("/no/such/program")}) {
    CAPTURE(wrong);
    std::string command = program + " --cases 3 --rounds 1 --json --program ";
    const Outcome outcome = run(command.append(wrong).append(" 2>&1"));
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.output.find(wrong == echo ? "the answer to line 1 is wrong" : "the program ended before") !=
          std::string::npos);
  }
}

TEST_CASE("stream_benchmark helps and refuses what it can't understand") {
  const Outcome help = run(program + " --help");
  CHECK(help.exit_code == 0);
  CHECK(help.output.starts_with("Examples:\n"));
  for (const char* wrong :
       {"--threads 0", "--in-flight 0", "--cases 0", "--days 3", "--network huge", "extra"}) {
    CAPTURE(wrong);
    CHECK(run(program + " " + wrong + " 2>/dev/null").exit_code == 2);
  }
}
