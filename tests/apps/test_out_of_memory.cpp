// What a user sees when memory runs out: one clear line and exit code 1, wherever it happens; never an abort,
// and never an answer that is cut short with another exit code. DEEPMINE_FAILING_MEMORY comes from the build.
#include <doctest/doctest.h>

#include <cstdlib>

#include "io/atomic_file.h"
#include "tests/apps/run_program.h"
#include "tests/apps/small_mine.h"
#include "tests/io/temporary_folder.h"

using namespace deepmine::test;

namespace {

ProgramResult run_short_of_memory(const std::vector<std::string>& arguments, unsigned long request) {
  ProgramOptions options;
  options.environment = {{"LD_PRELOAD", DEEPMINE_FAILING_MEMORY},
                         {"DEEPMINE_FAILING_REQUEST", std::to_string(request)}};
  return run_program(arguments, options);
}

unsigned long requests_of(const std::vector<std::string>& arguments) {
  const ProgramResult result = run_short_of_memory(arguments, 0);
  const std::string title = "requests: ";
  const std::size_t at = result.err.rfind(title);
  REQUIRE_MESSAGE(at != std::string::npos, result.err);
  return std::strtoul(result.err.c_str() + at + title.size(), nullptr, 10);
}

/// Some of the first, then ever fewer: later ones are more of the same (lifecycle's test takes every one).
void check_out_of_memory(const std::vector<std::string>& arguments) {
  const unsigned long requests = requests_of(arguments);
  REQUIRE(requests > 100);
  const unsigned long tries = std::getenv("DEEPMINE_SOAK") != nullptr ? requests : 60;
  int refusals = 0;
  for (unsigned long i = 0; i < tries; ++i) {
    const unsigned long request =
        tries == requests ? i + 1 : 1 + i * i * i * requests / (tries * tries * tries);
    const ProgramResult result = run_short_of_memory(arguments, request);
    CAPTURE(request);
    CAPTURE(result.err);
    CHECK(result.signal == 0);
    CHECK(result.exit_code == 1);
    CHECK(result.err.find("deepmine: not enough memory") != std::string::npos);
    refusals += result.exit_code == 1;
  }
  MESSAGE(arguments.front() << ": " << requests << " requests, " << refusals << " of " << tries
                            << " tries refused");
}

}  // namespace

TEST_CASE("memory that runs out is said, with exit code 1") {
  TemporaryFolder folder;
  const SmallMine mine;
  const std::string statics = (folder / "static.csv").string(),
                    readings = (folder / "timeseries.csv").string();
  deepmine::io::write_file_atomically(statics, mine.statics.text());
  deepmine::io::write_file_atomically(readings, mine.readings.text());
  const std::vector<std::string> files{"--static", statics, "--timeseries", readings};
  const auto with = [&files](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), files.begin(), files.end());
    return arguments;
  };
  check_out_of_memory({"summary"});
  check_out_of_memory(with({"validate"}));
  check_out_of_memory(with({"predict", "--store", trained_store().string()}));
  check_out_of_memory({"models", "list", "--store", trained_store().string()});
}
