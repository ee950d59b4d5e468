#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "io/timestamp.h"

using namespace deepmine;
using io::parse_timestamp;
using io::TimestampFault;

TEST_CASE("timestamps are local mine time") {
  const std::int64_t day = 86'400'000'000, midnight = 19812 * day;
  CHECK(parse_timestamp("2024-03-30").day == 19812);
  CHECK(parse_timestamp("2024-03-30").microseconds == midnight);
  CHECK(parse_timestamp("2024-03-30T00:00").microseconds == midnight);
  CHECK(parse_timestamp("2024-03-30 07:05").microseconds == midnight + 25'500'000'000);
  CHECK(parse_timestamp("2024-03-30T23:59:59").microseconds == midnight + day - 1'000'000);
  CHECK(parse_timestamp("2024-03-30T23:59:59.123").microseconds == midnight + day - 877'000);
  CHECK(parse_timestamp("2024-03-30T23:59:59.999999").microseconds == midnight + day - 1);
  CHECK(parse_timestamp("2024-03-30T23:59:59.999").day == 19812);
  CHECK(parse_timestamp("1969-12-31T12:00").microseconds == -day / 2);
  for (const char* good : {"2024-03-30", "2024-03-30T23:59:59.123", "2024-02-29 00:00:00"})
    CHECK_MESSAGE(parse_timestamp(good).fault == TimestampFault::none, good);
}

TEST_CASE("time zones and everything else are refused") {
  for (const char* zoned : {"2024-03-30Z", "2024-03-30T10:00Z", "2024-03-30T10:00:00z",
                            "2024-03-30T10:00+02:00", "2024-03-30T10:00:00.5-0330", "2024-03-30+01:00"})
    CHECK_MESSAGE(parse_timestamp(zoned).fault == TimestampFault::time_zone, zoned);
  for (const char* wrong :
       {"30.03.2024", "2024/03/30", "2024-3-30", "2024-02-30", "2024-03-30T", "2024-03-30T24:00",
        "2024-03-30T10:60", "2024-03-30T10:00:60", "2024-03-30T10", "2024-03-30  10:00", "2024-03-30t10:00",
        "2024-03-30T10:00:00.", "2024-03-30T10:00:00.1234567", "2024-03-30T1:00", "2024-03-30T10:00 ",
        " 2024-03-30", "45381", "x"})
    CHECK_MESSAGE(parse_timestamp(wrong).fault == TimestampFault::not_a_timestamp, wrong);
  CHECK(parse_timestamp("").fault == TimestampFault::empty);
}

TEST_CASE("a reader of many timestamps says what reading one says") {
  io::TimestampReader reader;
  std::vector<std::string> texts;
  for (stope::Day day = -800; day < 40'000; ++day) texts.push_back(stope::format_day(day));
  for (const char* text : {"2024-02-28",
                           "2024-02-29",
                           "2024-02-30",
                           "2023-02-28",
                           "2023-02-29",
                           "2023-02-00",
                           "2024-03-10",
                           "2024-03-3x",
                           "2024-03-:0",
                           "2024-03-1",
                           "2024-03-100",
                           "2024-03-12T05:06",
                           "2024-03-13T",
                           "2024-03-14 23:59:59.5",
                           "2024-03-1412:00",
                           "2024-03-12Z",
                           "",
                           "2024-03-31",
                           "2024-04-31",
                           "2024-04-30",
                           "1900-02-29",
                           "2000-02-29",
                           "2024-13-01",
                           "2024-12-32",
                           "2024-12-31"})
    texts.emplace_back(text);
  for (const std::string& text : texts) {
    CAPTURE(text);
    const auto expected = io::parse_timestamp(text);
    // Twice: the second time its month is known.
    for (int i = 0; i < 2; ++i) {
      const auto found = reader.parse(text);
      REQUIRE(found.fault == expected.fault);
      REQUIRE(found.day == expected.day);
      REQUIRE(found.microseconds == expected.microseconds);
    }
  }
}
