// Standard scaling, (x − mean) / deviation, fitted on training data only, and what else the training data
// says about each input: its range and the categories that occurred. Both travel with the model.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/stope/feature_table.h"
#include "engine/stope/records.h"
#include "engine/stope/summary_features.h"

namespace deepmine::stope {

/// What training says about one column. The deviation is that of the population (divisor n); 0 becomes 1.
struct ColumnScale {
  double mean = 0, deviation = 1;
  double lowest = 0, highest = 0;
  std::int64_t count = 0;  ///< values that it was fitted on

  double scaled(double value) const { return (value - mean) / deviation; }
  /// Further outside [lowest, highest] than `margin` × its width. `missing` is not outside, it is missing.
  bool outside(double value, double margin) const {
    const double allowed = margin * (highest - lowest);
    return value < lowest - allowed || value > highest + allowed;
  }

  bool operator==(const ColumnScale&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("mean", self.mean);
    visit("deviation", self.deviation);
    visit("lowest", self.lowest);
    visit("highest", self.highest);
    visit("count", self.count);
  }
};

/// Welford's update in double: does not cancel, and a constant column has a deviation of exactly 0 (hence 1).
class ColumnFit {
 public:
  void add(double value);      ///< `missing` is passed over
  ColumnScale finish() const;  ///< without any value: mean 0, deviation 1, count 0

 private:
  double mean_ = 0, squares_ = 0, lowest_ = 0, highest_ = 0;
  std::int64_t count_ = 0;
};

/// The scalers of a model: the 15 scaled static columns, the five sensors, the categories seen, the summaries
/// of a window.
struct InputScaler {
  std::vector<ColumnScale> statics;  ///< scaled_feature_count of them, in the order of the feature table
  std::vector<ColumnScale> sensors;  ///< sensor_count of them
  std::vector<std::uint8_t>
      categories_seen;               ///< category_feature_count of them: 1 if the one-hot column had a 1
  std::vector<ColumnScale> summary;  ///< summary_feature_count of them; none in a model of feature table 1

  /// Whether the sizes are those of the feature table and every number is usable (finite, deviation > 0).
  bool valid() const;
  bool operator==(const InputScaler&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("statics", self.statics);
    visit("sensors", self.sensors);
    visit("categories_seen", self.categories_seen);
    visit("summary", self.summary);
  }

  /// Writes static_feature_count numbers: the one-hot columns as they are, the others scaled.
  void write_statics(const StaticFeatures& features, float* out) const;
  /// Writes sensor_count numbers per day, one day after the other (column-major 5 × days).
  void write_series(std::span<const DailyReading> days, float* out) const;
  /// Writes the summary_feature_count scaled summaries of a window.
  void write_summary(std::span<const DailyReading> window, float* out) const;
};

/// Collects training stopes one by one. Statics count once a stope; sensor readings count once a day, and
/// only where they were observed: a value carried forward over a gap is a copy, and would count its day
/// twice. Summaries count once a window: that is what they are of.
class InputScalerFit {
 public:
  void add_statics(const StaticFeatures& features);
  void add_reading(Sensor sensor, double observed);
  void add_window(std::span<const DailyReading> window);
  InputScaler finish() const;

 private:
  std::array<ColumnFit, scaled_feature_count> statics_;
  std::array<ColumnFit, sensor_count> sensors_;
  std::array<ColumnFit, summary_feature_count> summary_;
  std::array<bool, category_feature_count> categories_seen_{};
};

}  // namespace deepmine::stope
