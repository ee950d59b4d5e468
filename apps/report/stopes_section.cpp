#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "apps/assessment_table.h"
#include "apps/evaluation_words.h"
#include "apps/report/markup.h"
#include "apps/report/sections.h"
#include "apps/response_text.h"

namespace deepmine::apps::report {
namespace {

using lifecycle::ReportStope;
using stope::Assessment;

constexpr double day_width = 3, strip_height = 30, spark_width = 110, spark_height = 22;

std::string level_words(std::int8_t level) {
  return level == stope::masked ? "unknown" : std::string(stope::name(static_cast<stope::RiskLevel>(level)));
}

/// A bar a day, as dark as the level that was expected, and the probability of instability as a line over it.
std::string risk_timeline(const lifecycle::StopePast& past) {
  const std::size_t days = past.instability.size();
  if (days == 0) return "–";
  const double width = day_width * static_cast<double>(days);
  std::string svg = fmt::format(
      "<svg class=\"timeline\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"risk from {} to {}\">", width,
      strip_height, stope::format_day(past.first_day),
      stope::format_day(past.first_day + static_cast<stope::Day>(days) - 1));
  for (std::size_t first = 0; first < days;) {  // equal days in a row are one bar
    std::size_t end = first;
    while (end < days && past.next_level[end] == past.next_level[first]) ++end;
    svg += fmt::format(
        "<rect class=\"l{}\" x=\"{}\" width=\"{}\" height=\"{}\"><title>{}: {}</title></rect>",
        past.next_level[first] == stope::masked ? std::string("x") : std::to_string(past.next_level[first]),
        coordinate(day_width * static_cast<double>(first)),
        coordinate(day_width * static_cast<double>(end - first)), strip_height,
        stope::format_day(past.first_day + static_cast<stope::Day>(first)),
        level_words(past.next_level[first]));
    first = end;
  }
  std::string piece;
  for (std::size_t day = 0; day <= days; ++day) {
    if (day < days && std::isfinite(past.instability[day])) {
      piece += fmt::format("{}{},{}", piece.empty() ? "" : " ",
                           coordinate(day_width * (static_cast<double>(day) + 0.5)),
                           coordinate((1 - past.instability[day]) * (strip_height - 2) + 1));
    } else if (!piece.empty()) {
      svg += fmt::format("<polyline class=\"halo\" points=\"{0}\"/><polyline points=\"{0}\"/>", piece);
      piece.clear();
    }
  }
  return svg + "</svg>";
}

/// A sensor's last days between its own lowest and highest, and the last reading in its unit.
std::string sparkline(const std::vector<double>& values, const stope::SensorColumn& sensor) {
  double low = std::numeric_limits<double>::infinity(), high = -low, last = std::nan("");
  for (const double value : values)
    if (std::isfinite(value)) {
      low = std::min(low, value);
      high = std::max(high, value);
      last = value;
    }
  if (!std::isfinite(last)) return "–";
  const double range = high > low ? high - low : 1, step = spark_width / static_cast<double>(values.size());
  std::string html = fmt::format(
      "<svg class=\"spark\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{} from {:.4g} to {:.4g} {}\">",
      spark_width, spark_height, sensor.name, low, high, sensor.unit);
  std::string piece;
  for (std::size_t i = 0; i <= values.size(); ++i) {
    if (i < values.size() && std::isfinite(values[i])) {
      piece +=
          fmt::format("{}{},{}", piece.empty() ? "" : " ", coordinate(step * (static_cast<double>(i) + 0.5)),
                      coordinate(spark_height - 2 - (values[i] - low) / range * (spark_height - 4)));
    } else if (!piece.empty()) {
      html += fmt::format("<polyline points=\"{}\"/>", piece);
      piece.clear();
    }
  }
  return html + fmt::format("</svg><span class=\"last\">{:.4g} {}</span>", last, sensor.unit);
}

std::string state_cell(const Assessment& assessment) {
  constexpr const char* kinds[] = {"bad", "alert", "unknown", "good"};
  std::string_view kind = kinds[static_cast<std::size_t>(urgency(assessment))];
  // Nothing is green beside a stope that the site's plan does not call green.
  if (kind == "good" && assessment.response && assessment.response->colour != stope::ResponseColour::green)
    kind = "";
  std::string html = fmt::format("<strong class=\"{}\">{}</strong>", kind, verdict(assessment));
  if (const auto& p = assessment.current_stability.instability_probability)
    html += fmt::format(" <small class=\"probability\">P(unstable) <span class=\"number\">{}</span></small>",
                        escaped(probability_text(p)));
  if (assessment.alert_recommended.value_or(false)) html += " <strong class=\"alert\">ALERT</strong>";
  if (assessment.method == stope::Method::rule_based) html += " <em>rules only</em>";
  return html;
}

std::string forecast_cell(const Assessment& assessment) {
  if (assessment.future_predictions.empty()) return "–";
  std::string html = "<div class=\"forecast\">";
  for (const stope::FuturePrediction& future : assessment.future_predictions) {
    const auto& level = future.predicted_risk_level;
    html +=
        fmt::format("<span class=\"l{}\"><i>{} d</i> {}</span>", level ? std::to_string(int(*level)) : "x",
                    future.horizon_days, escaped(level_text(level, lowest_is_none(assessment))));
  }
  return html + "</div>";
}

std::string words_of(const Assessment& assessment) {
  std::string items;
  for (const stope::Reason& reason : assessment.reasons)
    items += fmt::format("<li>{}</li>", escaped(reason.message));
  for (const stope::Explanation& why : assessment.explanations)
    items += fmt::format("<li>{}</li>", escaped(why.message));
  for (const stope::Recommendation& what : assessment.recommendations)
    items += fmt::format("<li><b>To do:</b> {}</li>", escaped(what.text));
  if (items.empty()) return "";
  return fmt::format("<details><summary>why, and what to do</summary><ul>{}</ul></details>", items);
}

std::string label_text(const ReportStope& stope) {
  std::string text = stope.part.empty() ? "not in the training" : stope.part + " stope";
  if (stope.stable) text += *stope.stable ? ", recorded as stable" : ", recorded as unstable";
  return text;
}

/// A line below the stope's: the colour as a word in a frame that differs without colours, too, who acts, and
/// what is to be done.
std::string response_row(const Assessment& assessment) {
  if (!assessment.response) return "";
  const stope::Response& response = *assessment.response;
  const std::string remark = response_remark(response);
  return fmt::format(
      "<tr class=\"response\" data-response=\"{}\"><td colspan=\"{}\"><div class=\"acts\"><strong "
      "class=\"plan "
      "plan-{}\">{}</strong>{}{} "
      "<b>{}:</b> {}</div></td></tr>\n",
      escaped(assessment.stope_name), 4 + stope::sensor_count, name(response.colour),
      colour_word(response.colour), remark.empty() ? "" : " ", escaped(remark.empty() ? "" : remark + "."),
      escaped(response.owner), escaped(response.action));
}

std::string stope_row(const ReportStope& stope) {
  const Assessment& assessment = stope.assessment;
  std::string html = fmt::format(
      "<tr data-stope=\"{0}\"><th scope=\"row\">{0}<small>{1}</small>{6}</th><td "
      "data-label=\"Now\">{2}</td>"
      "<td data-label=\"Ahead\">{3}</td><td data-label=\"Past\">{4}<small>{5}</small></td>",
      escaped(stope.name), escaped(label_text(stope)), state_cell(assessment), forecast_cell(assessment),
      risk_timeline(stope.past),
      assessment.as_of ? "to " + stope::format_day(*assessment.as_of) : std::string("no usable day"),
      words_of(assessment));
  for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor)
    html += fmt::format("<td data-label=\"{}\">{}</td>",
                        metric_words(std::string(stope::sensor_columns[sensor].name)),
                        sparkline(stope.past.sensors[sensor], stope::sensor_columns[sensor]));
  return html + "</tr>\n" + response_row(assessment);
}

/// Who acts on which colour, and when a stope has it.
std::string response_plan(const lifecycle::Report& report) {
  const stope::ResponsePlan& plan = report.settings.response_plan;
  if (!plan.in_use()) return "";
  std::string html = "<h3>Response plan of the site</h3>\n<table class=\"facts\"><tbody>\n";
  for (const PlanLine& line : plan_lines(plan)) html += row({escaped(line.subject), escaped(line.text)});
  return html + "</tbody></table>\n";
}

/// Whether a tag of this stope says `none`.
bool has_none(const Assessment& assessment) {
  const auto& futures = assessment.future_predictions;
  return lowest_is_none(assessment) &&
         std::any_of(futures.begin(), futures.end(), [](const stope::FuturePrediction& future) {
           return future.predicted_risk_level == stope::RiskLevel::stable;
         });
}

std::string key(const ShownStopes& shown) {
  std::string html = "<p class=\"key\">Levels:";
  for (std::size_t level = 0; level < stope::risk_level_count; ++level)
    html += fmt::format(" <span class=\"swatch l{}\">{}</span>", level,
                        level_text(static_cast<stope::RiskLevel>(level), false));
  html += " <span class=\"swatch lx\">not known</span></p>\n";
  if (std::any_of(shown.stopes.begin(), shown.stopes.end(),
                  [](const ReportStope* stope) { return has_none(stope->assessment); }))
    html += paragraph(
        "none: no risk by the rules' levels is predicted for that day. It stands in place of stable where "
        "the "
        "stope is called UNSTABLE now, or where the rules alone answer: it is no proof of stability.",
        "note");
  return html;
}

}  // namespace

ShownStopes shown_stopes(const lifecycle::Report& report, std::size_t most) {
  std::vector<Assessment> assessments;
  for (const ReportStope& stope : report.stopes) assessments.push_back(stope.assessment);
  ShownStopes shown;
  for (const Assessment* assessment : worst_first(assessments)) {
    if (shown.stopes.size() == most) break;
    shown.stopes.push_back(&report.stopes[static_cast<std::size_t>(assessment - assessments.data())]);
  }
  shown.of = report.stopes.size();
  return shown;
}

std::string stopes_section(const lifecycle::Report& report, const ShownStopes& shown) {
  if (!report.has_data) return "";
  std::string html =
      "<section id=\"stopes\">\n<h2>Stopes, worst first</h2>\n" + response_plan(report) + key(shown);
  html += paragraph(
      "Now: P(unstable) is the probability that the stope is unstable. "
      "Past: a bar a day, coloured by the level that the model expected for the next day, and its "
      "probability of "
      "instability as a line from 0 (bottom) to 1. Sensors: daily means of the same days, each between its "
      "own "
      "lowest and highest; the last reading beside it.",
      "note");
  html +=
      "<div class=\"wide\"><table "
      "class=\"stopes\"><thead><tr><th>Stope</th><th>Now</th><th>Ahead</th><th>Past</th>";
  for (const stope::SensorColumn& sensor : stope::sensor_columns)
    html += fmt::format("<th>{}</th>", metric_words(std::string(sensor.name)));
  html += "</tr></thead><tbody>\n";
  for (const ReportStope* stope : shown.stopes) html += stope_row(*stope);
  html += "</tbody></table></div>\n";
  if (shown.stopes.size() < shown.of)
    html += paragraph(fmt::format("{} stopes of {} are shown, the worst; --stopes N shows more.",
                                  shown.stopes.size(), shown.of),
                      "warning");
  return html + "</section>\n";
}

}  // namespace deepmine::apps::report
