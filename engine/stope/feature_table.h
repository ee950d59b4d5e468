// The feature table: which numbers of a stope's record the network sees, in which order. The one place to
// change when another input serves better; its version and column names travel with a model. The label and
// the name of a stope are never inputs.
//
// Order of the 41 columns: direction one-hot (0-7), rock_type one-hot (8-18), support_type one-hot (19-25),
// the seven numeric columns of the record (26-32), the eight derived profile features (33-40). The last 15
// are scaled.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/stope/records.h"

namespace deepmine::stope {

inline constexpr std::size_t category_feature_count =
    directions.size() + rock_types.size() + support_types.size();
inline constexpr std::size_t derived_feature_count = 8;
inline constexpr std::size_t scaled_feature_count = static_columns.size() + 1 + derived_feature_count;
inline constexpr std::size_t static_feature_count = category_feature_count + scaled_feature_count;
static_assert(static_feature_count == 41);

/// What the derived features make of a category, in the order of the category tables of records.h.
inline constexpr std::array<double, directions.size()> orientations{0.8, 0.7, 0.75, 0.7,
                                                                    0.8, 0.6, 0.75, 0.65};
inline constexpr std::array<double, rock_types.size()> rock_strengths{0.9,  0.8, 0.85, 0.6, 0.7, 0.75,
                                                                      0.65, 0.4, 0.7,  0.6, 0.8};
inline constexpr std::array<double, support_types.size()> support_strengths{0, 0.6, 0.3, 0.8, 0.7, 0.4, 0.9};

/// One input column. Names: `direction=North` for a category, the column name of the file for a number, the
/// name of the table in the documentation for a derived feature.
struct FeatureColumn {
  std::string name, unit;
  bool scaled = false;

  bool operator==(const FeatureColumn&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("name", self.name);
    visit("unit", self.unit);
    visit("scaled", self.scaled);
  }
};

/// A model stores the table that it was trained with and can only be used by a program in whose table the
/// columns that it sees are the same.
struct FeatureTable {
  int version = 2;  ///< changes whenever a column is added or a value of any column changes
  std::vector<FeatureColumn> statics;
  std::vector<FeatureColumn> sensors;  ///< the rows of a window, in the order of `Sensor`
  std::vector<FeatureColumn> summary;  ///< of a window (summary_features.h); version 1 had none

  bool operator==(const FeatureTable&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("version", self.version);
    visit("statics", self.statics);
    visit("sensors", self.sensors);
    visit("summary", self.summary);
  }
};

/// The table of this program.
const FeatureTable& feature_table();

/// A category that is in no table: the column and the text that was found.
struct UnknownCategory {
  std::string_view column;
  std::string value;
};

/// The inputs of one stope, not scaled. A missing value, an unknown category and what derives from them are
/// `missing`, never zero; such a stope must not reach the network (`complete()`).
struct StaticFeatures {
  std::array<double, static_feature_count> values{};
  std::vector<UnknownCategory> unknown;

  bool complete() const;  ///< all values are finite and all categories known
};

StaticFeatures static_features(const StaticRecord& record);

}  // namespace deepmine::stope
