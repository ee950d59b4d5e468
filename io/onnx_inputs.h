// The first half of an exported graph: raw records and readings, as the CSV files have them, become what the
// network sees. In double, step by step as engine/stope/feature_table.cpp, scaler.cpp, summary_features.cpp
// and rule_prior.cpp do it: strict comparisons with thresholds decide there, and float would decide
// otherwise.
#pragma once

#include <array>

#include "engine/stope/network_specification.h"
#include "engine/stope/scaler.h"
#include "engine/stope/thresholds.h"
#include "io/onnx_graph.h"

namespace deepmine::io::onnx {

/// The inputs of the graph. N cases, T days; all numbers are double.
struct RawInputs {
  std::array<Value, 3> categories;                          ///< direction, rock_type, support_type: text [N]
  std::array<Value, stope::static_columns.size()> numbers;  ///< [N, 1]
  Value support_installed;                                  ///< boolean [N, 1]
  std::array<Value, stope::sensor_count> readings;          ///< [N, T]

  const Value& number(double stope::StaticRecord::*member) const;
};

/// Declares them: one input a column, named after it.
RawInputs declare_inputs(GraphBuilder& graph, int days);

/// What is known of the static side before scaling.
struct StaticInputs {
  Value one_hot;  ///< float [N, 26]; a category that is in no table has zeros, which abstain() finds
  Value numbers;  ///< double [N, 15]: the scaled columns of the feature table
};
StaticInputs static_inputs(GraphBuilder& graph, const RawInputs& raw);

/// float [N, 41]
Value scaled_statics(GraphBuilder& graph, const StaticInputs& statics, const stope::InputScaler& scaler);
/// float [N, 40]
Value scaled_summary(GraphBuilder& graph, const RawInputs& raw, const stope::InputScaler& scaler, int days);
/// float [N, T, 5]
Value scaled_series(GraphBuilder& graph, const RawInputs& raw, const stope::InputScaler& scaler);
/// float [N, H, 6]: the rules' log-probabilities (rule_prior.h)
Value rule_prior(GraphBuilder& graph, const RawInputs& raw, const stope::SiteSettings& settings,
                 const stope::NetworkSpecification& network);

/// boolean [N, 1]: the data allows no answer. A number or reading is missing, infinite, impossible
/// (records.h), or further outside the training range than `margin` times its width; a category is in no
/// table, or did not occur in training.
Value abstain(GraphBuilder& graph, const RawInputs& raw, const StaticInputs& statics,
              const stope::InputScaler& scaler, double margin);

/// Least-squares slope per day over the last `days` of the T days: double [N, 1].
Value slope(GraphBuilder& graph, const Value& readings, int days, int all_days);

}  // namespace deepmine::io::onnx
