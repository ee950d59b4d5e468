#include <doctest/doctest.h>

#include <cmath>

#include "engine/stope/scaler.h"
#include "tests/engine/stope/reference_data.h"

using namespace deepmine::stope;

TEST_CASE("mean and population deviation, range and count of one column") {
  ColumnFit fit;
  for (const double value : {2.0, 4.0, missing, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) fit.add(value);
  const ColumnScale scale = fit.finish();
  CHECK(scale.count == 8);
  CHECK(std::abs(scale.mean - 5) < 1e-15);
  CHECK(std::abs(scale.deviation - 2) < 1e-15);  // the sample deviation would be 2.138
  CHECK(scale.lowest == 2);
  CHECK(scale.highest == 9);
  CHECK(std::abs(scale.scaled(9) - 2) < 1e-15);
}

TEST_CASE("a small deviation around a large mean does not cancel") {
  ColumnFit fit;
  for (int i = 0; i < 1000; ++i) fit.add(1e9 + (i % 2 == 0 ? 0.5 : -0.5));
  CHECK(std::abs(fit.finish().deviation - 0.5) < 1e-9);
}

TEST_CASE("a constant column scales to 0 by a deviation of 1") {
  ColumnFit fit;
  for (int i = 0; i < 7; ++i) fit.add(0.1);
  CHECK(fit.finish().deviation == 1);
  CHECK(std::abs(fit.finish().scaled(0.1)) < 1e-15);
  CHECK(ColumnFit{}.finish() == ColumnScale{});
}

TEST_CASE("outside means further than the margin of the width, on either side") {
  ColumnScale scale;
  scale.lowest = 0;
  scale.highest = 10;
  CHECK(!scale.outside(10.9, 0.1));
  CHECK(!scale.outside(-0.9, 0.1));
  CHECK(scale.outside(11.1, 0.1));
  CHECK(scale.outside(-1.1, 0.1));
  CHECK(!scale.outside(missing, 0.1));
}

TEST_CASE("only the columns that the table marks are scaled; categories pass through") {
  InputScalerFit fit;
  StaticRecord record = plain_record();
  fit.add_statics(static_features(record));
  record.rqd = 60;
  record.rock_type = "Slate";
  fit.add_statics(static_features(record));
  for (std::size_t s = 0; s < sensor_count; ++s)
    for (const double value : {1.0, 3.0})
      fit.add_reading(static_cast<Sensor>(s), value + static_cast<double>(s));
  const InputScaler scaler = fit.finish();
  REQUIRE(scaler.valid());

  std::array<float, static_feature_count> statics{};
  scaler.write_statics(static_features(record), statics.data());
  const auto& table = feature_table().statics;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (!table[i].scaled)
      CHECK_MESSAGE(statics[i] == (table[i].name == "direction=North" || table[i].name == "rock_type=Slate" ||
                                           table[i].name == "support_type=Rock Bolts"
                                       ? 1.0F
                                       : 0.0F),
                    table[i].name);
    if (table[i].name == "rqd") CHECK(statics[i] == -1.0F);
    if (table[i].name == "dip") CHECK(statics[i] == 0.0F);
  }
  CHECK(scaler.categories_seen[0] == 1);      // North
  CHECK(scaler.categories_seen[1] == 0);      // Northeast
  CHECK(scaler.categories_seen[8] == 1);      // Granite
  CHECK(scaler.categories_seen[8 + 6] == 1);  // Slate

  const std::vector<DailyReading> days{{1, 2, 3, 4, 5}, {3, 4, 5, 6, 9}};
  std::array<float, 2 * sensor_count> series{};
  scaler.write_series(days, series.data());
  const std::array<float, 2 * sensor_count> expected{-1, -1, -1, -1, -1, 1, 1, 1, 1, 3};
  CHECK(series == expected);
}

TEST_CASE("a scaler that was damaged or never fitted is not valid") {
  InputScalerFit fit;
  CHECK(!fit.finish().valid());
  fit.add_statics(static_features(plain_record()));
  for (std::size_t s = 0; s < sensor_count; ++s) fit.add_reading(static_cast<Sensor>(s), 1);
  const InputScaler good = fit.finish();
  REQUIRE(good.valid());
  for (int fault = 0; fault < 6; ++fault) {
    InputScaler scaler = good;
    if (fault == 0) scaler.statics.pop_back();
    if (fault == 1) scaler.sensors[2].deviation = 0;
    if (fault == 2) scaler.statics[3].mean = missing;
    if (fault == 3) scaler.categories_seen.push_back(0);
    if (fault == 4) scaler.categories_seen[0] = 2;
    if (fault == 5) scaler.sensors[0].lowest = scaler.sensors[0].highest + 1;
    CHECK_MESSAGE(!scaler.valid(), "fault ", fault);
  }
}
