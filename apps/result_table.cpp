#include "apps/result_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "apps/evaluation_words.h"
#include "apps/text_table.h"

namespace deepmine::apps {
namespace {

constexpr std::size_t thin_below = 150;  // stopes

/// The measures of a head; the first is the one that decides whether the network is better.
std::vector<std::string> measures_of(const std::string& head) {
  if (head == "current") return {"balanced_accuracy", "roc_auc", "accuracy"};
  return {"accuracy"};
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

/// The baselines of the metadata, in the order of the table. Older models have fewer.
std::vector<std::string> baselines_of(const io::ModelMetadata& metadata) {
  std::vector<std::string> names;
  for (const char* name : {"majority", "logistic", "persistence", "rules", "prior"})
    if (metadata.baselines.contains(name)) names.emplace_back(name);
  return names;
}

/// The network's figure beside those of the baselines. NaN: not known; a figure that is not known beats
/// nothing.
struct Comparison {
  double network = 0;
  std::vector<std::pair<std::string, double>> baselines;

  bool is_known() const {
    return std::isfinite(network) && std::any_of(baselines.begin(), baselines.end(), [](const auto& other) {
             return std::isfinite(other.second);
           });
  }
  bool beats(const std::string& name) const {
    return std::none_of(baselines.begin(), baselines.end(), [&](const auto& other) {
      return other.first == name && std::isfinite(other.second) && !(network > other.second);
    });
  }
  bool beats_all() const {
    return std::all_of(baselines.begin(), baselines.end(),
                       [&](const auto& other) { return beats(other.first); });
  }

  std::string verdict() const {
    if (!is_known()) return "not known";
    if (beats_all()) return "better";
    std::string names;
    for (const auto& [name, value] : baselines)
      if (!beats(name)) names += (names.empty() ? "" : ", ") + name;
    return "NOT better than " + names;
  }
};

Comparison compare(const io::ModelMetadata& metadata, const std::string& part, const std::string& head,
                   const std::string& measure) {
  Comparison comparison{figure(metadata.metrics, part, head, measure), {}};
  for (const std::string& name : baselines_of(metadata))
    comparison.baselines.emplace_back(name, figure(metadata.baselines.at(name), part, head, measure));
  return comparison;
}

std::string figure_text(double value) {
  return std::isfinite(value) ? fmt::format("{:.3f}", value) : "-";
}

std::string part_table(const io::ModelMetadata& metadata, const std::string& part, bool with_colour) {
  std::vector<std::string> header{"Head", "Measure", "Windows", "Network"};
  for (std::string name : baselines_of(metadata)) {
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
    header.push_back(std::move(name));
  }
  header.emplace_back("The network is");
  std::vector<Align> alignment(header.size(), Align::right);
  alignment[0] = alignment[1] = alignment.back() = Align::left;
  TextTable table(std::move(header), std::move(alignment));
  for (const std::string& head : ordered_heads(metadata.metrics.at(part)))
    for (const std::string& measure : measures_of(head)) {
      const Comparison comparison = compare(metadata, part, head, measure);
      std::vector<std::string> row{head_words(head), metric_words(measure),
                                   fmt::format("{:.0f}", figure(metadata.metrics, part, head, "samples")),
                                   figure_text(comparison.network)};
      for (const auto& [name, value] : comparison.baselines) row.push_back(figure_text(value));
      row.push_back(comparison.verdict());
      table.add(std::move(row));
    }
  return table.text(with_colour);
}

/// The verdict in words, from the deciding measure of every head.
std::string verdict_text(const io::ModelMetadata& metadata, const std::string& part) {
  std::string losing, unknown;
  for (const std::string& head : ordered_heads(metadata.metrics.at(part))) {
    const Comparison comparison = compare(metadata, part, head, measures_of(head).front());
    if (comparison.is_known() && comparison.beats_all()) continue;
    std::string& list = comparison.is_known() ? losing : unknown;
    list += (list.empty() ? "" : ", ") + head_words(head);
  }
  std::string text;
  if (!losing.empty())
    text += fmt::format("The network is NOT better than the baselines ({} part): {}.\n", part, losing);
  if (!unknown.empty()) text += fmt::format("Not known ({} part): {}.\n", part, unknown);
  return text.empty()
             ? fmt::format("The network is better than every baseline in every head ({} part).\n", part)
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
    if (comparison.is_known() && !comparison.beats("rules"))
      lost += (lost.empty() ? "" : ", ") + head_words(head);
  }
  return lost;
}

}  // namespace deepmine::apps
