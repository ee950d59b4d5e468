#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "engine/nn/error.h"
#include "engine/stope/dataset.h"
#include "engine/stope/split.h"
#include "tests/engine/stope/reference_data.h"

using namespace deepmine::stope;

namespace {

constexpr Day start = 19000;

StopeRecord plain_stope(const std::string& name, int days) {
  return {name, plain_record(), plain_readings(start, days)};
}

WindowSelection all_windows(const Dataset& dataset) {
  WindowSelection selection;
  selection.windows.resize(dataset.windows().size());
  std::iota(selection.windows.begin(), selection.windows.end(), 0U);
  return selection;
}

std::vector<int> targets(const Dataset& dataset, std::size_t window) {
  const auto span = dataset.future_targets(window);
  return {span.begin(), span.end()};
}

}  // namespace

TEST_CASE("the sample data gives the windows and targets of the reference labels") {
  const auto folder = reference_folder();
  if (!folder) {
    MESSAGE("DEEPMINE_REFERENCE_DATA is not set: the sample data is not compared");
    return;
  }
  const Dataset dataset(read_stopes(*folder), SiteSettings{});
  const TextTable table = read_table(*folder + "/../fixtures/risk_labels.csv");
  REQUIRE(dataset.windows().size() == 3050);
  for (std::size_t w = 0; w < dataset.windows().size(); ++w) {
    const auto& row = table[w + 1];
    REQUIRE(dataset.stopes()[dataset.windows()[w].stope].name == row[0]);
    REQUIRE(format_day(dataset.windows()[w].end) == row[1]);
    std::vector<int> expected;
    for (std::size_t k = 3; k < 8; ++k) expected.push_back(row[k].empty() ? -1 : std::stoi(row[k]));
    REQUIRE(targets(dataset, w) == expected);
  }
  const ClassCounts counts = dataset.class_counts(all_windows(dataset));
  CHECK(counts.current[0] == 37 * 61);
  CHECK(counts.current[1] == 13 * 61);
  CHECK(counts.future[0][0] == 2039);
  CHECK(counts.future[4][5] == 66);
}

TEST_CASE("windows are counted or explained, every day of every stope") {
  std::vector<StopeRecord> records{plain_stope("a", 40), plain_stope("b", 20), plain_stope("c", 50),
                                   plain_stope("d", 0), plain_stope("e", 40)};
  records[2].statics.stable.reset();
  for (std::size_t day = 35; day < 39; ++day) records[2].readings.days[day][1] = missing;
  records[4].statics.rock_type = "Chalk";
  const Dataset dataset(std::move(records), SiteSettings{});
  CHECK(dataset.windows().size() == 11 + 6);
  const auto count = [&](WindowState s) { return dataset.counts().days[static_cast<std::size_t>(s)]; };
  CHECK(count(WindowState::usable) == 17);
  CHECK(count(WindowState::history_too_short) == 29 + 20 + 29);
  CHECK(count(WindowState::last_day_missing) == 4);
  CHECK(count(WindowState::gap_too_long) == 11);
  CHECK(dataset.counts().stopes_without_readings == 1);
  CHECK(dataset.counts().stopes_with_incomplete_record == 1);
  CHECK(dataset.counts().windows_without_label == 6);
  CHECK(dataset.current_target(0) == 0);
  CHECK(dataset.current_target(16) == masked);
}

TEST_CASE("a target that lies past the data or was not observed is masked, also where the gap was filled") {
  std::vector<StopeRecord> records{plain_stope("a", 45)};
  records[0].readings.days[32][2] = missing;  // filled for windows; no observation for a target
  records[0].readings.days[36][4] = missing;  // humidity: the rules do not need it
  const Dataset dataset(std::move(records), SiteSettings{});
  REQUIRE(dataset.windows()[0].end == start + 29);
  CHECK(targets(dataset, 0) == std::vector<int>{0, -1, 0, 0, -1});
}

TEST_CASE("an unstable label is class 1; targets can be cut at a day") {
  std::vector<StopeRecord> records{plain_stope("a", 60)};
  records[0].statics.stable = false;
  const Dataset dataset(std::move(records), SiteSettings{});
  CHECK(dataset.current_target(0) == 1);
  CHECK(targets(dataset, 0) == std::vector<int>{0, 0, 0, 0, 0});
  std::array<std::int8_t, 5> cut{};
  dataset.write_future_targets(0, start + 29 + 7, cut.data());
  CHECK(cut == std::array<std::int8_t, 5>{0, 0, masked, masked, masked});
  WindowSelection one{{0}, start + 29 + 7};
  const ClassCounts counts = dataset.class_counts(one);
  CHECK(counts.future[1][0] == 1);
  CHECK(counts.future[2][0] == 0);
}

TEST_CASE("a sample is the scaled record and the scaled window, oldest day first") {
  std::vector<StopeRecord> records{plain_stope("a", 45), plain_stope("b", 31)};
  for (std::size_t day = 0; day < 45; ++day) records[0].readings.days[day][3] = 20 + static_cast<double>(day);
  records[1].statics.rqd = 40;
  const Dataset dataset(std::move(records), SiteSettings{});
  const InputScaler scaler = fit_input_scaler(dataset, all_windows(dataset));
  REQUIRE(scaler.valid());
  std::array<float, static_feature_count> statics{};
  std::array<float, 5 * 30> series{};
  dataset.write_sample(4, {}, scaler, statics.data(), series.data());  // days 4 … 33 of stope a
  for (std::size_t day = 0; day < 30; ++day)
    CHECK(series[day * 5 + 3] == static_cast<float>((24 + static_cast<double>(day) - scaler.sensors[3].mean) /
                                                    scaler.sensors[3].deviation));
  CHECK(statics[26] == 1.0F);  // rqd 80 of {80, 40}
}

TEST_CASE("scalers see the training stopes only, each day once, observed readings only") {
  std::vector<StopeRecord> records{plain_stope("a", 40), plain_stope("b", 60)};
  for (auto& day : records[0].readings.days) day[0] = 2;
  for (auto& day : records[1].readings.days) day[0] = 400;
  records[0].readings.days[10][0] = missing;
  records[0].readings.days[9][0] = 5;  // would be counted twice if the carried copy counted
  const Dataset dataset(std::move(records), SiteSettings{});
  WindowSelection first_stope;
  for (std::uint32_t w = 0; w < dataset.windows().size(); ++w)
    if (dataset.windows()[w].stope == 0) first_stope.windows.push_back(w);
  const InputScaler scaler = fit_input_scaler(dataset, first_stope);
  CHECK(scaler.sensors[0].count == 39);
  CHECK(scaler.sensors[0].highest == 5);
  CHECK(std::abs(scaler.sensors[0].mean - (38 * 2 + 5) / 39.0) < 1e-14);
  CHECK(scaler.sensors[1].count == 40);
  CHECK(scaler.statics[0].count == 1);
  first_stope.windows.resize(1);  // the first window only: days 0 … 29
  CHECK(fit_input_scaler(dataset, first_stope).sensors[1].count == 30);
}

TEST_CASE("impossible values and senseless plans are refused") {
  std::vector<StopeRecord> records{plain_stope("a", 40)};
  records[0].readings.days[7][2] = 1e6;
  CHECK_THROWS_WITH_AS(Dataset(records, SiteSettings{}), doctest::Contains("stope 'a': stress on 2022-01-15"),
                       deepmine::Error);
  records[0].readings.days[7][2] = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(Dataset(records, SiteSettings{}), deepmine::Error);
  records = {plain_stope("a", 40)};
  records[0].statics.depth = -1;
  CHECK_THROWS_WITH_AS(Dataset(records, SiteSettings{}), doctest::Contains("depth"), deepmine::Error);
  CHECK_THROWS_AS(Dataset({}, SiteSettings{}, WindowPlan{30, {3, 3}}), deepmine::Error);
  CHECK_THROWS_AS(Dataset({}, SiteSettings{}, WindowPlan{1, {3}}), deepmine::Error);
  CHECK(Dataset({}, SiteSettings{}).windows().empty());
}

TEST_CASE("preparing is linear: 2,000 stopes of a year take a fraction of a second, ten at the very most") {
  const double most = std::getenv("DEEPMINE_QUICK") != nullptr ? 100 : 10;  // seconds; with a sanitizer
  std::vector<StopeRecord> records;
  for (int i = 0; i < 2'000; ++i) records.push_back(plain_stope(std::to_string(i), 365));
  const auto begin = std::chrono::steady_clock::now();
  const Dataset dataset(std::move(records), SiteSettings{});
  const auto middle = std::chrono::steady_clock::now();
  const InputScaler scaler = fit_input_scaler(dataset, all_windows(dataset));
  const auto end = std::chrono::steady_clock::now();
  CHECK(dataset.windows().size() == 2'000 * 336);
  CHECK(std::chrono::duration<double>(middle - begin).count() < most);
  CHECK(std::chrono::duration<double>(end - middle).count() < most);
}
