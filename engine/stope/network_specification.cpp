#include "engine/stope/network_specification.h"

#include <tuple>
#include <utility>

#include "engine/stope/feature_table.h"
#include "engine/stope/risk_level.h"
#include "engine/stope/summary_features.h"

namespace deepmine::stope {
namespace {

std::string size_problem(std::string_view field, int value, int largest) {
  if (value >= 1 && value <= largest) return {};
  return std::string(field) + " is " + std::to_string(value) + ", expected 1 to " + std::to_string(largest);
}

std::string rate_problem(std::string_view field, double value) {
  if (value >= 0 && value < 1) return {};  // not a number fails both
  return std::string(field) + " is " + std::to_string(value) + ", expected at least 0 and below 1";
}

}  // namespace

NetworkSpecification compact_network() {
  NetworkSpecification s;
  // Measured in docs/model.md: with more units, or less dropout, the layers learn which stope they see.
  s.static_units = s.temporal_units = s.branch_units = 4;
  s.self_attention_heads = s.cross_attention_heads = 2;
  s.key_size = 8;
  s.shared_units = 8;
  s.shared_output_units = s.head_units = 4;
  s.dense_dropout = 0.6;
  s.branch_dropout = s.temporal_dropout = 0.5;
  s.summary_features = static_cast<int>(summary_feature_count);
  s.rule_prior = true;
  return s;
}

std::string problem_with(const NetworkSpecification& s) {
  const std::pair<std::string_view, int> sizes[] = {{"static_features", s.static_features},
                                                    {"sensors", s.sensors},
                                                    {"days", s.days},
                                                    {"risk_levels", s.risk_levels},
                                                    {"static_units", s.static_units},
                                                    {"temporal_units", s.temporal_units},
                                                    {"branch_units", s.branch_units},
                                                    {"self_attention_heads", s.self_attention_heads},
                                                    {"cross_attention_heads", s.cross_attention_heads},
                                                    {"key_size", s.key_size},
                                                    {"shared_units", s.shared_units},
                                                    {"shared_output_units", s.shared_output_units},
                                                    {"head_units", s.head_units}};
  for (const auto& [field, value] : sizes)
    if (std::string problem = size_problem(field, value, 4096); !problem.empty()) return problem;
  if (s.summary_features < 0 || s.summary_features > 4096)
    return "summary_features is " + std::to_string(s.summary_features) + ", expected 0 to 4096";
  const std::pair<std::string_view, double> rates[] = {{"dense_dropout", s.dense_dropout},
                                                       {"branch_dropout", s.branch_dropout},
                                                       {"lstm_dropout", s.lstm_dropout},
                                                       {"temporal_dropout", s.temporal_dropout},
                                                       {"attention_dropout", s.attention_dropout}};
  for (const auto& [field, value] : rates)
    if (std::string problem = rate_problem(field, value); !problem.empty()) return problem;
  if (s.horizons.empty() || s.horizons.size() > max_horizons)
    return "there are " + std::to_string(s.horizons.size()) + " horizons, expected 1 to " +
           std::to_string(max_horizons);
  for (std::size_t i = 0; i < s.horizons.size(); ++i)
    if (s.horizons[i] < 1 || s.horizons[i] > 3650 || (i > 0 && s.horizons[i] <= s.horizons[i - 1]))
      return "horizon " + std::to_string(s.horizons[i]) +
             " is out of place, expected ascending days from 1 to 3650";
  if (s.cross_attention != CrossAttention::pooled && s.cross_attention != CrossAttention::days)
    return "cross_attention is " + std::to_string(static_cast<int>(s.cross_attention)) +
           ", expected 0 (pooled) or 1 (days)";
  return {};
}

std::string misfit_with_program(const NetworkSpecification& s) {
  const std::tuple<std::string_view, int, std::size_t> sizes[] = {
      {"static_features", s.static_features, static_feature_count},
      {"sensors", s.sensors, sensor_count},
      {"risk_levels", s.risk_levels, risk_level_count}};
  for (const auto& [field, value, expected] : sizes)
    if (value != static_cast<int>(expected))
      return std::string(field) + " is " + std::to_string(value) + ", this program has " +
             std::to_string(expected);
  if (s.summary_features != 0 && s.summary_features != static_cast<int>(summary_feature_count))
    return "summary_features is " + std::to_string(s.summary_features) + ", this program has " +
           std::to_string(summary_feature_count) + " or none";
  return {};
}

std::string_view name(CrossAttention choice) {
  return choice == CrossAttention::pooled ? "pooled" : "days";
}

}  // namespace deepmine::stope
