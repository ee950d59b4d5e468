#include "io/evaluation_report.h"

#include <algorithm>
#include <cmath>

#include "io/field_json.h"

namespace deepmine::io {
namespace {

OrderedJson number(double value) {
  return std::isfinite(value) ? OrderedJson(value) : OrderedJson(nullptr);
}

OrderedJson interval(const Estimate& estimate) {
  return OrderedJson::array({number(estimate.low), number(estimate.high)});
}

/// head → metric → what `shown` makes of the estimate.
template <class Shown>
OrderedJson heads_json(const PredictorEstimates& predictor, Shown&& shown) {
  OrderedJson heads = OrderedJson::object();
  for (const HeadEstimates& head : predictor.heads) {
    OrderedJson& metrics = heads[head.head] = OrderedJson::object();
    for (const auto& [metric, estimate] : head.metrics) metrics[metric] = shown(estimate);
  }
  return heads;
}

OrderedJson values_json(const PredictorEstimates& predictor) {
  return heads_json(predictor, [](const Estimate& estimate) { return number(estimate.value); });
}

OrderedJson header_json(const EvaluationReport& report) {
  OrderedJson json;
  json["method"] = report.method;
  json["split"] = report.split;
  json["folds"] = report.folds;
  json["seeds"] = report.seeds;
  json["model_id"] = report.model_id.empty() ? OrderedJson(nullptr) : OrderedJson(report.model_id);
  json["version"] = report.version == 0 ? OrderedJson(nullptr) : OrderedJson(report.version);
  json["data_sha256"] = report.data_sha256;
  json["stopes"] = report.stopes;
  json["unstable_stopes"] = report.unstable_stopes;
  json["stopes_seen_in_training"] = report.stopes_seen_in_training;
  json["windows"] = report.windows;
  json["bootstrap"] = {
      {"over", "stopes"}, {"draws", report.bootstrap_draws}, {"level", report.interval_level}};
  json["warning_events"] = report.warning_events;
  json["data_is_thin"] = report.data_is_thin;
  json["remarks"] = report.remarks;
  return json;
}

OrderedJson differences_json(const EvaluationReport& report) {
  OrderedJson json = OrderedJson::object();
  for (const Difference& difference : report.differences)
    json[difference.other][difference.head][difference.metric] = {
        {"difference", number(difference.estimate.value)},
        {"interval", interval(difference.estimate)},
        {"network_is", name(difference.network_is)}};
  return json;
}

OrderedJson calibration_json(const EvaluationReport& report) {
  OrderedJson heads = OrderedJson::object();
  for (const CalibrationFigures& figures : report.calibration) {
    OrderedJson& json = heads[figures.head] = {{"temperature", number(figures.temperature)},
                                               {"fitted", figures.fitted},
                                               {"windows", figures.windows},
                                               {"log_loss_before", number(figures.log_loss_before)},
                                               {"log_loss_after", number(figures.log_loss_after)},
                                               {"ece_before", number(figures.ece_before)},
                                               {"ece_after", number(figures.ece_after)}};
    if (figures.head == "current") continue;
    json["risk_set_coverage"] = number(figures.set_coverage);
    json["risk_set_size"] = number(figures.set_size);
  }
  return {{"target_coverage", number(report.risk_set_coverage)}, {"heads", std::move(heads)}};
}

OrderedJson importance_json(const ImportanceReport& report) {
  OrderedJson inputs = OrderedJson::object();
  for (const InputImportance& input : report.inputs)
    for (const HeadImportance& head : input.heads)
      inputs[input.input][head.head] = {{"log_loss_increase", number(head.log_loss_increase)},
                                        {"deviation", number(head.deviation)},
                                        {"accuracy_decrease", number(head.accuracy_decrease)}};
  return {{"part", "validation"},
          {"stopes", report.stopes},
          {"windows", report.windows},
          {"repeats", report.repeats},
          {"inputs", std::move(inputs)}};
}

}  // namespace

const char* name(Verdict verdict) {
  constexpr const char* names[] = {"better", "worse", "not_told_apart", "not_known"};
  return names[static_cast<std::size_t>(verdict)];
}

Estimate PredictorEstimates::figure(const std::string& head, const std::string& metric) const {
  for (const HeadEstimates& estimates : heads)
    if (estimates.head == head)
      for (const auto& [metric_name, estimate] : estimates.metrics)
        if (metric_name == metric) return estimate;
  return {};
}

const Difference* EvaluationReport::difference(const std::string& other, const std::string& head,
                                               const std::string& metric) const {
  const auto found = std::find_if(differences.begin(), differences.end(), [&](const Difference& candidate) {
    return candidate.other == other && candidate.head == head && candidate.metric == metric;
  });
  return found == differences.end() ? nullptr : &*found;
}

std::string evaluation_json(const EvaluationReport& report) {
  OrderedJson json;
  json["schema_version"] = evaluation_schema_version;
  json["evaluation"] = header_json(report);
  json.update(values_json(report.network));
  const auto intervals_json = [](const PredictorEstimates& predictor) {
    return heads_json(predictor, interval);
  };
  json["intervals"] = intervals_json(report.network);
  for (const auto& [key, others] :
       {std::pair{"baseline", &report.baselines}, std::pair{"ablation", &report.ablations}}) {
    OrderedJson& values = json[std::string(key) + "s"] = OrderedJson::object();
    for (const PredictorEstimates& other : *others) values[other.name] = values_json(other);
    OrderedJson& intervals = json[std::string(key) + "_intervals"] = OrderedJson::object();
    for (const PredictorEstimates& other : *others) intervals[other.name] = intervals_json(other);
  }
  json["differences"] = differences_json(report);
  if (!report.calibration.empty()) json["calibration"] = calibration_json(report);
  if (report.importance) json["importance"] = importance_json(*report.importance);
  return json_text(json);
}

}  // namespace deepmine::io
