#include <fmt/format.h>

#include <array>
#include <cmath>

#include "apps/evaluation_words.h"
#include "apps/report/chart.h"
#include "apps/report/markup.h"
#include "apps/report/sections.h"
#include "apps/terminal.h"

namespace deepmine::apps::report {
namespace {

using io::EvaluationReport;
using lifecycle::HeadFigures;

/// False after `--bootstrap 0`.
bool has_intervals(const EvaluationReport& evaluation) {
  return evaluation.bootstrap_draws > 0;
}

std::string with_interval(const io::Estimate& estimate) {
  std::string text = fixed(estimate.value, 3);
  if (std::isfinite(estimate.low))
    text += fmt::format(" <small>{:.3f} to {:.3f}</small>", estimate.low, estimate.high);
  return text;
}

/// Right answers by horizon, of the network and of what needs no network.
std::string accuracy_chart(const lifecycle::Report& report) {
  Chart drawing{
      .id = "accuracy_by_horizon",
      .title = "Right answers by horizon",
      .explanation = (has_intervals(*report.evaluation) ? "With intervals over stopes."
                                                        : "Without intervals: none were asked for.") +
                     std::string(" The network should stand above persistence and the rules: "
                                 "where it does not, they are the better advice."),
      .x = {.label = "days ahead", .low = -0.6},
      .y = {.label = "share of right answers"}};
  const std::vector<int>& horizons = report.network.horizons;
  drawing.x.high = static_cast<double>(horizons.size()) - 0.4;
  for (std::size_t h = 0; h < horizons.size(); ++h) {
    drawing.x.ticks.push_back(static_cast<double>(h));
    drawing.x.tick_names.push_back(std::to_string(horizons[h]));
  }
  std::vector<const io::PredictorEstimates*> predictors{&report.evaluation->network};
  for (const io::PredictorEstimates& baseline : report.evaluation->baselines) predictors.push_back(&baseline);
  double lowest = 1;
  for (std::size_t p = 0; p < predictors.size(); ++p) {
    Points points{.name = predictor_words(predictors[p]->name)};
    for (std::size_t h = 0; h < horizons.size(); ++h) {
      const io::Estimate estimate = predictors[p]->figure(fmt::format("future_{}d", horizons[h]), "accuracy");
      points.x.push_back(static_cast<double>(h) +
                         0.16 * (static_cast<double>(p) - 0.5 * static_cast<double>(predictors.size() - 1)));
      points.y.push_back(estimate.value);
      points.low.push_back(estimate.low);
      points.high.push_back(estimate.high);
      for (const double value : {estimate.value, estimate.low})
        if (std::isfinite(value)) lowest = std::min(lowest, value);
    }
    drawing.points.push_back(std::move(points));
  }
  drawing.y.low = std::floor(lowest * 10) / 10;
  if (drawing.y.low >= 1) drawing.y.low = 0.9;
  return chart(drawing);
}

std::string curve_chart(std::string id, std::string title, std::string x, std::string y,
                        const std::vector<lifecycle::CurvePoint>& points, bool diagonal) {
  if (points.empty()) return "";
  Chart drawing{.id = std::move(id),
                .title = std::move(title),
                .x = {.label = std::move(x)},
                .y = {.label = std::move(y)},
                .diagonal = diagonal};
  Line line{.name = "network"};
  for (const lifecycle::CurvePoint& point : points) {
    line.x.push_back(point.x);
    line.y.push_back(point.y);
  }
  drawing.lines.push_back(std::move(line));
  return chart(drawing);
}

std::string reliability_chart(const std::vector<HeadFigures>& figures) {
  Chart drawing{
      .id = "reliability",
      .title = "Calibration: are probabilities what they say?",
      .explanation =
          "Now: probability of instability against the share that was unstable. Horizons: probability "
          "of the answered level against the share that was right. On the diagonal is honest; "
          "below it, the model was too sure.",
      .x = {.label = "probability that was given"},
      .y = {.label = "share that came true"},
      .diagonal = true};
  for (const HeadFigures& head : figures) {
    if (head.reliability.empty()) continue;
    Line line{.name = head.head == "current" ? "now" : head_words(head.head), .marked = true};
    for (const lifecycle::ReliabilityBin& bin : head.reliability) {
      line.x.push_back(bin.probability);
      line.y.push_back(bin.share);
    }
    drawing.lines.push_back(std::move(line));
  }
  return drawing.lines.empty() ? "" : chart(drawing);
}

std::string confusion_table(const HeadFigures& head) {
  const bool current = head.head == "current";
  std::vector<std::string> names;
  if (current) {
    names = {"stable", "unstable"};
  } else {
    for (const std::string_view name : stope::risk_level_names)
      names.push_back(metric_words(std::string(name)));
  }
  std::string html = fmt::format(
      "<figure id=\"confusion_{}\"><figcaption>{}</figcaption><table "
      "class=\"confusion\"><thead><tr><td></td>",
      head.head,
      current ? "Now: what was said (across) of what was (down)" : "Level " + head_words(head.head));
  for (const std::string& name : names) html += fmt::format("<th scope=\"col\">{}</th>", escaped(name));
  html += "</tr></thead><tbody>";
  for (std::size_t label = 0; label < head.confusion.size(); ++label) {
    double total = 0;
    for (const std::int64_t count : head.confusion[label]) total += static_cast<double>(count);
    html += fmt::format("<tr><th scope=\"row\">{}</th>", escaped(names[label]));
    for (std::size_t answer = 0; answer < head.confusion[label].size(); ++answer) {
      const std::int64_t count = head.confusion[label][answer];
      const double share = total > 0 ? static_cast<double>(count) / total : 0;
      html += fmt::format("<td data-count=\"{}\" style=\"background:rgba(31,97,170,{:.2f}){}\"{}>{}</td>",
                          count, 0.85 * share, share > 0.6 ? ";color:#fff" : "",
                          label == answer ? " class=\"right\"" : "", with_thousands(count));
    }
    html += "</tr>";
  }
  return html + "</tbody></table></figure>\n";
}

/// The figures that decide, the network's with intervals.
std::string figures_table(const EvaluationReport& evaluation) {
  std::string html =
      "<div class=\"wide\"><table class=\"figures\"><thead><tr><th>Head</th><th>Measure</th><th>Network</th>";
  for (const io::PredictorEstimates& baseline : evaluation.baselines)
    html += fmt::format("<th>{}</th>", escaped(predictor_words(baseline.name)));
  html += "</tr></thead><tbody>\n";
  for (const io::HeadEstimates& head : evaluation.network.heads)
    for (const std::string& metric : deciding_metrics(head.head)) {
      html += fmt::format(
          "<tr data-head=\"{}\" data-metric=\"{}\"><th scope=\"row\">{}</th><td>{}</td><td>{}</td>",
          head.head, metric, escaped(head_words(head.head)), escaped(metric_words(metric)),
          with_interval(evaluation.network.figure(head.head, metric)));
      for (const io::PredictorEstimates& baseline : evaluation.baselines)
        html += fmt::format("<td>{}</td>", fixed(baseline.figure(head.head, metric).value, 3));
      html += "</tr>\n";
    }
  return html + "</tbody></table></div>\n";
}

std::string verdicts(const EvaluationReport& evaluation) {
  std::string html = "<ul>";
  for (const io::HeadEstimates& head : evaluation.network.heads) {
    const std::string phrase = verdict_phrases(evaluation, head.head);
    if (phrase.empty()) continue;
    const std::string metric = deciding_metric(head.head), better = better_predictor(evaluation, head.head);
    html += fmt::format("<li>{}, {}: {}.", escaped(head_words(head.head)), escaped(metric_words(metric)),
                        escaped(phrase));
    if (!better.empty())
      html +=
          fmt::format(" <strong>Trust {} there, not the network.</strong>", escaped(sentence_words(better)));
    html += "</li>\n";
  }
  return html + "</ul>\n";
}

}  // namespace

std::string skill_section(const lifecycle::Report& report) {
  if (!report.has_data) return "";
  std::string html = "<section id=\"skill\">\n<h2>How good it is on stopes that it has not seen</h2>\n";
  if (!report.evaluation) return html + paragraph(report.why_no_evaluation, "warning") + "</section>\n";
  const EvaluationReport& evaluation = *report.evaluation;
  html += paragraph(fmt::format(
      "{} stopes, {} of them unstable, {} windows; {}.", evaluation.stopes, evaluation.unstable_stopes,
      with_thousands(evaluation.windows),
      has_intervals(evaluation) ? fmt::format("{:g} % intervals over stopes", 100 * evaluation.interval_level)
                                : "no intervals"));
  if (!has_intervals(evaluation))
    html += paragraph(
        "No intervals were asked for (--bootstrap 0): nothing here tells a difference between the network "
        "and "
        "another from chance, so there is no verdict on any.",
        "warning");
  for (const std::string& remark : evaluation.remarks)
    html += paragraph(remark, evaluation.data_is_thin ? "warning" : "note");
  html +=
      verdicts(evaluation) + figures_table(evaluation) + "<div class=\"charts\">\n" + accuracy_chart(report);
  for (const HeadFigures& head : report.figures)
    if (head.head == "current") {
      html += curve_chart("roc", "ROC: alarms against misses, now", "share of stable windows with an alarm",
                          "share of unstable windows found", head.roc, true);
      html += curve_chart("precision_recall", "Precision and recall, now",
                          "share of unstable windows found (recall)",
                          "share of alarms that are right (precision)", head.precision_recall, false);
    }
  html += reliability_chart(report.figures) + "</div>\n<div class=\"charts matrices\">\n";
  for (const HeadFigures& head : report.figures) html += confusion_table(head);
  return html + "</div>\n</section>\n";
}

}  // namespace deepmine::apps::report
