#include "lifecycle/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/stope/feature_table.h"

namespace deepmine::lifecycle {
namespace {

using stope::StaticFeatures;
using train::DistributionFit;
using train::FeatureDistribution;

constexpr std::size_t category_columns = 3;
constexpr std::size_t feature_count = stope::sensor_count + stope::scaled_feature_count + category_columns;

struct Category {
  const char* name;
  std::size_t first, count;  // of its one-hot columns
};
constexpr std::array<Category, category_columns> categories{
    {{"direction", 0, stope::directions.size()},
     {"rock_type", stope::directions.size(), stope::rock_types.size()},
     {"support_type", stope::directions.size() + stope::rock_types.size(), stope::support_types.size()}}};

/// The values of feature `number` of one window, without missing ones.
void collect(std::size_t number, const StaticFeatures& features, std::span<const stope::DailyReading> window,
             std::vector<double>& values) {
  values.clear();
  const auto add = [&values](double value) {
    if (!stope::is_missing(value)) values.push_back(value);
  };
  if (number < stope::sensor_count) {
    for (const stope::DailyReading& day : window) add(day[number]);
    return;
  }
  number -= stope::sensor_count;
  if (number < stope::scaled_feature_count)
    return add(features.values[stope::category_feature_count + number]);
  const Category& category = categories[number - stope::scaled_feature_count];
  for (std::size_t i = 0; i < category.count; ++i)
    if (features.values[category.first + i] == 1) add(static_cast<double>(i));
}

void name_feature(std::size_t number, FeatureDistribution& distribution) {
  const stope::FeatureTable& table = stope::feature_table();
  const auto name_as = [&](const stope::FeatureColumn& column) {
    distribution.name = column.name;
    distribution.unit = column.unit;
  };
  if (number < stope::sensor_count) return name_as(table.sensors[number]);
  number -= stope::sensor_count;
  if (number < stope::scaled_feature_count)
    return name_as(table.statics[stope::category_feature_count + number]);
  distribution.name = categories[number - stope::scaled_feature_count].name;
  distribution.category = true;
}

/// A bin for each category: its number is the value.
std::vector<double> category_edges(std::size_t count) {
  std::vector<double> edges;
  for (std::size_t i = 0; i + 1 < count; ++i) edges.push_back(static_cast<double>(i) + 0.5);
  return edges;
}

/// The windows of one stope, and the days that any of them sees.
struct StopeWindows {
  const stope::PreparedStope* stope = nullptr;
  std::vector<std::span<const stope::DailyReading>> windows;
  std::span<const stope::DailyReading> days;
};

std::vector<StopeWindows> by_stope(const stope::Dataset& dataset, const stope::WindowSelection& selection) {
  std::vector<StopeWindows> stopes;
  const int days = dataset.plan().days;
  stope::Day first_end = 0;
  for (const std::uint32_t number : selection.windows) {
    const stope::Window& window = dataset.windows()[number];
    const stope::PreparedStope& stope = dataset.stopes()[window.stope];
    if (stopes.empty() || stopes.back().stope != &stope) {
      stopes.push_back({&stope, {}, {}});
      first_end = window.end;
    }
    stopes.back().windows.push_back(stope.readings.window(window.end, days));
    stopes.back().days = stope.readings.window(window.end, days + (window.end - first_end));
  }
  return stopes;
}

std::vector<double> edges_of(std::size_t number, const std::vector<StopeWindows>& stopes) {
  if (number >= feature_count - category_columns)
    return category_edges(categories[number - (feature_count - category_columns)].count);
  std::vector<train::WeightedValue> weighted;
  std::vector<double> values;
  for (const StopeWindows& stope : stopes) {
    collect(number, stope.stope->features, stope.days, values);
    for (const double value : values)
      weighted.push_back({value, 1 / static_cast<double>(stopes.size() * values.size())});
  }
  return train::quantile_edges(std::move(weighted), train::bins_for(stopes.size()));
}

}  // namespace

train::TrainingDistributions fit_distributions(const stope::Dataset& dataset,
                                               const stope::WindowSelection& training) {
  const std::vector<StopeWindows> stopes = by_stope(dataset, training);
  train::TrainingDistributions distributions;
  distributions.groups = static_cast<std::int64_t>(stopes.size());
  if (stopes.empty()) return distributions;
  std::vector<double> values;
  for (std::size_t number = 0; number < feature_count; ++number) {
    DistributionFit fit(edges_of(number, stopes));
    for (const StopeWindows& stope : stopes)
      for (const auto& window : stope.windows) {
        collect(number, stope.stope->features, window, values);
        fit.add_window(values, 1 / static_cast<double>(stopes.size() * stope.windows.size()));
      }
    FeatureDistribution distribution = fit.finish();
    name_feature(number, distribution);
    distributions.features.push_back(std::move(distribution));
  }
  return distributions;
}

DriftReport measure_drift(const train::TrainingDistributions& training, std::span<const StopeNow> stopes) {
  DriftReport report;
  report.training_stopes = static_cast<std::size_t>(training.groups);
  report.stopes = stopes.size();
  if (training.features.size() != feature_count) {
    report.not_measured =
        "the model was saved by an earlier version, which kept no distributions to compare with";
    return report;
  }
  if (std::min(report.stopes, report.training_stopes) < train::fewest_groups_for_drift)
    report.not_measured = fmt::format(
        "{} stopes now and {} in training, but with fewer than {} on either side a difference may be chance",
        report.stopes, report.training_stopes, train::fewest_groups_for_drift);
  if (!report.not_measured.empty()) return report;

  std::vector<std::vector<double>> values;
  for (std::size_t number = 0; number < feature_count; ++number) {
    const FeatureDistribution& then = training.features[number];
    values.clear();
    for (const StopeNow& stope : stopes) {
      collect(number, stope.features, stope.window, values.emplace_back());
      if (values.back().empty()) values.pop_back();
    }
    if (values.empty()) continue;
    DistributionFit fit(then.edges);
    for (const std::vector<double>& of_stope : values)
      fit.add_window(of_stope, 1 / static_cast<double>(values.size()));
    const FeatureDistribution now = fit.finish();
    report.features.push_back({then.name, then.unit, then.category, values.size(), then.mean, now.mean,
                               train::drift_of(then, report.training_stopes, now, values.size())});
  }
  std::stable_sort(report.features.begin(), report.features.end(),
                   [](const FeatureDrift& a, const FeatureDrift& b) { return a.drift.psi > b.drift.psi; });
  return report;
}

std::vector<std::string> DriftReport::drifted() const {
  std::vector<std::string> names;
  for (const FeatureDrift& feature : features)
    if (feature.drift.drifted) names.push_back(feature.feature);
  return names;
}

}  // namespace deepmine::lifecycle
