#include "apps/result_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "apps/text_table.h"

namespace deepmine::apps {
namespace {

constexpr std::size_t thin_below = 150;  // stopes

/// The measures of a head; the first is the one that decides whether the network is better.
std::vector<std::string> measures_of(const std::string& head) {
  if (head == "current") return {"balanced_accuracy", "roc_auc", "accuracy"};
  return {"accuracy"};
}

/// `future_7d` as `in 7 days`.
std::string head_words(const std::string& head) {
  if (!head.starts_with("future_")) return head;
  const std::string days = head.substr(7, head.size() - 8);
  return "in " + days + (days == "1" ? " day" : " days");
}

/// Heads in the order of time: current, then ascending horizons.
std::vector<std::string> ordered_heads(const std::map<std::string, std::map<std::string, double>>& heads) {
  std::vector<std::pair<int, std::string>> order;
  for (const auto& [head, metrics] : heads)
    order.emplace_back(head.starts_with("future_") ? std::stoi(head.substr(7)) : 0, head);
  std::sort(order.begin(), order.end());
  std::vector<std::string> names;
  for (auto& [days, head] : order) names.push_back(std::move(head));
  return names;
}

double figure(const io::MetricTable& table, const std::string& part, const std::string& head,
              const std::string& measure) {
  const auto parts = table.find(part);
  if (parts == table.end()) return std::numeric_limits<double>::quiet_NaN();
  const auto heads = parts->second.find(head);
  if (heads == parts->second.end()) return std::numeric_limits<double>::quiet_NaN();
  const auto metric = heads->second.find(measure);
  return metric == heads->second.end() ? std::numeric_limits<double>::quiet_NaN() : metric->second;
}

double baseline_figure(const io::ModelMetadata& metadata, const char* baseline, const std::string& part,
                       const std::string& head, const std::string& measure) {
  const auto table = metadata.baselines.find(baseline);
  return table == metadata.baselines.end() ? std::numeric_limits<double>::quiet_NaN()
                                           : figure(table->second, part, head, measure);
}

struct Comparison {
  double network = 0, majority = 0, rules = 0;

  bool is_known() const {
    return std::isfinite(network) && (std::isfinite(majority) || std::isfinite(rules));
  }
  /// A figure that is not known beats nothing.
  bool beats_majority() const { return !std::isfinite(majority) || network > majority; }
  bool beats_rules() const { return !std::isfinite(rules) || network > rules; }

  std::string verdict() const {
    if (!is_known()) return "not known";
    if (beats_majority() && beats_rules()) return "better";
    if (beats_majority()) return "NOT better than the rules";
    return beats_rules() ? "NOT better than the majority" : "NOT better than either";
  }
};

Comparison compare(const io::ModelMetadata& metadata, const std::string& part, const std::string& head,
                   const std::string& measure) {
  return {figure(metadata.metrics, part, head, measure),
          baseline_figure(metadata, "majority", part, head, measure),
          baseline_figure(metadata, "rules", part, head, measure)};
}

std::string figure_text(double value) {
  return std::isfinite(value) ? fmt::format("{:.3f}", value) : "-";
}

std::string spaced(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string part_table(const io::ModelMetadata& metadata, const std::string& part, bool with_colour) {
  TextTable table(
      {"Head", "Measure", "Windows", "Network", "Majority", "Rules", "The network is"},
      {Align::left, Align::left, Align::right, Align::right, Align::right, Align::right, Align::left});
  for (const std::string& head : ordered_heads(metadata.metrics.at(part)))
    for (const std::string& measure : measures_of(head)) {
      const Comparison comparison = compare(metadata, part, head, measure);
      const double windows = figure(metadata.metrics, part, head, "samples");
      table.add({head_words(head), spaced(measure), fmt::format("{:.0f}", windows),
                 figure_text(comparison.network), figure_text(comparison.majority),
                 figure_text(comparison.rules), comparison.verdict()});
    }
  return table.text(with_colour);
}

/// The verdict in words, from the deciding measure of every head.
std::string verdict_text(const io::ModelMetadata& metadata, const std::string& part) {
  std::string losing, unknown;
  for (const std::string& head : ordered_heads(metadata.metrics.at(part))) {
    const Comparison comparison = compare(metadata, part, head, measures_of(head).front());
    if (comparison.is_known() && comparison.beats_majority() && comparison.beats_rules()) continue;
    std::string& list = comparison.is_known() ? losing : unknown;
    list += (list.empty() ? "" : ", ") + head_words(head);
  }
  std::string text;
  if (!losing.empty())
    text += fmt::format("The network is NOT better than the baselines ({} part): {}.\n", part, losing);
  if (!unknown.empty()) text += fmt::format("Not known ({} part): {}.\n", part, unknown);
  return text.empty()
             ? fmt::format("The network is better than both baselines in every head ({} part).\n", part)
             : text;
}

std::string split_remark(const io::SplitSummary& split) {
  if (split.method == "forward")
    return "Split forward in time: the same stopes stand in every part, so the figures of the current head "
           "say\n"
           "nothing about stopes that the network has not seen.\n";
  if (split.method == "random")
    return "Split at random: neighbouring days of one stope stand in different parts, so all figures are "
           "too\n"
           "good. Use them for comparisons only.\n";
  return {};
}

std::string thin_data_remark(const io::SplitSummary& split) {
  std::set<std::string_view> stopes;
  for (const auto* part : {&split.training_stopes, &split.validation_stopes, &split.test_stopes})
    stopes.insert(part->begin(), part->end());
  if (stopes.size() >= thin_below) return {};
  return fmt::format(
      "The data is thin: {} stopes ({} in the validation part, {} in the test part). With fewer than {}, a "
      "few\n"
      "stopes decide these figures, and another seed gives others.\n",
      stopes.size(), split.validation_stopes.size(), split.test_stopes.size(), thin_below);
}

}  // namespace

std::string result_text(const io::ModelMetadata& metadata, bool with_colour) {
  std::string text, deciding_part;
  const std::pair<const char*, std::size_t> parts[] = {
      {"validation", metadata.split.validation_stopes.size()}, {"test", metadata.split.test_stopes.size()}};
  for (const auto& [part, stopes] : parts) {
    if (!metadata.metrics.contains(part)) continue;
    text += fmt::format("{} part, {} stopes\n{}\n", part == std::string_view("test") ? "Test" : "Validation",
                        stopes, part_table(metadata, part, with_colour));
    deciding_part = part;
  }
  if (deciding_part.empty())
    return "There is no validation part and no test part: nothing is known about how good this model is.\n";
  text += verdict_text(metadata, deciding_part);
  text += "Future levels are those of the rule set on later readings, not observed failures.\n";
  return text + split_remark(metadata.split) + thin_data_remark(metadata.split);
}

std::string horizons_lost_to_rules(const io::ModelMetadata& metadata) {
  const auto test = metadata.metrics.find("test");
  if (test == metadata.metrics.end()) return {};
  std::string lost;
  for (const std::string& head : ordered_heads(test->second)) {
    if (!head.starts_with("future_")) continue;
    const Comparison comparison = compare(metadata, "test", head, measures_of(head).front());
    if (comparison.is_known() && !comparison.beats_rules())
      lost += (lost.empty() ? "" : ", ") + head_words(head);
  }
  return lost;
}

}  // namespace deepmine::apps
