#include <doctest/doctest.h>

#include <string>

#include "engine/nn/error.h"
#include "io/case_json.h"

using namespace deepmine;
using namespace deepmine::io;

namespace {

const std::string statics =
    R"("statics": {"rqd": 75.5, "hr": 8, "depth": 620, "dip": 60, "direction": "North", "undercut_wdt": 6,
        "rock_type": "Granite", "support_type": "Rock Bolts", "support_density": 0.6, "support_installed": true})";
const std::string reading =
    R"({"timestamp": "2024-03-01", "vibration_velocity": 1.2, "deformation_rate": 0.3, "stress": 41.5,
        "temperature": 24, "humidity": null})";

JsonCase parse(const std::string& members) {
  return parse_case_json("{" + members + "}", "line 3");
}

std::string refusal(const std::string& text) {
  try {
    parse_case_json(text, "line 3");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::data_invalid);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a case in any order of its names, with others beside them") {
  const std::string name = R"("stope_name": "A")", readings = R"("readings": [)" + reading + "]";
  for (const std::string& text :
       {name + "," + statics + "," + readings, readings + "," + statics + "," + name,
        R"("note": {"rqd": [1, {"stope_name": 2}]}, )" + statics + "," + readings + R"(, "more": "x", )" +
            name + R"(, "as_of": null)"}) {
    const JsonCase given = parse(text);
    CHECK(given.stope.issues.empty());
    CHECK_FALSE(given.as_of.has_value());
    const stope::StopeRecord& record = given.stope.record;
    CHECK(record.name == "A");
    CHECK(record.statics.rqd == 75.5);
    CHECK(record.statics.depth == 620);
    CHECK(record.statics.support_installed);
    CHECK(record.statics.rock_type == "Granite");
    REQUIRE(record.readings.days.size() == 1);
    CHECK(record.readings.days[0][2] == 41.5);
    CHECK(record.readings.days[0][3] == 24);
    CHECK(stope::is_missing(record.readings.days[0][4]));
  }
  CHECK(stope::format_day(*parse(name + R"(, "as_of": "2024-02-29",)" + statics + "," + readings).as_of) ==
        "2024-02-29");
}

TEST_CASE("a value that was passed over does not swallow what stands behind it") {
  const std::string odd =
      R"({"extra": 1, )" + reading.substr(1, reading.size() - 2) + R"(, "last": [])" + "}";
  std::string second = reading;
  second.replace(second.find("03-01"), 5, "03-02");
  const JsonCase given =
      parse(R"("stope_name": "A", )" + statics + R"(, "readings": [)" + odd + "," + second + "]");
  CHECK(given.stope.issues.empty());
  CHECK(given.stope.record.readings.days.size() == 2);
}

TEST_CASE("values that can't be true are findings, null and absence are missing") {
  const JsonCase given = parse(
      R"("stope_name": "A", "statics": {"rqd": 101, "hr": null, "direction": null, "rock_type": "Cheese",
         "support_installed": 2}, "readings": [])");
  std::string codes;
  for (const stope::Issue& issue : given.stope.issues) {
    CHECK(issue.where.file == "line 3");
    codes += issue.code + " ";
  }
  CHECK(codes ==
        "out_of_range unseen_category bad_flag missing_value missing_value missing_value missing_value "
        "missing_value missing_value missing_value ");
}

TEST_CASE("text that is no case is refused with the place and what was expected") {
  CHECK(refusal(R"({"stope_name": "A", "statics": {"rqd": "75"}})") ==
        "line 3: statics.rqd: expected a number or null, found a text");
  CHECK(refusal(R"({"stope_name": "A", "statics": {"rqd": true}})") ==
        "line 3: statics.rqd: expected a number or null, found true");
  CHECK(refusal(R"({"statics": {"direction": 3}})") ==
        "line 3: statics.direction: expected a text, found a number");
  CHECK(refusal(R"({"statics": {"rqd": 1, "hr": 2, "rqd": 1}})") == "line 3: statics.rqd stands twice");
  CHECK(refusal(R"({"statics": {}, "statics": {}})") == "line 3: statics stands twice");
  CHECK(refusal(R"({"readings": [{}]})") ==
        "line 3: readings[0]: vibration_velocity is not there (null stands for a missing value)");
  CHECK(refusal(R"({"readings": [)" + reading + R"(, {"timestamp": 5}]})") ==
        "line 3: readings[1].timestamp: expected a text, found a number");
  CHECK(refusal("{}") == "line 3: stope_name is not there");
  CHECK(refusal("[]").find("expected an object, found a list") != std::string::npos);
  CHECK(refusal("{") == "line 3: no JSON at column 2: expected a name in quotes, found the end");
  CHECK(refusal(R"({"stope_name" 5})") ==
        "line 3: no JSON at column 15: expected ':' behind the name, found '5'");
  CHECK(
      refusal(R"({"stope_name": "A )" + std::string("\xC3") + "\"}").find("line 3: no JSON at column 20: ") ==
      0);
  CHECK(refusal(R"({"statics": {"rqd": 1e999}})").find("a number is too large") != std::string::npos);
  CHECK(refusal(R"({"as_of": "2024-02-30"})") ==
        "line 3: as_of is '2024-02-30', expected a day such as 2024-03-30");
}
