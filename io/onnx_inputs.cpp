#include "io/onnx_inputs.h"

#include <fmt/format.h>

#include <cassert>

#include "engine/stope/feature_table.h"
#include "engine/stope/summary_features.h"

namespace deepmine::io::onnx {
namespace {

using stope::StaticRecord;

constexpr const char* any_number_of_cases = "cases";
constexpr const char* machine_learning_domain = "ai.onnx.ml";

template <class Names>
std::vector<std::string> texts(const Names& names) {
  return {names.begin(), names.end()};
}

template <class Names>
Value declare_category(GraphBuilder& graph, const char* column, const Names& names) {
  return graph.input(
      {column, ElementType::text, {any_number_of_cases}, fmt::format("One of: {}", fmt::join(names, ", "))});
}

template <class Names>
Value one_hot(GraphBuilder& graph, const Value& category, const Names& names) {
  Value encoded =
      graph.node("OneHotEncoder", {category}, ElementType::float32,
                 {{"cats_strings", texts(names)}, {"zeros", std::int64_t{1}}}, machine_learning_domain);
  graph.declare_shape(encoded, {any_number_of_cases, static_cast<std::int64_t>(names.size())});
  return encoded;
}

/// What a category is worth: double [N, 1].
template <std::size_t Size>
Value look_up(GraphBuilder& graph, const char* name, const Value& one_hot,
              const std::array<double, Size>& table) {
  const Value worth =
      graph.constant(name, {static_cast<std::int64_t>(Size), 1}, std::span<const double>(table));
  return matrix_product(cast(one_hot, ElementType::float64), worth);
}

/// (x − mean) / deviation for each column, in double, then float.
Value scale(GraphBuilder& graph, const std::string& name, const Value& x,
            const std::vector<stope::ColumnScale>& scales) {
  std::vector<double> means, deviations;
  for (const stope::ColumnScale& scale : scales) {
    means.push_back(scale.mean);
    deviations.push_back(scale.deviation);
  }
  const auto size = static_cast<std::int64_t>(scales.size());
  const Value mean = graph.constant(name + "/mean", {size}, std::span<const double>(means));
  const Value deviation = graph.constant(name + "/deviation", {size}, std::span<const double>(deviations));
  return cast((x - mean) / deviation, ElementType::float32);
}

/// The eight profile features of SPEC section 2, each [N, 1], as derived_features() in feature_table.cpp.
std::vector<Value> derived_features(GraphBuilder& graph, const RawInputs& raw,
                                    const std::array<Value, 3>& one_hots) {
  const auto number = [&](double value) { return graph.scalar(value, ElementType::float64); };
  const auto at_most_one = [&](const Value& x) { return select(greater(x, 1), number(1), x); };
  const Value &rqd = raw.number(&StaticRecord::rqd), &depth = raw.number(&StaticRecord::depth),
              &dip = raw.number(&StaticRecord::dip);
  const Value span = raw.number(&StaticRecord::hydraulic_radius) / 15;
  const Value unsupported = select(raw.support_installed, number(0), number(0.3));
  const Value risk_level =
      clip((1 - rqd / 100 + at_most_one(span) + at_most_one(depth / 1000) + unsupported) / 4, 0, 1);
  const Value complexity_index = clip(
      0.5 * dip / 90 + 0.3 * at_most_one(raw.number(&StaticRecord::undercut_width) / 10) + 0.2 * span, 0, 1);
  const Value support_strength = look_up(graph, "support_strengths", one_hots[2], stope::support_strengths);
  const Value support_adequacy = select(
      raw.support_installed,
      clip(0.6 * support_strength + 0.4 * raw.number(&StaticRecord::support_density), 0, 1), number(0.1));
  const Value rock_strength = look_up(graph, "rock_strengths", one_hots[1], stope::rock_strengths);
  const Value geological_factor = clip(0.6 * rock_strength + 0.4 * rqd / 100, 0, 1);
  const Value steep_or_flat = either(less(dip, 30), greater(dip, 80));
  const Value dip_factor = select(steep_or_flat, number(0.8), 1 - absolute(dip - 45) / 90);
  const Value orientation = look_up(graph, "orientations", one_hots[0], stope::orientations);
  const Value structural_factor = clip(0.4 * orientation + 0.3 * dip_factor + 0.3 * (1 - span), 0, 1);
  const Value shallow = 1 - depth / 1000;
  const Value environmental_factor = clip(select(less(shallow, 0.1), number(0.1), shallow), 0, 1);
  const Value maintenance_factor = clip(0.4 * environmental_factor + 0.6 * support_adequacy, 0, 1);
  const Value coverage = at_most_one(0.6 * environmental_factor + 0.4 * (1 - complexity_index));
  const Value monitoring_coverage = clip(select(less(coverage, 0.3), number(0.3), coverage), 0, 1);
  return {risk_level,        complexity_index,     support_adequacy,   geological_factor,
          structural_factor, environmental_factor, maintenance_factor, monitoring_coverage};
}

/// boolean [N, 1]: whether any of the entries of `bad` (boolean, [N, C]) holds.
Value any(const Value& bad) {
  return greater(reduce(Reduction::sum, cast(bad, ElementType::float32), 1), 0);
}

Value not_a_number(GraphBuilder& graph, const Value& x) {
  return either(graph.node("IsNaN", {x}, ElementType::boolean),
                graph.node("IsInf", {x}, ElementType::boolean));
}

/// boolean like `x`: outside what can be true, or further outside the training range than the margin.
template <class Bounds>
Value outside(GraphBuilder& graph, const std::string& name, const Value& x, const Bounds& bounds) {
  std::vector<double> lowest, highest;
  for (const auto& [low, high] : bounds) {
    lowest.push_back(low);
    highest.push_back(high);
  }
  const auto size = static_cast<std::int64_t>(lowest.size());
  return either(less(x, graph.constant(name + "/lowest", {size}, std::span<const double>(lowest))),
                greater(x, graph.constant(name + "/highest", {size}, std::span<const double>(highest))));
}

using Interval = std::pair<double, double>;

Interval training_range(const stope::ColumnScale& scale, double margin) {
  const double allowed = margin * (scale.highest - scale.lowest);
  return {scale.lowest - allowed, scale.highest + allowed};
}

template <class Column>
Interval both(const Interval& range, const Column& column) {
  return {std::max(range.first, column.lowest), std::min(range.second, column.highest)};
}

}  // namespace

const Value& RawInputs::number(double StaticRecord::*member) const {
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (stope::static_columns[i].value == member) return numbers[i];
  assert(false);
  return numbers[0];
}

RawInputs declare_inputs(GraphBuilder& graph, int days) {
  graph.begin_part("inputs");
  RawInputs raw;
  raw.categories = {declare_category(graph, "direction", stope::directions),
                    declare_category(graph, "rock_type", stope::rock_types),
                    declare_category(graph, "support_type", stope::support_types)};
  for (std::size_t i = 0; i < stope::static_columns.size(); ++i) {
    const stope::StaticColumn& column = stope::static_columns[i];
    const std::string unit = column.unit.empty() ? "" : fmt::format(", in {}", column.unit);
    raw.numbers[i] =
        insert_axis(graph.input({std::string(column.name),
                                 ElementType::float64,
                                 {any_number_of_cases},
                                 fmt::format("Between {} and {}{}", column.lowest, column.highest, unit)}),
                    1);
  }
  raw.support_installed = insert_axis(
      graph.input({"support_installed", ElementType::boolean, {any_number_of_cases}, "Is it installed?"}), 1);
  for (std::size_t s = 0; s < stope::sensor_count; ++s) {
    const stope::SensorColumn& column = stope::sensor_columns[s];
    raw.readings[s] = graph.input(
        {std::string(column.name),
         ElementType::float64,
         {any_number_of_cases, days},
         fmt::format(
             "Daily means of {} consecutive days, the oldest first, today last; between {} and {}, in {}",
             days, column.lowest, column.highest, column.unit)});
  }
  return raw;
}

StaticInputs static_inputs(GraphBuilder& graph, const RawInputs& raw) {
  graph.begin_part("static_features");
  const std::array<Value, 3> one_hots{one_hot(graph, raw.categories[0], stope::directions),
                                      one_hot(graph, raw.categories[1], stope::rock_types),
                                      one_hot(graph, raw.categories[2], stope::support_types)};
  std::vector<Value> numbers(raw.numbers.begin(), raw.numbers.end());
  numbers.push_back(cast(raw.support_installed, ElementType::float64));
  for (const Value& derived : derived_features(graph, raw, one_hots)) numbers.push_back(derived);
  assert(numbers.size() == stope::scaled_feature_count);
  return {join({one_hots.begin(), one_hots.end()}, 1), join(numbers, 1)};
}

Value scaled_statics(GraphBuilder& graph, const StaticInputs& statics, const stope::InputScaler& scaler) {
  return join({statics.one_hot, scale(graph, "static_scaler", statics.numbers, scaler.statics)}, 1);
}

Value slope(GraphBuilder& graph, const Value& readings, int days, int all_days) {
  // Least squares as daily_slope() in engine/stope/rules.cpp: 6 Σ uy / (n (n² − 1)) with u = 2x − (n − 1).
  // The factor is in the weights: ONNX Runtime would make one that follows a product a float, and a slope of
  // a double that was multiplied with a float misses thresholds.
  const double n = days;
  std::vector<double> weights;
  for (int x = 0; x < days; ++x) weights.push_back(6 * (2.0 * x - (n - 1)) / (n * (n * n - 1)));
  const Value last = days == all_days ? readings : last_entries(readings, days, all_days);
  return matrix_product(last, graph.constant("slope_weights", {days, 1}, std::span<const double>(weights)));
}

Value scaled_summary(GraphBuilder& graph, const RawInputs& raw, const stope::InputScaler& scaler, int days) {
  graph.begin_part("summary");
  const int last_days = std::min(7, days);
  std::vector<Value> summaries;
  for (const Value& readings : raw.readings) {
    const Value mean = reduce(Reduction::mean, readings, 1);
    const Value from_mean = readings - mean;
    const Value last = last_entries(readings, last_days, days);
    for (const Value& summary :
         {mean, square_root(reduce(Reduction::mean, from_mean * from_mean, 1)),
          reduce(Reduction::lowest, readings, 1), reduce(Reduction::highest, readings, 1),
          entry(readings, 1, days - 1), slope(graph, readings, days, days), reduce(Reduction::mean, last, 1),
          slope(graph, readings, last_days, days)})
      summaries.push_back(summary);
  }
  assert(summaries.size() == stope::summary_feature_count);
  return scale(graph, "summary_scaler", join(summaries, 1), scaler.summary);
}

Value scaled_series(GraphBuilder& graph, const RawInputs& raw, const stope::InputScaler& scaler) {
  graph.begin_part("series");
  std::vector<Value> sensors;
  for (const Value& readings : raw.readings) sensors.push_back(insert_axis(readings, 2));
  return scale(graph, "series_scaler", join(sensors, 2), scaler.sensors);
}

Value abstain(GraphBuilder& graph, const RawInputs& raw, const StaticInputs& statics,
              const stope::InputScaler& scaler, double margin) {
  graph.begin_part("abstain");
  std::vector<Interval> bounds;
  for (std::size_t i = 0; i < scaler.statics.size(); ++i) {
    const Interval range = training_range(scaler.statics[i], margin);
    bounds.push_back(i < stope::static_columns.size() ? both(range, stope::static_columns[i]) : range);
  }
  Value found = either(any(not_a_number(graph, statics.numbers)),
                       any(outside(graph, "static_range", statics.numbers, bounds)));
  for (std::size_t s = 0; s < stope::sensor_count; ++s) {
    const std::array range{both(training_range(scaler.sensors[s], margin), stope::sensor_columns[s])};
    const Value& readings = raw.readings[s];
    found = either(found, any(not_a_number(graph, readings)));
    found = either(
        found, any(outside(graph, std::string(stope::sensor_columns[s].name) + "_range", readings, range)));
  }
  std::vector<float> unseen;
  for (const std::uint8_t seen : scaler.categories_seen) unseen.push_back(seen == 0 ? 1.0F : 0.0F);
  const Value unseen_categories = graph.constant(
      "unseen_categories", {static_cast<std::int64_t>(unseen.size()), 1}, std::span<const float>(unseen));
  found = either(found, greater(matrix_product(statics.one_hot, unseen_categories), 0));
  // One of each table, or a text that is in none of them.
  return either(found, less(reduce(Reduction::sum, statics.one_hot, 1), 2.5));
}

}  // namespace deepmine::io::onnx
