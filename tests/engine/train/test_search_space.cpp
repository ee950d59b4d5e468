#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "engine/train/search_space.h"
#include "engine/train/successive_halving.h"

using namespace deepmine::train;
using Kind = SearchDimension::Kind;

namespace {

SearchDimension range(const char* name, Kind kind, double lowest, double highest, bool whole = false) {
  return {.name = name, .kind = kind, .choices = {}, .lowest = lowest, .highest = highest, .whole = whole};
}

std::vector<double> drawn(const SearchDimension& dimension, int trials) {
  std::vector<double> values;
  for (int trial = 0; trial < trials; ++trial)
    values.push_back(std::get<double>(draw_settings({dimension}, 7, trial).at(dimension.name)));
  return values;
}

}  // namespace

TEST_CASE("ranges are honoured, evenly, or evenly in the logarithm") {
  int below_half = 0, below_tenth = 0;
  for (const double value : drawn(range("a", Kind::uniform, 0.2, 0.8), 400)) {
    CHECK(value >= 0.2);
    CHECK(value <= 0.8);
    below_half += value < 0.5;
  }
  CHECK(below_half > 150);
  CHECK(below_half < 250);
  for (const double value : drawn(range("a", Kind::log_uniform, 0.001, 0.1), 400)) {
    CHECK(value >= 0.001);
    CHECK(value <= 0.1);
    below_tenth += value < 0.01;
  }
  CHECK(below_tenth > 150);
  CHECK(below_tenth < 250);
}

TEST_CASE("whole numbers are whole, both ends included, each as likely") {
  std::multiset<double> seen;
  for (const double value : drawn(range("a", Kind::uniform, 2, 4, true), 300)) seen.insert(value);
  CHECK(seen.count(2) + seen.count(3) + seen.count(4) == 300);
  for (const double value : {2.0, 3.0, 4.0}) CHECK(seen.count(value) > 60);
  for (const double value : drawn(range("a", Kind::log_uniform, 4, 256, true), 100)) {
    CHECK(value == std::round(value));
    CHECK(value >= 4);
    CHECK(value <= 256);
  }
}

TEST_CASE("numbers have three significant digits") {
  for (const double value : drawn(range("a", Kind::log_uniform, 1e-7, 1e5), 200)) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2e", value);
    CHECK(std::strtod(text, nullptr) == value);
  }
}

TEST_CASE("choices are among those given, and each comes up") {
  SearchDimension dimension{.name = "a", .kind = Kind::choice, .choices = {8.0, 16.0, std::string("none")}};
  std::set<SettingValue> seen;
  for (int trial = 0; trial < 60; ++trial) seen.insert(draw_settings({dimension}, 1, trial).at("a"));
  CHECK(seen == std::set<SettingValue>(dimension.choices.begin(), dimension.choices.end()));
}

TEST_CASE("settings depend on seed, trial and name alone") {
  const SearchDimension a = range("a", Kind::uniform, 0, 1), b = range("b", Kind::uniform, 0, 1);
  CHECK(draw_settings({a, b}, 3, 5).at("a") == draw_settings({a}, 3, 5).at("a"));
  CHECK(draw_settings({b, a}, 3, 5) == draw_settings({a, b}, 3, 5));
  CHECK(draw_settings({a}, 3, 5) != draw_settings({a}, 3, 6));
  CHECK(draw_settings({a}, 3, 5) != draw_settings({a}, 4, 5));
  CHECK(draw_settings({a, b}, 3, 5).at("a") != draw_settings({a, b}, 3, 5).at("b"));
}

TEST_CASE("rungs: one in so many trials goes on, with as many times the epochs") {
  CHECK(halving_rungs(16, 100, 3, 5) == std::vector<Rung>{{16, 11}, {6, 33}, {2, 100}});
  CHECK(halving_rungs(8, 40, 2, 1) == std::vector<Rung>{{8, 10}, {4, 20}, {2, 40}});
  CHECK(halving_rungs(27, 10, 3, 5) == std::vector<Rung>{{27, 5}, {9, 5}, {3, 10}});
  CHECK(halving_rungs(1, 10, 3, 5) == std::vector<Rung>{{1, 10}});
  CHECK(halving_rungs(2, 10, 3, 5) == std::vector<Rung>{{2, 10}});
  CHECK(halving_rungs(3, 2, 3, 5) == std::vector<Rung>{{3, 2}});  // never more than asked for
}

TEST_CASE("the lowest losses go on, of equal ones the earlier, one that is no number last") {
  const std::vector<double> losses{0.5, NAN, 0.2, INFINITY, 0.5, 0.1};
  CHECK(best_trials(losses, 3) == std::vector<std::size_t>{5, 2, 0});
  CHECK(best_trials(losses, 6) == std::vector<std::size_t>{5, 2, 0, 4, 1, 3});
  CHECK(best_trials(losses, 99).size() == 6);
}
