#include "io/onnx_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "engine/stope/risk_level.h"
#include "io/field_json.h"
#include "io/onnx_inputs.h"
#include "io/onnx_network.h"

namespace deepmine::io {
namespace {

using onnx::ElementType;
using onnx::GraphBuilder;
using onnx::Value;

constexpr const char* cases = "cases";

/// Stands in the file, for somebody who has nothing else.
constexpr const char* documentation =
    "Deepmine Sentinel: is an underground stope stable now, and how risky does it become?\n"
    "\n"
    "INPUTS, all in raw units; scaling, encoding and features are inside. One case is a stope as of a day t. "
    "Categories are texts, spelled as listed. The readings are {days} consecutive calendar days of daily "
    "means, oldest first, day t last. Missing is missing: give NaN, never 0. A gap of up to {gap} days of a "
    "sensor is to be filled with the last value before it; a longer one allows no answer, nor does a missing "
    "reading on day t.\n"
    "\n"
    "OUTPUTS. Look at `abstain` first: where it is true (a number that is missing, impossible or outside "
    "what "
    "the model was trained on, an unknown category) the probabilities are NaN and risk_levels -1. That is no "
    "answer: inspect; it never means stable. Logits are what the network computed, whatever the data.\n"
    "\n"
    "NOT INSIDE: whether readings are recent, the history long enough, a sensor stuck; the rule set's own "
    "answer; trend, alert, explanations, advice; the decision threshold (see the metadata: a stope is called "
    "unstable from that probability on). Future levels are labels of a rule set that the model learned to "
    "predict, not observed failures. The person in charge decides who enters.";

std::string names_of(const std::vector<stope::FeatureColumn>& columns) {
  OrderedJson names = OrderedJson::array();
  for (const stope::FeatureColumn& column : columns) names.push_back(column.name);
  return names.dump();
}

/// Horizons for which training had no label: the network's numbers there mean nothing.
std::vector<int> untrained_horizons(const OnnxSource& source) {
  std::vector<int> untrained;
  const auto training = source.metadata.metrics.find("training");
  if (training == source.metadata.metrics.end()) return untrained;
  for (const int horizon : source.components.network.horizons) {
    const auto head = training->second.find(fmt::format("future_{}d", horizon));
    const bool has_samples =
        head != training->second.end() && head->second.contains("samples") && head->second.at("samples") > 0;
    if (!has_samples) untrained.push_back(horizon);
  }
  return untrained;
}

std::vector<std::pair<std::string, std::string>> properties_of(const OnnxSource& source) {
  const Components& components = source.components;
  const ModelMetadata& metadata = source.metadata;
  const auto json = [](const auto& value) { return fields_to_json(value).dump(); };
  OrderedJson levels = OrderedJson::array();
  for (const std::string_view level : stope::risk_level_names) levels.push_back(std::string(level));
  const stope::AssessmentSettings& assessment = components.settings.assessment;
  return {
      {"model_id", metadata.model_id},
      {"model_version", std::to_string(metadata.sequence)},
      {"trained_at", metadata.created_at},
      {"program_version", metadata.program_version},
      {"training_data_sha256", metadata.data.sha256},
      {"training_stopes", std::to_string(metadata.split.training_stopes.size())},
      {"feature_table_version", std::to_string(components.feature_table.version)},
      {"static_features", names_of(components.feature_table.statics)},
      {"sensors", names_of(components.feature_table.sensors)},
      {"summary_features",
       components.network.summary_features > 0 ? names_of(components.feature_table.summary) : "[]"},
      {"rule_prior", components.network.rule_prior ? "true" : "false"},
      {"days", std::to_string(components.network.days)},
      {"largest_filled_gap_days", std::to_string(components.settings.data.largest_filled_gap)},
      {"largest_age_days", std::to_string(components.settings.data.largest_age)},
      {"minimum_history_days", std::to_string(components.settings.data.minimum_history)},
      {"horizons_days", json(components.network.horizons)},
      {"untrained_horizons_days", json(untrained_horizons(source))},
      {"risk_level_names", levels.dump()},
      {"alert_level", std::string(name(assessment.alert_level))},
      {"decision_threshold", json(assessment.decision_threshold)},
      {"temperatures", json(components.calibration.temperatures)},
  };
}

class Exporter {
 public:
  explicit Exporter(const OnnxSource& source)
      : source_(source),
        network_(source.components.network),
        horizons_(static_cast<std::int64_t>(network_.horizons.size())) {}

  onnx::Model model() {
    const Components& components = source_.components;
    const onnx::RawInputs raw = onnx::declare_inputs(graph_, network_.days);
    const onnx::StaticInputs statics = onnx::static_inputs(graph_, raw);
    onnx::NetworkInputs inputs;
    inputs.statics = onnx::scaled_statics(graph_, statics, components.scaler);
    inputs.series = onnx::scaled_series(graph_, raw, components.scaler);
    if (network_.summary_features > 0)
      inputs.summary = onnx::scaled_summary(graph_, raw, components.scaler, network_.days);
    if (network_.rule_prior) inputs.prior = onnx::rule_prior(graph_, raw, components.settings, network_);
    const Value abstain = onnx::abstain(graph_, raw, statics, components.scaler,
                                        components.settings.data.training_range_margin);
    write_outputs(onnx::add_network(graph_, network_, source_.parameters, inputs), abstain);
    return finish();
  }

 private:
  void write_outputs(const onnx::NetworkOutputs& network, const Value& abstain) {
    graph_.begin_part("answer");
    const float not_a_number = std::numeric_limits<float>::quiet_NaN();
    const Value nan = graph_.constant("no_answer", {}, std::span<const float>(&not_a_number, 1));
    const Value probability =
        graph_.node("Sigmoid", {network.instability_logit / temperature(0)}, ElementType::float32);
    write(remove_axis(select(abstain, nan, probability), 1), "instability_probability", {cases},
          "Probability that the stope is unstable now; NaN: no answer");
    const Value unanswered = onnx::either(insert_axis(abstain, 2), untrained());
    const Value levels = graph_.node("Softmax", {network.risk_logits / temperatures()}, ElementType::float32,
                                     {{"axis", std::int64_t{-1}}});
    write(select(unanswered, nan, levels), "risk_probabilities", {cases, horizons_, network_.risk_levels},
          "Probability of each risk level at each horizon (metadata: horizons_days, risk_level_names); NaN: "
          "no answer");
    // Of equally probable levels the higher one.
    const Value level = graph_.node(
        "ArgMax", {levels}, ElementType::int64,
        {{"axis", std::int64_t{-1}}, {"keepdims", std::int64_t{1}}, {"select_last_index", std::int64_t{1}}});
    write(remove_axis(select(unanswered, graph_.scalar(-1, ElementType::int64), level), 2), "risk_levels",
          {cases, horizons_}, "The most probable level at each horizon, 0 to 5; -1: no answer");
    write(remove_axis(abstain, 1), "abstain", {cases},
          "True: the data allows no answer; inspect before anyone enters");
    write(remove_axis(network.instability_logit, 1), "instability_logit", {cases},
          "Of the network, before calibration, whatever the data");
    write(network.risk_logits, "risk_logits", {cases, horizons_, network_.risk_levels},
          "Of the network, before calibration, whatever the data");
    if (network.day_weights.graph != nullptr)
      write(network.day_weights, "day_weights", {cases, network_.days},
            "How much each day counted (cross-attention, mean over heads); sums to 1");
  }

  void write(const Value& value, const char* name, std::vector<onnx::Dimension> shape, const char* text) {
    graph_.output(value, {name, value.type, std::move(shape), text});
  }

  double temperature(std::size_t head) const { return source_.components.calibration.temperatures[head]; }

  /// float [H, 1]
  Value temperatures() {
    std::vector<float> values;
    for (std::size_t h = 0; h < network_.horizons.size(); ++h)
      values.push_back(static_cast<float>(temperature(1 + h)));
    return graph_.constant("temperatures", {horizons_, 1}, std::span<const float>(values));
  }

  /// boolean [H, 1]
  Value untrained() {
    const std::vector<int> without_label = untrained_horizons(source_);
    std::vector<float> flags;
    for (const int horizon : network_.horizons)
      flags.push_back(std::count(without_label.begin(), without_label.end(), horizon) > 0 ? 1.0F : 0.0F);
    return greater(graph_.constant("untrained_horizons", {horizons_, 1}, std::span<const float>(flags)), 0);
  }

  onnx::Model finish() {
    onnx::Model model;
    model.operator_sets = {{"", onnx_operator_set}, {"ai.onnx.ml", 3}};
    model.producer = "deepmine";
    model.producer_version = source_.metadata.program_version;
    model.documentation = fmt::format(documentation, fmt::arg("days", network_.days),
                                      fmt::arg("gap", source_.components.settings.data.largest_filled_gap));
    model.version = static_cast<std::int64_t>(source_.metadata.sequence);
    model.graph = graph_.take("deepmine");
    model.properties = properties_of(source_);
    return model;
  }

  const OnnxSource& source_;
  const stope::NetworkSpecification& network_;
  std::int64_t horizons_;
  GraphBuilder graph_;
};

}  // namespace

OnnxFile export_onnx(const OnnxSource& source) {
  onnx::Model model = Exporter(source).model();
  OnnxFile file;
  file.bytes = onnx::write_model(model);
  for (const onnx::Port& port : model.graph.inputs) file.inputs.push_back(port.name);
  for (const onnx::Port& port : model.graph.outputs) file.outputs.push_back(port.name);
  file.properties = std::move(model.properties);
  return file;
}

}  // namespace deepmine::io
