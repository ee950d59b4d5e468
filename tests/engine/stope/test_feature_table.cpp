#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/stope/feature_table.h"
#include "tests/engine/stope/reference_data.h"

using namespace deepmine::stope;

namespace {

std::size_t column(const std::string& name) {
  const auto& table = feature_table().statics;
  for (std::size_t i = 0; i < table.size(); ++i)
    if (table[i].name == name) return i;
  FAIL("no feature named ", name);
  return 0;
}

double feature(const StaticRecord& record, const std::string& name) {
  return static_features(record).values[column(name)];
}

void check_near(double found, double expected) {
  CHECK_MESSAGE(std::abs(found - expected) < 1e-12, found, " instead of ", expected);
}

}  // namespace

TEST_CASE("the table lists 41 inputs: categories, numbers, derived; only the last 15 are scaled") {
  const auto& table = feature_table().statics;
  REQUIRE(table.size() == 41);
  CHECK(table[0].name == "direction=North");
  CHECK(table[8].name == "rock_type=Granite");
  CHECK(table[19].name == "support_type=None");
  CHECK(table[26].name == "rqd");
  CHECK(table[26].unit == "%");
  CHECK(table[32].name == "support_installed");
  CHECK(table[33].name == "risk_level");
  CHECK(table[40].name == "monitoring_coverage");
  std::set<std::string> names;
  for (std::size_t i = 0; i < table.size(); ++i) {
    CHECK(table[i].scaled == (i >= 26));
    names.insert(table[i].name);
  }
  CHECK(names.size() == 41);
  CHECK(names.count("stability") == 0);
  CHECK(names.count("stope_name") == 0);
  REQUIRE(feature_table().sensors.size() == 5);
  CHECK(feature_table().sensors[4].name == "humidity");
}

TEST_CASE("derived features of a supported stope, computed by hand") {
  StaticRecord r =
      plain_record();  // rqd 80, hr 5, depth 200, dip 45, undercut 4, Granite, Rock Bolts 0.7, North
  check_near(feature(r, "risk_level"), (0.2 + 5.0 / 15 + 0.2 + 0) / 4);
  check_near(feature(r, "complexity_index"), 0.25 + 0.12 + 0.2 / 3);
  check_near(feature(r, "support_adequacy"), 0.36 + 0.28);
  check_near(feature(r, "geological_factor"), 0.54 + 0.32);
  check_near(feature(r, "structural_factor"), 0.32 + 0.3 + 0.2);
  check_near(feature(r, "environmental_factor"), 0.8);
  check_near(feature(r, "maintenance_factor"), 0.32 + 0.6 * 0.64);
  check_near(feature(r, "monitoring_coverage"), 0.48 + 0.4 * (1 - (0.37 + 0.2 / 3)));
}

TEST_CASE("derived features at the bounds") {
  StaticRecord r = plain_record();
  r.hydraulic_radius = 30;
  r.depth = 2500;
  r.dip = 85;
  r.undercut_width = 20;
  r.support_installed = false;
  r.rqd = 20;
  r.direction = "Southwest";
  r.rock_type = "Shale";
  check_near(feature(r, "risk_level"), (0.8 + 1 + 1 + 0.3) / 4);
  check_near(feature(r, "complexity_index"), 1);  // 0.472 + 0.3 + 0.4, clipped
  check_near(feature(r, "support_adequacy"), 0.1);
  check_near(feature(r, "geological_factor"), 0.24 + 0.08);
  check_near(feature(r, "structural_factor"), 0.24 + 0.24 - 0.3);  // dip outside 30-80: 0.8
  check_near(feature(r, "environmental_factor"), 0.1);
  check_near(feature(r, "maintenance_factor"), 0.04 + 0.06);
  check_near(feature(r, "monitoring_coverage"), 0.3);  // 0.06, at least 0.3
  r.support_installed = true;
  r.support_density = 5;
  check_near(feature(r, "support_adequacy"), 1);  // 0.36 + 2, clipped
  r.hydraulic_radius = 50;
  check_near(feature(r, "structural_factor"), 0);  // 0.24 + 0.24 − 0.7, clipped
  r.hydraulic_radius = 0;
  for (const auto& [dip, factor] :
       {std::pair{30.0, 1 - 15.0 / 90}, {80.0, 1 - 35.0 / 90}, {29.9, 0.8}, {80.1, 0.8}}) {
    r.dip = dip;
    check_near(feature(r, "structural_factor"), 0.24 + 0.3 * factor + 0.3);
  }
}

TEST_CASE("strengths and orientations belong to their categories") {
  // geological_factor − 0.4·rqd/100 = 0.6·strength, and so on, for every entry of the specification's tables.
  StaticRecord r = plain_record();
  const std::map<std::string, double> rocks{{"Granite", 0.9},   {"Quartzite", 0.85}, {"Basalt", 0.8},
                                            {"Obsidian", 0.8},  {"Marble", 0.75},    {"Gneiss", 0.7},
                                            {"Limestone", 0.7}, {"Slate", 0.65},     {"Schist", 0.6},
                                            {"Sandstone", 0.6}, {"Shale", 0.4}};
  CHECK(rocks.size() == rock_types.size());
  for (const auto& [rock, strength] : rocks) {
    r.rock_type = rock;
    check_near(feature(r, "geological_factor"), 0.6 * strength + 0.32);
    CHECK(feature(r, "rock_type=" + rock) == 1);
  }
  const std::map<std::string, double> supports{{"None", 0},         {"Mesh", 0.3},      {"Timber", 0.4},
                                               {"Rock Bolts", 0.6}, {"Shotcrete", 0.7}, {"Steel Sets", 0.8},
                                               {"Cable Bolts", 0.9}};
  CHECK(supports.size() == support_types.size());
  for (const auto& [support, strength] : supports) {
    r.support_type = support;
    check_near(feature(r, "support_adequacy"), 0.6 * strength + 0.28);
    CHECK(feature(r, "support_type=" + support) == 1);
  }
  const std::map<std::string, double> faces{{"North", 0.8},      {"South", 0.8},     {"East", 0.75},
                                            {"West", 0.75},      {"Northeast", 0.7}, {"Southeast", 0.7},
                                            {"Northwest", 0.65}, {"Southwest", 0.6}};
  CHECK(faces.size() == directions.size());
  for (const auto& [face, orientation] : faces) {
    r.direction = face;
    check_near(feature(r, "structural_factor"), 0.4 * orientation + 0.3 + 0.2);
    CHECK(feature(r, "direction=" + face) == 1);
  }
}

TEST_CASE("the label changes no input") {
  StaticRecord record = plain_record();
  record.stable = true;
  const auto stable = static_features(record).values;
  record.stable = false;
  CHECK(static_features(record).values == stable);
  record.stable.reset();
  CHECK(static_features(record).values == stable);
}

TEST_CASE("each category has one 1; a complete record has 41 finite inputs") {
  const StaticFeatures features = static_features(plain_record());
  CHECK(features.complete());
  CHECK(std::count(features.values.begin(), features.values.begin() + 26, 1.0) == 3);
  CHECK(std::count(features.values.begin(), features.values.begin() + 26, 0.0) == 23);
}

TEST_CASE("an unknown category is a finding and never a zero") {
  StaticRecord record = plain_record();
  record.rock_type = "granite";
  const StaticFeatures features = static_features(record);
  REQUIRE(features.unknown.size() == 1);
  CHECK(features.unknown[0].column == "rock_type");
  CHECK(features.unknown[0].value == "granite");
  CHECK(!features.complete());
  CHECK(is_missing(features.values[column("rock_type=Granite")]));
  CHECK(is_missing(features.values[column("geological_factor")]));
  CHECK(features.values[column("direction=North")] == 1);
}

TEST_CASE("a missing number stays missing, in everything derived from it too") {
  for (const StaticColumn& numeric : static_columns) {
    StaticRecord record = plain_record();
    record.*numeric.value = missing;
    CHECK(is_missing(feature(record, std::string(numeric.name))));
    CHECK(!static_features(record).complete());
  }
  StaticRecord record = plain_record();
  record.dip = missing;
  CHECK(is_missing(feature(record, "structural_factor")));
  CHECK(is_missing(feature(record, "complexity_index")));
  CHECK(is_missing(feature(record, "monitoring_coverage")));
  record = plain_record();
  record.depth = missing;
  CHECK(is_missing(feature(record, "risk_level")));
  CHECK(is_missing(feature(record, "environmental_factor")));
}
