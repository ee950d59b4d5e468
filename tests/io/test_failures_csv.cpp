#include <doctest/doctest.h>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/failures_csv.h"
#include "tests/io/temporary_folder.h"

using namespace deepmine;

namespace {

std::map<std::string, stope::Day> read(const std::string& text) {
  const test::TemporaryFolder folder;
  io::write_file_atomically(folder / "failures.csv", text);
  return io::read_failures_csv(folder / "failures.csv");
}

/// The message of the error, without the folder.
std::string problem(const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::data_invalid);
    const std::string message = error.what();
    return message.substr(message.find("failures.csv"));
  }
  return "none";
}

}  // namespace

TEST_CASE("failure dates by name, columns in any order") {
  const auto failures = read("failure_date,note,stope_name\n2024-03-30,fell,B\n2024-02-28,,A\n");
  REQUIRE(failures.size() == 2);
  CHECK(failures.at("B") == *stope::parse_day("2024-03-30"));
  CHECK(failures.at("A") == *stope::parse_day("2024-02-28"));
  CHECK(read("stope_name,failure_date\n").empty());
}

TEST_CASE("what is wrong with failure dates is said with its place") {
  CHECK(problem("stope_name,failure_date\nA,2024-03-30\nB,30.3.2024\n") ==
        "failures.csv:3:3: failure_date '30.3.2024' is no day; expected one such as 2024-03-30");
  CHECK(problem("stope_name,failure_date\nA,\n").starts_with("failures.csv:2:3: failure_date '' is no day"));
  CHECK(problem("stope_name,failure_date\n,2024-03-30\n") == "failures.csv:2:1: the stope's name is empty");
  CHECK(problem("stope_name,failure_date\nA,2024-03-30\nA,2024-03-31\n")
            .starts_with("failures.csv:3:1: stope 'A' stands here for the second time"));
  CHECK(problem("stope,failure_date\nA,2024-03-30\n")
            .starts_with("failures.csv:1:1: missing column 'stope_name'"));
  CHECK(problem("stope_name\nA\n").find("missing column 'failure_date'") != std::string::npos);
}
