#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <vector>

#include "engine/stope/window_summary.h"

using namespace deepmine::stope;

namespace {

std::array<double, summaries_per_sensor> summary_of(const std::vector<DailyReading>& window, Sensor sensor) {
  StaticFeatures features;
  for (std::size_t i = 0; i < static_feature_count; ++i) features.values[i] = static_cast<double>(i) + 0.5;
  std::array<double, window_summary_count> all{};
  write_window_summary(features, window, all.data());
  for (std::size_t i = 0; i < static_feature_count; ++i) CHECK(all[i] == features.values[i]);
  std::array<double, summaries_per_sensor> result{};
  for (std::size_t k = 0; k < result.size(); ++k)
    result[k] = all[static_feature_count + static_cast<std::size_t>(sensor) * summaries_per_sensor + k];
  return result;
}

}  // namespace

TEST_CASE("a window in eight numbers a sensor") {
  // Stress of ten days: 0 0 0 then 1 to 7; the others follow their own line.
  std::vector<DailyReading> window;
  for (int day = 0; day < 10; ++day)
    window.push_back({1.0, 2.0 * day, std::max(0.0, day - 2.0), -1.0 * day, 50.0});
  const auto stress = summary_of(window, Sensor::stress);
  CHECK(std::abs(stress[0] - 2.8) < 1e-12);                     // mean
  CHECK(std::abs(stress[1] - std::sqrt(14.0 - 7.84)) < 1e-12);  // population deviation
  CHECK(stress[2] == 0);                                        // lowest
  CHECK(stress[3] == 7);                                        // highest
  CHECK(stress[4] == 7);                                        // last
  CHECK(std::abs(stress[5] - 0.8484848484848485) < 1e-12);      // numpy.polyfit, degree 1
  CHECK(std::abs(stress[6] - 4.0) < 1e-12);                     // mean of the last 7 days
  CHECK(std::abs(stress[7] - 1.0) < 1e-12);                     // their slope
  const auto deformation = summary_of(window, Sensor::deformation_rate);
  CHECK(std::abs(deformation[5] - 2.0) < 1e-12);
  const auto humidity = summary_of(window, Sensor::humidity);
  CHECK(humidity[1] == 0);
  CHECK(humidity[5] == 0);
}

TEST_CASE("of a window of fewer than seven days all are the last ones") {
  const std::vector<DailyReading> window{{1, 1, 1, 1, 1}, {3, 3, 3, 3, 3}};
  const auto vibration = summary_of(window, Sensor::vibration_velocity);
  CHECK(vibration[0] == vibration[6]);
  CHECK(vibration[5] == 2);
  CHECK(vibration[7] == 2);
}
