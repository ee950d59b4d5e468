#include <doctest/doctest.h>

#include "engine/stope/issue.h"
#include "engine/stope/records.h"

using namespace deepmine::stope;

TEST_CASE("days are read strictly and written back") {
  REQUIRE(parse_day("1970-01-01"));
  CHECK(*parse_day("1970-01-01") == 0);
  CHECK(*parse_day("2024-03-30") == 19812);
  CHECK(format_day(19812) == "2024-03-30");
  CHECK(*parse_day("2024-02-29") + 1 == *parse_day("2024-03-01"));
  for (const char* wrong : {"2023-02-29", "2024-13-01", "2024-00-10", "2024-1-01", "24-01-01", "2024/01/01",
                            "2024-01-01 ", "2024-01-32", "", "abcd-ef-gh"})
    CHECK_MESSAGE(!parse_day(wrong), wrong);
}

TEST_CASE("an issue names the place it was found") {
  Issue issue{
      Severity::rejected, "not_a_number", {"a.csv", 7, 3}, "Stope_001", "expected a number, found 'abc'"};
  CHECK(describe(issue) == "a.csv:7:3: expected a number, found 'abc'");
  issue.where.column = 0;
  CHECK(describe(issue) == "a.csv:7: expected a number, found 'abc'");
}
