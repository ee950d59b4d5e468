#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/evaluation_words.h"
#include "apps/report/markup.h"
#include "apps/report/sections.h"

namespace deepmine::apps::report {
namespace {

std::string calibration_table(const io::EvaluationReport& evaluation) {
  if (evaluation.calibration.empty()) return "";
  std::string html =
      "<h3>Probabilities and risk sets</h3>\n" +
      paragraph(
          "On the stopes that were judged. Before: as the network gives them; after: "
          "divided by the temperature that was fitted on the validation stopes.",
          "note") +
      "<div class=\"wide\"><table class=\"sensors\" id=\"calibration\"><thead>" +
      header_row({"Head", "Temperature", "Log-loss before", "after", "Calibration error before", "after",
                  "Risk set holds the level", "Levels in it"}) +
      "</thead><tbody>\n";
  for (const io::CalibrationFigures& head : evaluation.calibration)
    html += row({escaped(head.head == "current" ? "now" : head_words(head.head)),
                 fixed(head.temperature, 2) + (head.fitted ? "" : " (too little data)"),
                 fixed(head.log_loss_before, 3), fixed(head.log_loss_after, 3), fixed(head.ece_before, 3),
                 fixed(head.ece_after, 3), percent(head.set_coverage), fixed(head.set_size, 2)});
  return html + "</tbody></table></div>\n";
}

std::string importance_table(const io::EvaluationReport& evaluation) {
  if (!evaluation.importance || evaluation.importance->inputs.empty()) return "";
  const io::ImportanceReport& importance = *evaluation.importance;
  std::string html = "<h3>Which inputs matter</h3>\n";
  html += paragraph(
      fmt::format(
          "How much the log-loss rises when an input is taken from another stope: mean of {} exchanges "
          "on {} validation stopes. Near zero, or below: the answers do not need it.",
          importance.repeats, importance.stopes),
      "note");
  html += "<div class=\"wide\"><table class=\"sensors\" id=\"importance\"><thead><tr><th>Input</th>";
  for (const io::HeadImportance& head : importance.inputs.front().heads)
    html += fmt::format("<th>{}</th>", escaped(head.head == "current" ? "now" : head_words(head.head)));
  html += "</tr></thead><tbody>\n";
  for (const io::InputImportance& input : importance.inputs) {
    html += fmt::format("<tr><th scope=\"row\">{}</th>", escaped(metric_words(input_words(input.input))));
    for (const io::HeadImportance& head : input.heads)
      html += fmt::format("<td>{}</td>", fixed(head.log_loss_increase, 3));
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n" + paragraph(static_risk_index_note, "note");
}

std::string drift_table(const lifecycle::DriftReport& drift) {
  std::string html = "<h3>Are these stopes like those that it learnt from?</h3>\n";
  if (!drift.not_measured.empty()) return html + paragraph("Not measured: " + drift.not_measured, "warning");
  std::vector<std::string> drifted = drift.drifted();
  for (std::string& input : drifted) input = input_words(input);
  html += drifted.empty()
              ? paragraph(fmt::format("No input has drifted: {} stopes against {} of the training.",
                                      drift.stopes, drift.training_stopes))
              : paragraph(fmt::format("Drifted: {}. The model's answers were learnt on other ground or other "
                                      "readings: judge it again, and train it again.",
                                      fmt::join(drifted, ", ")),
                          "warning");
  html +=
      "<details><summary>All inputs</summary><div class=\"wide\"><table class=\"sensors\" "
      "id=\"drift\"><thead>" +
      header_row({"Input", "Unit", "Mean in training", "Now", "Shift, deviations", "Stability index",
                  "By chance alone", ""}) +
      "</thead><tbody>\n";
  for (const lifecycle::FeatureDrift& feature : drift.features)
    html += row({escaped(metric_words(input_words(feature.feature))), escaped(feature.unit),
                 feature.category ? "–" : fmt::format("{:.4g}", feature.mean_then),
                 feature.category ? "–" : fmt::format("{:.4g}", feature.mean_now),
                 feature.category ? "–" : fixed(feature.drift.shift, 2), fixed(feature.drift.psi, 3),
                 fixed(feature.drift.chance, 3), feature.drift.drifted ? "<strong>drifted</strong>" : ""});
  return html + "</tbody></table></div>" + paragraph(static_risk_index_note, "note") + "</details>\n";
}

}  // namespace

std::string trust_section(const lifecycle::Report& report) {
  if (!report.has_data) return "";
  std::string html = "<section id=\"trust\">\n<h2>How far to trust it</h2>\n";
  if (report.evaluation) html += calibration_table(*report.evaluation) + importance_table(*report.evaluation);
  return html + drift_table(report.drift) + "</section>\n";
}

}  // namespace deepmine::apps::report
