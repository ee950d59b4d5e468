// Line charts and point charts as SVG. Lines differ by dashes and points by shape, so that a page in black
// and white can be read. Every drawn series carries its name, and the figure its axes (data-x-low and so on):
// what is drawn can be measured and compared with the numbers it was drawn from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deepmine::apps::report {

struct Axis {
  std::string label{};
  double low = 0, high = 1;
  bool logarithmic = false;  ///< both ends above 0 then
  /// Where ticks are; empty: round numbers. With names, one a tick.
  std::vector<double> ticks{};
  std::vector<std::string> tick_names{};
};

/// Points that are joined. A point whose y is not finite interrupts the line.
struct Line {
  std::string name{};
  std::vector<double> x{}, y{};
  bool marked = false;  ///< every point has a dot as well
};

/// Points with intervals; low and high not finite: a point alone.
struct Points {
  std::string name{};
  std::vector<double> x{}, y{}, low{}, high{};
};

struct Chart {
  std::string id{}, title{}, explanation{};  ///< `id` of the <figure>; the rest is shown
  Axis x{}, y{};
  std::vector<Line> lines{};
  std::vector<Points> points{};
  bool diagonal = false;  ///< a thin line from corner to corner
};

/// A `<figure>`, with a key where there are several series.
std::string chart(const Chart& chart);

/// An axis that holds all finite values with a little air, and at least `low`…`high` where they are finite.
Axis axis_around(std::string label, const std::vector<Line>& lines, double low, double high);

}  // namespace deepmine::apps::report
