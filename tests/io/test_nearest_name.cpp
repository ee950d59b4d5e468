#include <doctest/doctest.h>

#include <array>
#include <string>

#include "io/nearest_name.h"

using namespace deepmine;

TEST_CASE("slips of the hand, another case, a part alone and zeros before a number are recognised") {
  constexpr std::array<std::string_view, 6> columns{"rqd",    "vibration_velocity", "stability",
                                                    "stress", "temperature",        "stope_name"};
  CHECK(io::nearest_name("RQD", columns) == "rqd");
  CHECK(io::nearest_name("vibration", columns) == "vibration_velocity");
  CHECK(io::nearest_name("stabilty", columns) == "stability");
  CHECK(io::nearest_name("temp", columns) == "temperature");
  CHECK(io::nearest_name("name", columns) == "stope_name");
  CHECK(io::nearest_name("telephone", columns).empty());
  CHECK(io::nearest_name("", columns).empty());
  CHECK(io::nearest_name(std::string(65, 's'), columns).empty());
  CHECK(io::did_you_mean("strss", columns) == " (did you mean 'stress'?)");
  CHECK(io::did_you_mean("telephone", columns).empty());
}

TEST_CASE("one number is no slip of another") {
  constexpr std::array<std::string_view, 4> stopes{"Stope_017", "Stope_007", "Stope_070", "North_7"};
  for (const char* name : {"stope_007", "Stope_7", "Stpe_007", "STOPE_07", "Stope-007"})
    CHECK_MESSAGE(io::nearest_name(name, stopes) == "Stope_007", name);
  for (const char* name : {"Stope_008", "Stope", "Stope_0", "7"})
    CHECK_MESSAGE(io::nearest_name(name, stopes).empty(), name);
}

TEST_CASE("of several that are equally near when folded, the one that is nearest as it is written") {
  constexpr std::array<std::string_view, 3> names{"STOPE_1", "Stope_1", "stope_1"};
  CHECK(io::nearest_name("Stope_01", names) == "Stope_1");
}
