#include "engine/stope/feature_table.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/stope/summary_features.h"

namespace deepmine::stope {
namespace {

constexpr std::array<std::string_view, derived_feature_count> derived_names{
    "risk_level",        "complexity_index",     "support_adequacy",   "geological_factor",
    "structural_factor", "environmental_factor", "maintenance_factor", "monitoring_coverage"};

/// Clips to 0-1; `missing` stays missing (std::clamp passes NaN through, std::min would not in either order).
double clip(double value) {
  return std::clamp(value, 0.0, 1.0);
}

/// min(1, value), `missing` stays missing.
double at_most_one(double value) {
  return value > 1 ? 1 : value;
}

template <std::size_t Size>
double look_up(const std::array<double, Size>& table, std::optional<std::size_t> category) {
  return category ? table[*category] : missing;
}

struct Categories {
  std::optional<std::size_t> direction, rock_type, support_type;
};

/// The eight profile features, in the order of derived_names. A later one uses the clipped value of an
/// earlier one.
std::array<double, derived_feature_count> derived_features(const StaticRecord& r,
                                                           const Categories& categories) {
  const double span = r.hydraulic_radius / 15;
  const double risk_level = clip(
      (1 - r.rqd / 100 + at_most_one(span) + at_most_one(r.depth / 1000) + (r.support_installed ? 0 : 0.3)) /
      4);
  const double complexity_index =
      clip(0.5 * r.dip / 90 + 0.3 * at_most_one(r.undercut_width / 10) + 0.2 * span);
  const double support_strength = look_up(support_strengths, categories.support_type);
  const double support_adequacy =
      r.support_installed ? clip(0.6 * support_strength + 0.4 * r.support_density) : 0.1;
  const double geological_factor =
      clip(0.6 * look_up(rock_strengths, categories.rock_type) + 0.4 * r.rqd / 100);
  const double dip_factor =
      std::isnan(r.dip) ? missing : (r.dip >= 30 && r.dip <= 80 ? 1 - std::abs(r.dip - 45) / 90 : 0.8);
  const double structural_factor =
      clip(0.4 * look_up(orientations, categories.direction) + 0.3 * dip_factor + 0.3 * (1 - span));
  const double shallow = 1 - r.depth / 1000;
  const double environmental_factor = clip(shallow < 0.1 ? 0.1 : shallow);
  const double maintenance_factor = clip(0.4 * environmental_factor + 0.6 * support_adequacy);
  const double coverage = at_most_one(0.6 * environmental_factor + 0.4 * (1 - complexity_index));
  const double monitoring_coverage = clip(coverage < 0.3 ? 0.3 : coverage);
  return {risk_level,        complexity_index,     support_adequacy,   geological_factor,
          structural_factor, environmental_factor, maintenance_factor, monitoring_coverage};
}

FeatureTable make_table() {
  FeatureTable table;
  const auto add_categories = [&](std::string_view column, const auto& names) {
    for (const std::string_view category : names)
      table.statics.push_back({std::string(column) + "=" + std::string(category), "", false});
  };
  add_categories("direction", directions);
  add_categories("rock_type", rock_types);
  add_categories("support_type", support_types);
  for (const StaticColumn& column : static_columns)
    table.statics.push_back({std::string(column.name), std::string(column.unit), true});
  table.statics.push_back({"support_installed", "", true});
  for (const std::string_view derived : derived_names)
    table.statics.push_back({std::string(derived), "", true});
  for (const SensorColumn& column : sensor_columns)
    table.sensors.push_back({std::string(column.name), std::string(column.unit), true});
  for (SummaryName& summary : summary_names())
    table.summary.push_back({std::move(summary.name), std::move(summary.unit), true});
  return table;
}

}  // namespace

const FeatureTable& feature_table() {
  static const FeatureTable table = make_table();
  return table;
}

bool StaticFeatures::complete() const {
  return unknown.empty() &&
         std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

StaticFeatures static_features(const StaticRecord& record) {
  StaticFeatures features;
  double* next = features.values.data();
  const auto add_category = [&](std::string_view column, const auto& table, const std::string& text) {
    const std::optional<std::size_t> index = category_index(table, text);
    if (index) {
      next[*index] = 1;
    } else {
      std::fill_n(next, table.size(), missing);
      features.unknown.push_back({column, text});
    }
    next += table.size();
    return index;
  };
  Categories categories;
  categories.direction = add_category("direction", directions, record.direction);
  categories.rock_type = add_category("rock_type", rock_types, record.rock_type);
  categories.support_type = add_category("support_type", support_types, record.support_type);
  for (const StaticColumn& column : static_columns) *next++ = record.*column.value;
  *next++ = record.support_installed ? 1 : 0;
  for (const double derived : derived_features(record, categories)) *next++ = derived;
  return features;
}

}  // namespace deepmine::stope
