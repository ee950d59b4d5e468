#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "engine/nn/error.h"
#include "engine/stope/split.h"
#include "tests/engine/stope/reference_data.h"

using namespace deepmine::stope;

namespace {

constexpr Day start = 19000;

Dataset make_dataset(int stopes, int unstable, int days) {
  std::vector<StopeRecord> records;
  for (int i = 0; i < stopes; ++i) {
    records.push_back({"stope " + std::to_string(i), plain_record(), plain_readings(start, days)});
    records.back().statics.stable = i >= unstable;
  }
  return Dataset(std::move(records), SiteSettings{});
}

std::vector<std::int8_t> make_labels(int stable, int unstable, int unknown = 0) {
  std::vector<std::int8_t> labels(static_cast<std::size_t>(stable), 0);
  labels.insert(labels.end(), static_cast<std::size_t>(unstable), 1);
  labels.insert(labels.end(), static_cast<std::size_t>(unknown), masked);
  return labels;
}

int count(const std::vector<Part>& parts, Part part, std::size_t begin, std::size_t end) {
  return static_cast<int>(std::count(parts.begin() + static_cast<std::ptrdiff_t>(begin),
                                     parts.begin() + static_cast<std::ptrdiff_t>(end), part));
}

void check_disjoint_and_complete(const Dataset& dataset, const Split& split) {
  std::vector<std::uint32_t> all;
  for (const WindowSelection* part : {&split.training, &split.validation, &split.test}) {
    CHECK(std::is_sorted(part->windows.begin(), part->windows.end()));
    all.insert(all.end(), part->windows.begin(), part->windows.end());
  }
  std::sort(all.begin(), all.end());
  REQUIRE(all.size() == dataset.windows().size());
  for (std::uint32_t i = 0; i < all.size(); ++i) REQUIRE(all[i] == i);
}

}  // namespace

TEST_CASE("a stope split keeps stopes apart and loses no window") {
  const Dataset dataset = make_dataset(20, 6, 40);
  const Split split = split_windows(dataset, {});
  check_disjoint_and_complete(dataset, split);
  const auto training = stope_names(dataset, split.training);
  const auto validation = stope_names(dataset, split.validation);
  const auto test = stope_names(dataset, split.test);
  CHECK(training.size() == 12);
  CHECK(validation.size() == 4);
  CHECK(test.size() == 4);
  std::set<std::string> names(training.begin(), training.end());
  names.insert(validation.begin(), validation.end());
  names.insert(test.begin(), test.end());
  CHECK(names.size() == 20);
  CHECK(split.training.targets_before == std::numeric_limits<Day>::max());
}

TEST_CASE("a stope without a usable window is in no part") {
  std::vector<StopeRecord> records;
  for (int i = 0; i < 6; ++i)
    records.push_back({std::to_string(i), plain_record(), plain_readings(start, i < 3 ? 10 : 40)});
  const Dataset dataset(std::move(records), SiteSettings{});
  const Split split = split_windows(dataset, {SplitMethod::stope, 0.3, 0.3, 1});
  CHECK(stope_names(dataset, split.training).size() == 1);
  CHECK(stope_names(dataset, split.validation).size() == 1);
  CHECK(stope_names(dataset, split.test).size() == 1);
}

TEST_CASE("each class is spread over the parts in proportion, for any seed") {
  const auto labels = make_labels(37, 13);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto parts = split_stopes(labels, 0.2, 0.2, seed);
    CHECK(count(parts, Part::test, 0, 50) == 10);
    CHECK(count(parts, Part::validation, 0, 50) == 10);
    CHECK(count(parts, Part::test, 37, 50) == 3);
    CHECK(count(parts, Part::validation, 37, 50) == 3);
  }
}

TEST_CASE("every part has both classes as soon as there are three of each and room for them") {
  for (int stable = 3; stable <= 30; ++stable)
    for (int unstable = 3; unstable <= stable; ++unstable) {
      const auto labels = make_labels(stable, unstable, 1);
      const auto parts = split_stopes(labels, 0.3, 0.3, 7);
      for (const Part part : {Part::training, Part::validation, Part::test}) {
        CHECK(count(parts, part, 0, static_cast<std::size_t>(stable)) >= 1);
        CHECK_MESSAGE(count(parts, part, static_cast<std::size_t>(stable),
                            static_cast<std::size_t>(stable + unstable)) >= 1,
                      stable, " stable and ", unstable, " unstable");
      }
    }
}

TEST_CASE("a rare class is in every part although its share rounds to none") {
  const auto parts =
      split_stopes(make_labels(30, 3), 0.1, 0.1, 3);  // 3 seats each, the share of the class is 0.27
  for (const Part part : {Part::training, Part::validation, Part::test})
    CHECK(count(parts, part, 30, 33) == 1);
}

TEST_CASE("few stopes: each part asked for gets one, training keeps the rare class, or an error") {
  const auto three = split_stopes(make_labels(3, 0), 0.2, 0.2, 0);
  for (const Part part : {Part::training, Part::validation, Part::test}) CHECK(count(three, part, 0, 3) == 1);
  const auto two = split_stopes(make_labels(1, 1), 0.9, 0, 0);
  CHECK(count(two, Part::validation, 0, 2) == 1);
  CHECK(count(two, Part::training, 0, 2) == 1);
  const auto lone = split_stopes(make_labels(1, 1, 1), 0.2, 0.2, 0);
  for (const Part part : {Part::training, Part::validation, Part::test}) CHECK(count(lone, part, 0, 3) == 1);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto rare = split_stopes(make_labels(9, 1), 0.2, 0.2, seed);
    CHECK(rare[9] == Part::training);
  }
  CHECK_THROWS_AS(split_stopes(make_labels(2, 0), 0.2, 0.2, 0), deepmine::Error);
  CHECK_THROWS_AS(split_stopes(make_labels(0, 0), 0, 0, 0), deepmine::Error);
  CHECK(count(split_stopes(make_labels(1, 0), 0, 0, 0), Part::training, 0, 1) == 1);
}

TEST_CASE("fractions that make no sense are a usage error") {
  const Dataset dataset = make_dataset(10, 3, 40);
  for (const auto& [validation, test] : {std::pair{0.5, 0.5}, {-0.1, 0.2}, {0.2, 1.0}, {0.2, std::nan("")}})
    try {
      split_windows(dataset, {SplitMethod::random, validation, test, 0});
      FAIL("accepted ", validation, " and ", test);
    } catch (const deepmine::Error& error) {
      CHECK(error.code() == deepmine::ErrorCode::usage);
    }
  CHECK_THROWS_AS(split_windows(Dataset({}, SiteSettings{}), {}), deepmine::Error);
}

TEST_CASE("the same seed gives the same split, another seed another") {
  const Dataset dataset = make_dataset(30, 9, 40);
  for (const SplitMethod method : {SplitMethod::stope, SplitMethod::random}) {
    const Split one = split_windows(dataset, {method, 0.2, 0.2, 5});
    CHECK(one.test.windows == split_windows(dataset, {method, 0.2, 0.2, 5}).test.windows);
    CHECK(one.test.windows != split_windows(dataset, {method, 0.2, 0.2, 6}).test.windows);
  }
}

TEST_CASE("the forward split holds out later days, and no target of an earlier part lies in a later one") {
  const Dataset dataset = make_dataset(5, 2, 90);  // windows end on days 29 … 89
  const Split split = split_windows(dataset, {SplitMethod::forward, 0.2, 0.2, 0});
  check_disjoint_and_complete(dataset, split);
  REQUIRE(split.validation_from);
  REQUIRE(split.test_from);
  CHECK(*split.test_from == start + 77);  // 61 of 305 windows, in whole days of five: 13 days
  CHECK(*split.validation_from == start + 64);
  std::array<std::int8_t, 5> targets{};
  const auto check_part = [&](const WindowSelection& part, Day first, Day before) {
    int open = 0;
    for (const std::uint32_t w : part.windows) {
      const Day end = dataset.windows()[w].end;
      REQUIRE(end >= first);
      REQUIRE(end < before);
      dataset.write_future_targets(w, part.targets_before, targets.data());
      for (std::size_t k = 0; k < 5; ++k)
        if (targets[k] != masked) {
          REQUIRE(end + dataset.plan().horizons[k] < before);
          ++open;
        }
    }
    CHECK(open > 0);
  };
  check_part(split.training, start, *split.validation_from);
  check_part(split.validation, *split.validation_from, *split.test_from);
  check_part(split.test, *split.test_from, start + 90);
  // The scalers know nothing of the held-out days either: 64 days of five stopes.
  CHECK(fit_input_scaler(dataset, split.training).sensors[0].count == 5 * 64);
}

TEST_CASE("the forward split without validation, and with too few days") {
  const Dataset dataset = make_dataset(5, 2, 60);
  const Split split = split_windows(dataset, {SplitMethod::forward, 0, 0.2, 0});
  CHECK(!split.validation_from);
  CHECK(split.validation.windows.empty());
  CHECK(split.training.targets_before == *split.test_from);
  CHECK_THROWS_AS(split_windows(make_dataset(5, 2, 31), {SplitMethod::forward, 0.2, 0.2, 0}),
                  deepmine::Error);
}

TEST_CASE("the random split takes windows and can leave parts out") {
  const Dataset dataset = make_dataset(10, 3, 39);
  const Split split = split_windows(dataset, {SplitMethod::random, 0.1, 0.25, 3});
  check_disjoint_and_complete(dataset, split);
  CHECK(split.validation.windows.size() == 10);
  CHECK(split.test.windows.size() == 25);
  const Split whole = split_windows(dataset, {SplitMethod::random, 0, 0, 3});
  CHECK(whole.training.windows.size() == 100);
}

TEST_CASE("folds are of equal size, stratified and the same for the same seed") {
  const auto labels = make_labels(37, 13);
  const auto folds = stratified_folds(labels, 5, 11);
  CHECK(folds == stratified_folds(labels, 5, 11));
  CHECK(folds != stratified_folds(labels, 5, 12));
  for (int fold = 0; fold < 5; ++fold) {
    CHECK(std::count(folds.begin(), folds.end(), fold) == 10);
    const auto unstable = std::count(folds.begin() + 37, folds.end(), fold);
    CHECK(unstable >= 2);
    CHECK(unstable <= 3);
  }
  CHECK_THROWS_AS(stratified_folds(labels, 1, 0), deepmine::Error);
  CHECK_THROWS_AS(stratified_folds(make_labels(2, 0), 3, 0), deepmine::Error);
}
