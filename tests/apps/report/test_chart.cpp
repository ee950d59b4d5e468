#include <doctest/doctest.h>

#include <limits>

#include "apps/report/chart.h"
#include "tests/texts.h"

using namespace deepmine::apps::report;
using deepmine::test::contains;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("a point is drawn where its axes say; a missing value interrupts the line") {
  const std::string svg = chart({.id = "c",
                                 .title = "T",
                                 .x = {.label = "x", .low = 0, .high = 4},
                                 .y = {.label = "y", .low = 0, .high = 2},
                                 .lines = {{.name = "a", .x = {0, 1, 2, 3, 4}, .y = {0, 1, unknown, 2, 0}}}});
  // The frame: x from 48 to 350, y from 208 (bottom) to 10.
  CHECK(contains(svg, "<polyline points=\"48,208 123.5,109\"/><polyline points=\"274.5,10 350,208\"/>"));
  CHECK(contains(svg, "data-x-low=\"0\" data-x-high=\"4\" data-y-low=\"0\" data-y-high=\"2\""));
  CHECK_FALSE(contains(svg, "class=\"key\""));  // one series needs none
}

TEST_CASE("a logarithmic axis has a tick at each power of ten") {
  const std::string svg = chart({.id = "c",
                                 .title = "T",
                                 .x = {.label = "x"},
                                 .y = {.label = "rate", .low = 1e-5, .high = 1e-3, .logarithmic = true},
                                 .lines = {{.name = "a", .x = {0, 1}, .y = {1e-3, 1e-4}}}});
  CHECK(contains(svg, "points=\"48,10 350,109\""));
  CHECK(contains(svg, ">1e-05<"));
  CHECK(contains(svg, ">0.0001<"));
  CHECK(contains(svg, ">0.001<"));
}

TEST_CASE("series differ by class and shape, and have a key; names are text") {
  const std::string svg =
      chart({.id = "c",
             .title = "a < b",
             .x = {.label = "x"},
             .y = {.label = "y"},
             .points = {{"<one>", {0.5}, {0.5}, {0.25}, {0.75}}, {"two", {1}, {1}, {unknown}, {unknown}}}});
  CHECK(contains(svg, "<figcaption>a &lt; b</figcaption>"));
  CHECK(contains(svg, "data-series=\"&lt;one&gt;\""));
  CHECK(contains(svg, "<path class=\"interval\" d=\"M199 158.5V59.5\"/>"));
  CHECK(contains(svg, "class=\"points s1\" data-series=\"two\"><path class=\"mark\""));  // no interval
  CHECK(contains(svg, "class=\"key\""));
}

TEST_CASE("an axis around values has air, and is sound for one value and for none") {
  const Axis axis = axis_around("y", {{.name = "a", .x = {0, 1, 2}, .y = {1, unknown, 3}}}, unknown, unknown);
  CHECK(axis.low == doctest::Approx(0.9));
  CHECK(axis.high == doctest::Approx(3.1));
  const Axis one = axis_around("y", {{.name = "a", .x = {0}, .y = {2}}}, unknown, unknown);
  CHECK(one.low < 2);
  CHECK(one.high > 2);
  const Axis none = axis_around("y", {}, unknown, unknown);
  CHECK(none.low < none.high);
  CHECK(axis_around("y", {{.name = "a", .x = {0}, .y = {2}}}, 0, 5).high == 5);
}
