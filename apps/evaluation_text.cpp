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
  if (report.bootstrap_draws == 0)
    header.back() = "Network";
  else if (report.interval_level != 0.95)
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
      report.bootstrap_draws == 0
          ? wrapped("",
                    "The network, head by head (network less the other; no intervals were asked for, "
                    "--bootstrap 0, so nothing tells a difference from chance):")
          : fmt::format("The network, head by head (network less the other, {:g} % interval over stopes):\n",
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

/// Log-loss and calibration error before and after, and the risk sets; empty without figures.
std::string calibration_text(const io::EvaluationReport& report, bool with_colour) {
  if (report.calibration.empty()) return "";
  TextTable table(
      {"Calibration", "Temperature", "Log-loss before", "after", "ECE before", "after",
       fmt::format("Risk set holds the level (target {:.2f})", report.risk_set_coverage), "Levels in it"},
      {Align::left, Align::right, Align::right, Align::right, Align::right, Align::right, Align::right,
       Align::right});
  for (const io::CalibrationFigures& figures : report.calibration)
    table.add({head_words(figures.head),
               figures.fitted ? fmt::format("{:.3f}", figures.temperature) : "1 (not fitted)",
               figure_text(figures.log_loss_before), figure_text(figures.log_loss_after),
               figure_text(figures.ece_before), figure_text(figures.ece_after),
               figure_text(figures.set_coverage), figure_text(figures.set_size)});
  return table.text(with_colour) + "\n";
}

/// Increase of the log-loss, input by input and head by head.
std::string importance_text(const io::EvaluationReport& report, bool with_colour) {
  if (!report.importance) return "";
  std::vector<std::string> header{"Input taken from another stope"};
  std::vector<Align> alignment{Align::left};
  for (const io::HeadImportance& head : report.importance->inputs.front().heads) {
    header.push_back(head_words(head.head));
    alignment.push_back(Align::right);
  }
  TextTable table(std::move(header), std::move(alignment));
  for (const io::InputImportance& input : report.importance->inputs) {
    std::vector<std::string> row{input_words(input.input)};
    for (const io::HeadImportance& head : input.heads)
      row.push_back(std::isfinite(head.log_loss_increase)
                        ? fmt::format("{:+.3f} ± {:.3f}", head.log_loss_increase, head.deviation)
                        : "-");
    table.add(std::move(row));
  }
  return fmt::format("Increase of the log-loss on the {} stopes of the validation part, {} exchanges:\n",
                     report.importance->stopes, report.importance->repeats) +
         table.text(with_colour) + "\n";
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
  text += "\n" + calibration_text(report, with_colour) + importance_text(report, with_colour) +
          verdicts_text(report) + "\n";
  for (const std::string& remark : report.remarks) text += wrapped("", remark);
  return text;
}

}  // namespace deepmine::apps
