#include "apps/report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "apps/report/markup.h"

namespace deepmine::apps::report {
namespace {

// The drawing's own coordinates; the page scales it.
constexpr double width = 360, height = 250, left = 48, right = 350, top = 10, bottom = 208;

class Scale {
 public:
  Scale(const Axis& axis, double from, double to) : axis_(axis), from_(from), to_(to) {}
  double operator()(double value) const {
    const double part = axis_.logarithmic ? std::log(value / axis_.low) / std::log(axis_.high / axis_.low)
                                          : (value - axis_.low) / (axis_.high - axis_.low);
    return from_ + part * (to_ - from_);
  }

 private:
  const Axis& axis_;
  double from_, to_;
};

/// Round numbers about `count` times between the ends.
std::vector<double> round_ticks(const Axis& axis, int count) {
  std::vector<double> ticks;
  if (axis.logarithmic) {
    for (double tick = std::pow(10, std::ceil(std::log10(axis.low) - 1e-9)); tick <= axis.high * (1 + 1e-9);
         tick *= 10)
      ticks.push_back(tick);
    return ticks;
  }
  const double rough = (axis.high - axis.low) / count;
  const double magnitude = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * magnitude;
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * magnitude >= rough * 0.999) {
      step = factor * magnitude;
      break;
    }
  for (double i = std::ceil(axis.low / step - 1e-9); i * step <= axis.high + 1e-9 * step; ++i)
    ticks.push_back(i * step);
  return ticks;
}

std::string tick_name(const Axis& axis, std::size_t i, double tick) {
  return i < axis.tick_names.size() ? escaped(axis.tick_names[i])
                                    : short_number(std::abs(tick) < 1e-12 ? 0 : tick);
}

std::string axes(const Chart& chart, const Scale& x, const Scale& y) {
  std::string svg = fmt::format("<path class=\"axis\" d=\"M{0} {1}V{2}H{3}\"/>", left, top, bottom, right);
  const std::vector<double> x_ticks = chart.x.ticks.empty() ? round_ticks(chart.x, 5) : chart.x.ticks;
  for (std::size_t i = 0; i < x_ticks.size(); ++i) {
    const std::string at = coordinate(x(x_ticks[i]));
    svg += fmt::format(
        "<path class=\"grid\" d=\"M{0} {1}V{2}\"/><text x=\"{0}\" y=\"{3}\" class=\"middle\">{4}</text>", at,
        top, bottom, bottom + 14, tick_name(chart.x, i, x_ticks[i]));
  }
  const std::vector<double> y_ticks = chart.y.ticks.empty() ? round_ticks(chart.y, 5) : chart.y.ticks;
  for (std::size_t i = 0; i < y_ticks.size(); ++i)
    svg += fmt::format(
        "<path class=\"grid\" d=\"M{0} {1}H{2}\"/><text x=\"{3}\" y=\"{4}\" class=\"end\">{5}</text>", left,
        coordinate(y(y_ticks[i])), right, left - 5, coordinate(y(y_ticks[i]) + 3.5),
        tick_name(chart.y, i, y_ticks[i]));
  svg += fmt::format("<text x=\"{}\" y=\"{}\" class=\"middle\">{}</text>", (left + right) / 2, height - 12,
                     escaped(chart.x.label));
  svg += fmt::format("<text transform=\"translate(11 {}) rotate(-90)\" class=\"middle\">{}</text>",
                     (top + bottom) / 2, escaped(chart.y.label));
  return svg;
}

constexpr std::size_t styles = 6;

std::string line(const Line& line, std::size_t number, const Scale& x, const Scale& y) {
  std::string svg =
      fmt::format("<g class=\"line s{}\" data-series=\"{}\">", number % styles, escaped(line.name));
  std::string piece, dots;
  const auto end_piece = [&] {
    if (!piece.empty()) svg += fmt::format("<polyline points=\"{}\"/>", piece);
    piece.clear();
  };
  for (std::size_t i = 0; i < line.x.size(); ++i) {
    if (!std::isfinite(line.y[i])) {
      end_piece();
      continue;
    }
    const std::string at_x = coordinate(x(line.x[i])), at_y = coordinate(y(line.y[i]));
    piece += fmt::format("{}{},{}", piece.empty() ? "" : " ", at_x, at_y);
    if (line.marked) dots += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"2.5\"/>", at_x, at_y);
  }
  end_piece();
  return svg + dots + "</g>";
}

/// A shape of its own for each series, about six wide.
std::string shape(std::size_t number, double x, double y) {
  constexpr std::array<const char*, 5> paths{"m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z",
                                             "m-3 -3h6v6h-6z", "m0 -4l3.6 6.4h-7.2z", "m0 -4l4 4l-4 4l-4 -4z",
                                             "m-3.5 -3.5l7 7m0 -7l-7 7"};
  return fmt::format("<path class=\"mark\" d=\"M{} {}{}\"/>", coordinate(x), coordinate(y),
                     paths[number % paths.size()]);
}

std::string points(const Points& points, std::size_t number, const Scale& x, const Scale& y) {
  std::string svg =
      fmt::format("<g class=\"points s{}\" data-series=\"{}\">", number % styles, escaped(points.name));
  for (std::size_t i = 0; i < points.x.size(); ++i) {
    if (!std::isfinite(points.y[i])) continue;
    const double at = x(points.x[i]);
    if (std::isfinite(points.low[i]) && std::isfinite(points.high[i]))
      svg += fmt::format("<path class=\"interval\" d=\"M{0} {1}V{2}\"/>", coordinate(at),
                         coordinate(y(points.low[i])), coordinate(y(points.high[i])));
    svg += shape(number, at, y(points.y[i]));
  }
  return svg + "</g>";
}

/// Names beside a sample of the line or point.
std::string key(const Chart& chart) {
  if (chart.lines.size() + chart.points.size() < 2) return "";
  std::string html = "<div class=\"key\">";
  for (std::size_t i = 0; i < chart.lines.size(); ++i)
    html += fmt::format(
        "<span><svg viewBox=\"0 0 24 10\"><g class=\"line s{}\"><polyline points=\"1,5 "
        "23,5\"/></g></svg>{}</span>",
        i % styles, escaped(chart.lines[i].name));
  for (std::size_t i = 0; i < chart.points.size(); ++i)
    html += fmt::format("<span><svg viewBox=\"0 0 12 10\"><g class=\"points s{}\">{}</g></svg>{}</span>",
                        i % styles, shape(i, 6, 5), escaped(chart.points[i].name));
  return html + "</div>";
}

}  // namespace

std::string chart(const Chart& chart) {
  const Scale x(chart.x, left, right), y(chart.y, bottom, top);
  std::string html = fmt::format(
      "<figure id=\"{}\" data-x-low=\"{}\" data-x-high=\"{}\" data-y-low=\"{}\" data-y-high=\"{}\" "
      "data-x-scale=\"{}\" data-y-scale=\"{}\">\n<figcaption>{}</figcaption>\n",
      escaped(chart.id), chart.x.low, chart.x.high, chart.y.low, chart.y.high,
      chart.x.logarithmic ? "logarithmic" : "linear", chart.y.logarithmic ? "logarithmic" : "linear",
      escaped(chart.title));
  html += fmt::format("<svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", width,
                      height, escaped(chart.title));
  html += axes(chart, x, y);
  if (chart.diagonal)
    html += fmt::format("<path class=\"diagonal\" d=\"M{} {}L{} {}\"/>", left, bottom, right, top);
  for (std::size_t i = 0; i < chart.lines.size(); ++i) html += line(chart.lines[i], i, x, y);
  for (std::size_t i = 0; i < chart.points.size(); ++i) html += points(chart.points[i], i, x, y);
  html += "</svg>\n" + key(chart);
  if (!chart.explanation.empty()) html += paragraph(chart.explanation, "note");
  return html + "</figure>\n";
}

Axis axis_around(std::string label, const std::vector<Line>& lines, double low, double high) {
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const Line& line : lines)
    for (const double value : line.y)
      if (std::isfinite(value)) {
        least = std::min(least, value);
        most = std::max(most, value);
      }
  const double air = least < most ? 0.05 * (most - least) : std::max(1e-9, 0.05 * std::abs(most));
  least -= air;
  most += air;
  if (std::isfinite(low)) least = std::min(low, std::isfinite(least) ? least : low);
  if (std::isfinite(high)) most = std::max(high, std::isfinite(most) ? most : high);
  if (!std::isfinite(least) || !std::isfinite(most)) return {.label = std::move(label)};
  if (!(least < most)) most = least + 1;
  return {.label = std::move(label), .low = least, .high = most};
}

}  // namespace deepmine::apps::report
