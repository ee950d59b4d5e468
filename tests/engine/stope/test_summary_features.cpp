#include <doctest/doctest.h>

#include <array>

#include "engine/stope/feature_table.h"
#include "engine/stope/summary_features.h"
#include "tests/engine/stope/reference_data.h"

using namespace deepmine::stope;

namespace {

using Summaries = std::array<double, summary_feature_count>;

Summaries summaries_of(std::span<const DailyReading> window) {
  Summaries values{};
  write_summary_features(window, values.data());
  return values;
}

/// The summary with this name.
double summary(const Summaries& values, const std::string& name) {
  const std::vector<SummaryName> names = summary_names();
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i].name == name) return values[i];
  FAIL("there is no summary named " << name);
  return missing;
}

}  // namespace

TEST_CASE("every summary of a window, worked out by hand") {
  // Stress 10, 12, …, 26, then 50 on the last day; the other sensors stand still.
  std::vector<DailyReading> window(10, DailyReading{1, 0.25, 0, 20, 60});
  for (std::size_t i = 0; i < window.size(); ++i) window[i][2] = 10 + 2 * static_cast<double>(i);
  window.back()[2] = 50;
  const Summaries values = summaries_of(window);
  CHECK(summary(values, "stress mean") == doctest::Approx(21.2).epsilon(1e-14));
  // Σx² = 3156 + 2500 for 10, …, 26 and 50.
  CHECK(summary(values, "stress standard deviation") ==
        doctest::Approx(std::sqrt(5656.0 / 10 - 21.2 * 21.2)).epsilon(1e-12));
  CHECK(summary(values, "stress lowest") == 10);
  CHECK(summary(values, "stress highest") == 50);
  CHECK(summary(values, "stress last value") == 50);
  // A line of slope 2, and 22 more on the last day, 4.5 days from the middle: 2 + 22·4.5/82.5.
  CHECK(summary(values, "stress slope") == doctest::Approx(3.2).epsilon(1e-13));
  CHECK(summary(values, "stress mean of 7 days") == doctest::Approx(176.0 / 7 + 0.0).epsilon(1e-13));
  CHECK(summary(values, "stress slope of 7 days") == doctest::Approx(2 + 22 * 3 / 28.0).epsilon(1e-13));
  CHECK(summary(values, "vibration_velocity mean") == 1);
  CHECK(summary(values, "vibration_velocity standard deviation") == 0);
  CHECK(summary(values, "deformation_rate last value") == 0.25);
  CHECK(summary(values, "humidity slope of 7 days") == doctest::Approx(0));
}

TEST_CASE("of a window shorter than a week all days are the last ones") {
  const std::vector<DailyReading> window{{1, 1, 1, 1, 1}, {2, 3, 4, 5, 6}, {3, 5, 7, 9, 11}};
  const Summaries values = summaries_of(window);
  for (const SensorColumn& sensor : sensor_columns) {
    const std::string name(sensor.name);
    CHECK(summary(values, name + " mean of 7 days") == summary(values, name + " mean"));
    CHECK(summary(values, name + " slope of 7 days") == summary(values, name + " slope"));
  }
  CHECK(summary(values, "stress slope") == doctest::Approx(3));
}

TEST_CASE("the feature table names every summary, with the sensor's unit") {
  const auto& table = feature_table().summary;
  REQUIRE(table.size() == summary_feature_count);
  CHECK(table[0].name == "vibration_velocity mean");
  CHECK(table[0].unit == "mm/s");
  CHECK(table[8 + 5].name == "deformation_rate slope");
  CHECK(table[8 + 5].unit == "mm/day per day");
  for (const FeatureColumn& column : table) CHECK(column.scaled);
}
