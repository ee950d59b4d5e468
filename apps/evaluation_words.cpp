#include "apps/evaluation_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace deepmine::apps {
namespace {

std::string difference_words(const io::Difference& difference) {
  const io::Estimate& estimate = difference.estimate;
  if (!std::isfinite(estimate.low)) return fmt::format("{:+.3f}", estimate.value);
  return fmt::format("{:+.3f}, {:+.3f} to {:+.3f}", estimate.value, estimate.low, estimate.high);
}

/// To every baseline and ablation that answers this head.
std::vector<const io::Difference*> differences_of(const io::EvaluationReport& report,
                                                  const std::string& head) {
  std::vector<const io::Difference*> differences;
  const std::string metric = deciding_metric(head);
  for (const auto* group : {&report.baselines, &report.ablations})
    for (const io::PredictorEstimates& other : *group)
      if (const io::Difference* difference = report.difference(other.name, head, metric);
          difference != nullptr && std::isfinite(other.figure(head, metric).value))
        differences.push_back(difference);
  return differences;
}

}  // namespace

std::string predictor_words(const std::string& name) {
  if (name == "majority") return "Majority";
  if (name == "logistic") return "Logistic";
  if (name == "persistence") return "Persistence";
  if (name == "rules") return "Rules";
  if (name == "prior") return "Prior";
  if (name == "static_only") return "Static only";
  if (name == "temporal_only") return "Temporal only";
  return name;
}

std::string sentence_words(const std::string& name) {
  if (name == "majority") return "the majority";
  if (name == "logistic") return "logistic regression";
  if (name == "rules") return "the rules";
  if (name == "prior") return "the rules' prior alone";
  if (name == "static_only") return "the network without series";
  if (name == "temporal_only") return "the network without statics";
  return name;
}

std::vector<std::string> deciding_metrics(const std::string& head) {
  if (head == "current")
    return {"balanced_accuracy", "roc_auc", "pr_auc", "false_negative_rate", "brier", "ece"};
  if (head == "early_warning")
    return {"warned_share", "mean_lead_days", "false_alarms_per_stope_month", "trend_accuracy"};
  return {"accuracy", "macro_f1", "quadratic_kappa"};
}

std::string deciding_metric(const std::string& head) {
  return head == "current" ? "balanced_accuracy" : "accuracy";
}

std::string metric_words(std::string metric) {
  std::replace(metric.begin(), metric.end(), '_', ' ');
  return metric;
}

std::string input_words(const std::string& input) {
  return input == "risk_level" ? "static risk index" : input;
}

const char* const static_risk_index_note =
    "static risk index: 0 to 1, from rock quality, span, depth and whether support is installed; no level of "
    "an answer. Files and --json call it risk_level.";

std::string head_words(const std::string& head) {
  if (!head.starts_with("future_")) return metric_words(head);
  const std::string days = head.substr(7, head.size() - 8);
  return "in " + days + (days == "1" ? " day" : " days");
}

std::string verdict_phrases(const io::EvaluationReport& report, const std::string& head) {
  const std::vector<const io::Difference*> differences = differences_of(report, head);
  const char* const not_known =
      report.bootstrap_draws > 0 ? "not known against" : "no verdict without intervals against";
  const std::pair<io::Verdict, const char*> phrases[] = {{io::Verdict::better, "beats"},
                                                         {io::Verdict::worse, "LOSES to"},
                                                         {io::Verdict::not_told_apart, "can't be told from"},
                                                         {io::Verdict::not_known, not_known}};
  std::string text;
  for (const auto& [verdict, phrase] : phrases) {
    std::string list;
    for (const io::Difference* difference : differences)
      if (difference->network_is == verdict)
        list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", sentence_words(difference->other),
                            difference_words(*difference));
    if (!list.empty()) text += fmt::format("{}{} {}", text.empty() ? "" : "; ", phrase, list);
  }
  return text;
}

std::string better_predictor(const io::EvaluationReport& report, const std::string& head) {
  const std::string metric = deciding_metric(head);
  const io::PredictorEstimates* best = nullptr;
  for (const io::PredictorEstimates& baseline : report.baselines) {
    const io::Difference* difference = report.difference(baseline.name, head, metric);
    if (difference == nullptr || difference->network_is != io::Verdict::worse) continue;
    if (best == nullptr || baseline.figure(head, metric).value > best->figure(head, metric).value)
      best = &baseline;
  }
  return best == nullptr ? "" : best->name;
}

}  // namespace deepmine::apps
