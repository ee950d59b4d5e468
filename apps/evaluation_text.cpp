#include "apps/evaluation_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "apps/evaluation_words.h"
#include "apps/printable_text.h"
#include "apps/terminal.h"
#include "apps/text_table.h"

namespace deepmine::apps {
namespace {

std::string figure_text(double value) {
  return std::isfinite(value) ? fmt::format("{:.3f}", value) : "-";
}

std::string with_interval(const io::Estimate& estimate) {
  if (!std::isfinite(estimate.value)) return "-";
  if (!std::isfinite(estimate.low)) return fmt::format("{:.3f}", estimate.value);
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", estimate.value, estimate.low, estimate.high);
}

std::vector<std::string> metrics_to_show(const io::HeadEstimates& head, bool detailed) {
  if (!detailed) return deciding_metrics(head.head);
  std::vector<std::string> names;
  for (const auto& [metric, estimate] : head.metrics) names.push_back(metric);
  return names;
}

/// How many cases a head was judged on.
std::string cases(const io::PredictorEstimates& network, const std::string& head) {
  const double count = network.figure(head, head == "early_warning" ? "events" : "samples").value;
  if (!std::isfinite(count)) return "-";
  return with_thousands(std::llround(count)) + (head == "early_warning" ? " events" : "");
}

std::string table_text(const io::EvaluationReport& report, bool detailed, bool with_colour) {
  std::vector<std::string> header{"Head", "Measure", "Cases", "Network [95 % interval]"};
  std::vector<Align> alignment{Align::left, Align::left, Align::right, Align::right};
  if (report.interval_level != 0.95)
    header.back() = fmt::format("Network [{:g} % interval]", 100 * report.interval_level);
  std::vector<const io::PredictorEstimates*> others;
  for (const auto* group : {&report.baselines, &report.ablations})
    for (const io::PredictorEstimates& other : *group) {
      others.push_back(&other);
      header.push_back(predictor_words(other.name));
      alignment.push_back(Align::right);
    }
  TextTable table(std::move(header), std::move(alignment));
  for (const io::HeadEstimates& head : report.network.heads) {
    std::string words = head_words(head.head), count = cases(report.network, head.head);
    for (const std::string& metric : metrics_to_show(head, detailed)) {
      std::vector<std::string> row{words, metric_words(metric), count,
                                   with_interval(report.network.figure(head.head, metric))};
      for (const io::PredictorEstimates* other : others)
        row.push_back(figure_text(other->figure(head.head, metric).value));
      table.add(std::move(row));
      words.clear();
      count.clear();
    }
  }
  return table.text(with_colour);
}

std::string verdicts_text(const io::EvaluationReport& report) {
  std::string text =
      fmt::format("The network, head by head (network less the other, {:g} % interval over stopes):\n",
                  100 * report.interval_level);
  for (const io::HeadEstimates& head : report.network.heads) {
    if (head.head == "early_warning") continue;
    const std::string metric = deciding_metric(head.head);
    text += wrapped("  ", fmt::format("{}, {}: {}.", head_words(head.head), metric_words(metric),
                                      verdict_phrases(report, head.head)));
    const std::string better = better_predictor(report, head.head);
    if (!better.empty())
      text += fmt::format("  -> Trust {} there, not the network.\n", sentence_words(better));
  }
  return text;
}

std::string heading(const io::EvaluationReport& report) {
  std::string seeds;
  for (const std::uint64_t seed : report.seeds) seeds += (seeds.empty() ? "" : ", ") + std::to_string(seed);
  std::string text;
  if (report.method == "model")
    text = fmt::format("Model {}, version {}", report.model_id, report.version);
  else if (report.method == "cross_validation")
    text =
        fmt::format("{} folds by stope, seed{} {}", report.folds, report.seeds.size() == 1 ? "" : "s", seeds);
  else
    text = fmt::format("One split, {}, seed{} {}", report.split, report.seeds.size() == 1 ? "" : "s", seeds);
  return text + fmt::format(": {} stopes judged, {} of them unstable, {} windows.\n", report.stopes,
                            report.unstable_stopes, with_thousands(report.windows));
}

}  // namespace

std::string evaluation_text(const io::EvaluationReport& report, bool detailed, bool with_colour) {
  std::string text = heading(report) + "\n" + table_text(report, detailed, with_colour) + "\n";
  text += report.warning_events == "failures"
              ? "Early warning: of the failures that were given.\n"
              : "Early warning: of the rules' levels (no failure dates were given: --failures).\n";
  text += "\n" + verdicts_text(report) + "\n";
  for (const std::string& remark : report.remarks) text += wrapped("", remark);
  return text;
}

}  // namespace deepmine::apps
