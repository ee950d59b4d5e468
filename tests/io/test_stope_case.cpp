#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "engine/nn/error.h"
#include "io/stope_case.h"

using namespace deepmine;
using namespace deepmine::io;

namespace {

using Outcome = StopeCaseBuilder::Outcome;
constexpr double infinity = std::numeric_limits<double>::infinity();

void fill(StopeCaseBuilder& builder) {
  builder.set_name("Stope A");
  for (const auto& [name, value] : {std::pair{"rqd", 75.0},
                                    {"hr", 8},
                                    {"depth", 600},
                                    {"dip", 60},
                                    {"undercut_wdt", 6},
                                    {"support_density", 0.6},
                                    {"support_installed", 1}})
    REQUIRE(builder.set_number(name, value) == Outcome::taken);
  for (const auto& [name, value] :
       {std::pair{"direction", "North"}, {"rock_type", "Granite"}, {"support_type", "None"}})
    REQUIRE(builder.set_category(name, value) == Outcome::taken);
}

constexpr stope::DailyReading usual{1, 0.2, 40, 24, 60};

/// The issues of a good case with one thing more.
template <class Change>
std::vector<stope::Issue> issues_after(Change change) {
  constexpr double sentinels[] = {-999};
  StopeCaseBuilder builder("case 7", sentinels);
  fill(builder);
  change(builder);
  return builder.take().issues;
}

}  // namespace

TEST_CASE("a good case becomes a record without a finding") {
  StopeCaseBuilder builder("case 0");
  fill(builder);
  builder.add_reading("2024-01-01", usual);
  builder.add_reading("2024-01-02T06:00", {1, 0.2, 40, 24, 60});
  builder.add_reading("2024-01-02 18:00:00.5", {3, 0.4, 60, stope::missing, 60});
  const StopeCase made = builder.take();
  CHECK(made.issues.empty());
  CHECK(made.record.name == "Stope A");
  CHECK(made.record.statics.rqd == 75);
  CHECK(made.record.statics.hydraulic_radius == 8);
  CHECK(made.record.statics.support_installed);
  CHECK(made.record.statics.support_type == "None");
  CHECK_FALSE(made.record.statics.stable.has_value());
  REQUIRE(made.record.readings.days.size() == 2);
  CHECK(stope::format_day(made.record.readings.first_day) == "2024-01-01");
  CHECK(made.record.readings.days[1][0] == 2);  // the mean of the day
  CHECK(made.record.readings.days[1][3] == 24);
}

TEST_CASE("take() begins anew") {
  StopeCaseBuilder builder("case 0");
  fill(builder);
  builder.add_reading("2024-01-05", usual);
  builder.add_reading("2024-01-04", usual);  // rejected
  CHECK(builder.take().issues.size() == 1);
  fill(builder);
  builder.add_reading("2024-01-01", usual);
  const StopeCase second = builder.take();
  CHECK(second.issues.empty());
  CHECK(second.record.readings.days.size() == 1);
}

TEST_CASE("times as numbers are the same days as times as text") {
  StopeCaseBuilder text("text"), numbers("numbers");
  fill(text);
  fill(numbers);
  text.add_reading("1969-12-30T23:59:59.999999", usual);
  text.add_reading("1970-01-01", usual);
  numbers.add_reading(-microseconds_per_day - 1, usual);
  numbers.add_reading(std::int64_t{0}, usual);
  const StopeCase a = text.take(), b = numbers.take();
  CHECK(a.issues.empty());
  CHECK(b.issues.empty());
  CHECK(a.record.readings.first_day == b.record.readings.first_day);
  CHECK(a.record.readings.days.size() == 3);
  CHECK(b.record.readings.days.size() == 3);
}

TEST_CASE("what can't be true rejects the stope, with the codes of the CSV reader and its place") {
  const auto rejected = [](const auto& change, const char* code, const char* text) {
    const std::vector<stope::Issue> issues = issues_after(change);
    CAPTURE(code);
    REQUIRE(issues.size() == 1);
    CHECK(issues[0].severity == stope::Severity::rejected);
    CHECK(issues[0].code == code);
    CHECK(issues[0].stope == "Stope A");
    CHECK(stope::describe(issues[0]) == text);
  };
  const auto reading = [](std::size_t sensor, double value) {
    return [=](StopeCaseBuilder& builder) {
      builder.add_reading("2024-01-01", usual);
      stope::DailyReading changed = usual;
      changed[sensor] = value;
      builder.add_reading("2024-01-02", changed);
    };
  };
  rejected(reading(0, 501), "out_of_range",
           "case 7, reading 2: vibration_velocity 501 lies outside 0 to 500 mm/s; a number that means "
           "'missing' is to be "
           "listed as a sentinel");
  rejected(reading(4, -infinity), "not_a_number", "case 7, reading 2: humidity -inf is not a finite number");
  const auto times = [](const char* first, const char* second) {
    return [=](StopeCaseBuilder& builder) {
      builder.add_reading(first, usual);
      builder.add_reading(second, {2, 0.2, 40, 24, 60});
    };
  };
  rejected(times("2024-01-02", "2024-01-01"), "out_of_order",
           "case 7, reading 2: 2024-01-01 stands behind 2024-01-02 of reading 1: readings must be in order "
           "of time");
  rejected(
      times("2024-01-02", "2024-01-02"), "conflicting_duplicate",
      "case 7, reading 2: the same time as reading 1 (2024-01-02), but other values: remove the wrong one");
  rejected(times("0024-01-02", "2024-01-02"), "implausible_dates",
           "case 7, reading 2: 2024-01-02 lies so far from 0024-01-02 of reading 1 that one of the dates "
           "must be wrong: "
           "check the years");
  CHECK(issues_after(times("2024-01-02", "2024-01-32"))[0].code == "bad_timestamp");
  CHECK(issues_after(times("2024-01-02", "2024-01-03Z"))[0].code == "bad_timestamp");
  CHECK(issues_after(times("2024-01-02", "\xff\xff"))[0].code == "bad_timestamp");
  CHECK(issues_after(
            [](StopeCaseBuilder& b) { b.add_reading(std::numeric_limits<std::int64_t>::min(), usual); })[0]
            .code == "bad_timestamp");
}

TEST_CASE("a rejected stope has no readings, half a series is no series") {
  StopeCaseBuilder builder("case 7");
  fill(builder);
  builder.add_reading("2024-01-01", usual);
  builder.add_reading("2024-01-02", {-1, 0.2, 40, 24, 60});
  builder.add_reading("2024-01-03", usual);
  CHECK(builder.take().record.readings.empty());
}

TEST_CASE("static inputs: what is missing, out of range, unknown, given twice") {
  for (const auto& [given, code] : {std::pair{250.0, "out_of_range"},
                                    {-0.1, "out_of_range"},
                                    {infinity, "not_a_number"},
                                    {stope::missing, "missing_value"},
                                    {-999.0, "missing_value"}}) {
    const double value = given;
    CAPTURE(value);
    constexpr double sentinels[] = {-999};
    StopeCaseBuilder only("case 7", sentinels);
    only.set_name("Stope A");
    CHECK(only.set_number("rqd", value) == Outcome::taken);
    CHECK(only.has("rqd"));
    CHECK(only.set_number("rqd", 50) == Outcome::repeated);
    bool found = false;
    for (const stope::Issue& issue : only.take().issues)
      found = found || (issue.code == code && issue.message.find("rqd") == 0);
    CHECK(found);
  }
  StopeCaseBuilder builder("case 7");
  CHECK(builder.set_number("rpd", 1) == Outcome::unknown_name);
  CHECK(builder.set_number("rock_type", 1) == Outcome::unknown_name);
  CHECK(builder.set_category("rqd", "1") == Outcome::unknown_name);
  CHECK(builder.set_category("support_installed", "1") == Outcome::unknown_name);
  CHECK(static_input("rqd") == StaticInput::number);
  CHECK(static_input("rock_type") == StaticInput::category);
  CHECK(static_input("support_installed") == StaticInput::flag);
  CHECK(static_input("stability") == StaticInput::unknown);
  builder.set_name("Stope A");
  builder.set_number("support_installed", 0.5);
  builder.set_category("rock_type", "granite");
  const std::vector<stope::Issue> issues = builder.take().issues;
  CHECK(issues[0].code == "bad_flag");
  CHECK(issues[1].code == "unseen_category");
  CHECK(issues[1].severity == stope::Severity::warning);
  CHECK(issues[1].message.find("write 'Granite'") != std::string::npos);
  CHECK(issues.size() == 2 + 8);  // and what was not given
}

TEST_CASE("sentinels and NaN are missing readings") {
  constexpr double sentinels[] = {-999};
  StopeCaseBuilder builder("case 7", sentinels);
  fill(builder);
  builder.add_reading("2024-01-01", {-999, stope::missing, 40, 24, 60});
  const StopeCase made = builder.take();
  CHECK(made.issues.empty());
  CHECK(stope::is_missing(made.record.readings.days[0][0]));
  CHECK(stope::is_missing(made.record.readings.days[0][1]));
}

TEST_CASE("names that nothing could be reported about are refused") {
  for (const char* name : {"", " A", "A ", "A\tB", "A\u200B", "\xff"}) {
    StopeCaseBuilder builder("case 7");
    CHECK_THROWS_AS(builder.set_name(name), Error);
  }
  StopeCaseBuilder builder("case 7");
  CHECK_THROWS_AS(builder.set_category("rock_type", "\xff"), Error);
}
