#include "apps/assessment_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <tuple>

#include "apps/printable_text.h"
#include "apps/response_text.h"
#include "apps/text_table.h"
#include "io/utf8.h"

namespace deepmine::apps {
namespace {

using stope::Assessment;
using stope::RiskLevel;

constexpr std::size_t level_width = 6;
// What is left of 100 columns by what the other cells need at most; the plan's column takes 7.
constexpr std::size_t widest_name = 16, widest_name_with_plan = 9;

int highest_level(const Assessment& assessment) {
  int highest = -1;
  for (const stope::FuturePrediction& future : assessment.future_predictions)
    if (future.predicted_risk_level)
      highest = std::max(highest, static_cast<int>(*future.predicted_risk_level));
  if (highest >= 0) return highest;
  for (const stope::RuleBasedLevel& rule : assessment.rule_based.risk_levels)
    if (rule.level) highest = std::max(highest, static_cast<int>(*rule.level));
  return highest;
}

/// Verdict and probability, in one cell: where the verdict is unknown there is no probability.
std::string now_cell(const Assessment& assessment, const std::optional<double>& threshold) {
  const stope::CurrentStability& current = assessment.current_stability;
  if (!current.stable) return std::string(verdict(assessment));
  const bool by_rules = assessment.method == stope::Method::rule_based;
  return fmt::format("{:<8}  {:>7}", verdict(assessment),
                     by_rules ? "(rules)" : probability_text(current.instability_probability, threshold));
}

/// A rejected stope has no predictions at all; its cells are not left blank, which could be read as
/// "nothing".
std::string levels_cell(const Assessment& assessment, std::span<const int> horizons) {
  const bool none = lowest_is_none(assessment);
  const auto& predictions = assessment.future_predictions;
  std::string cell;
  for (const int horizon : horizons) {
    const auto found = std::find_if(predictions.begin(), predictions.end(),
                                    [horizon](const auto& future) { return future.horizon_days == horizon; });
    cell += fmt::format("{:<{}} ",
                        found == predictions.end() ? "-" : level_text(found->predicted_risk_level, none),
                        level_width);
  }
  return cell.substr(0, cell.find_last_not_of(' ') + 1);
}

std::string levels_header(std::span<const int> horizons) {
  std::string cell;
  for (const int horizon : horizons) cell += fmt::format("{:<{}} ", fmt::format("{}d", horizon), level_width);
  return cell.substr(0, cell.find_last_not_of(' ') + 1);
}

/// `stable` would be misread beside an unstable stope: a trend that is flat is `steady` here.
std::string_view trend_cell(const Assessment& assessment) {
  if (!assessment.risk_trend) return "-";
  switch (*assessment.risk_trend) {
    case stope::RiskTrend::stable:
      return "steady";
    case stope::RiskTrend::rapidly_improving:
      return "improving+";
    default:
      return name(*assessment.risk_trend);
  }
}

std::string_view alert_cell(const Assessment& assessment) {
  if (!assessment.alert_recommended) return "-";
  return *assessment.alert_recommended ? "ALERT" : "";
}

std::string_view plan_cell(const Assessment& assessment) {
  if (!assessment.response) return "-";
  return assessment.response->colour == stope::ResponseColour::unknown
             ? "UNKN."
             : colour_word(assessment.response->colour);
}

std::string_view colour_of(stope::ResponseColour colour) {
  switch (colour) {
    case stope::ResponseColour::red:
      return "\x1b[1;31m";
    case stope::ResponseColour::amber:
      return "\x1b[33m";
    case stope::ResponseColour::unknown:
      return "\x1b[35m";
    case stope::ResponseColour::green:
      break;
  }
  return "";
}

std::string_view colour_of(const Assessment& assessment) {
  if (assessment.response) return colour_of(assessment.response->colour);
  switch (urgency(assessment)) {
    case Urgency::unstable:
      return "\x1b[1;31m";
    case Urgency::alert:
      return "\x1b[31m";
    case Urgency::unknown:
      return "\x1b[33m";
    case Urgency::stable:
      break;
  }
  return "";
}

std::string coloured(std::string_view line, std::string_view colour) {
  return colour.empty() ? std::string(line) : fmt::format("{}{}\x1b[0m", colour, line);
}

bool has_plan(std::span<const Assessment* const> assessments) {
  return std::any_of(assessments.begin(), assessments.end(),
                     [](const Assessment* assessment) { return assessment->response.has_value(); });
}

bool name_fits(const std::string& shown_name, bool with_plan) {
  return io::count_characters(shown_name) <= (with_plan ? widest_name_with_plan : widest_name);
}

TextTable plain_table(std::span<const Assessment* const> assessments, std::span<const int> horizons,
                      const std::optional<double>& threshold) {
  const bool with_plan = has_plan(assessments);
  std::vector<std::string> header{"stope", "status", "now       P(unst)", levels_header(horizons),
                                  "trend", "alert"};
  if (with_plan) header.insert(header.begin() + 1, "plan");
  TextTable table(header, std::vector<Align>(header.size(), Align::left));
  for (const Assessment* assessment : assessments) {
    const std::string shown_name = printable(assessment->stope_name);
    std::vector<std::string> row{name_fits(shown_name, with_plan) ? shown_name : "",
                                 std::string(name(assessment->status)),
                                 now_cell(*assessment, threshold),
                                 levels_cell(*assessment, horizons),
                                 std::string(trend_cell(*assessment)),
                                 std::string(alert_cell(*assessment))};
    if (with_plan) row.insert(row.begin() + 1, std::string(plan_cell(*assessment)));
    table.add(std::move(row));
  }
  return table;
}

/// Whether a level of an unstable stope stands as `none`, as the network's answer.
bool has_none_beside_unstable(const Assessment& assessment) {
  const auto& futures = assessment.future_predictions;
  return assessment.method != stope::Method::rule_based && lowest_is_none(assessment) &&
         std::any_of(futures.begin(), futures.end(), [](const stope::FuturePrediction& future) {
           return future.predicted_risk_level == RiskLevel::stable;
         });
}

std::string legend(std::span<const Assessment* const> assessments) {
  const bool rules = std::any_of(assessments.begin(), assessments.end(), [](const Assessment* assessment) {
    return assessment->method == stope::Method::rule_based;
  });
  std::string text =
      wrapped("",
              "P(unst): probability that the stope is unstable now. 1d to 30d: predicted level of "
              "risk so many days ahead: stable, slight (slight_elevated), elev. (elevated), HIGH, "
              "CRIT. (critical), UNST. (unstable). improving+: rapidly_improving.");
  if (has_plan(assessments))
    text += wrapped("",
                    "plan: the colour by the site's response plan, which sees the last days and more than "
                    "today's answer; who acts is said below.");
  if (rules)
    text += wrapped("", "(rules), none: the rule set alone; that it finds nothing is no proof of stability.");
  if (std::any_of(assessments.begin(), assessments.end(),
                  [](const Assessment* assessment) { return has_none_beside_unstable(*assessment); }))
    text +=
        wrapped("",
                "none, beside UNSTABLE: no risk by the rules' levels is predicted for that day; the stope "
                "is called unstable now all the same.");
  return text;
}

}  // namespace

Urgency urgency(const Assessment& assessment) {
  const std::optional<bool>& stable = assessment.current_stability.stable;
  if (stable && !*stable) return Urgency::unstable;
  if (assessment.alert_recommended.value_or(false)) return Urgency::alert;
  return stable ? Urgency::stable : Urgency::unknown;
}

std::vector<const Assessment*> worst_first(std::span<const Assessment> assessments) {
  std::vector<const Assessment*> order;
  for (const Assessment& assessment : assessments) order.push_back(&assessment);
  const auto key = [](const Assessment* assessment) {
    const int colour = assessment->response ? static_cast<int>(assessment->response->colour) : 0;
    const bool rules_alarm = assessment->rule_based.unstable_today.value_or(false);
    return std::tuple(-colour, urgency(*assessment),
                      -assessment->current_stability.instability_probability.value_or(rules_alarm ? 1 : 0),
                      -highest_level(*assessment));
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const Assessment* a, const Assessment* b) { return key(a) < key(b); });
  return order;
}

std::string_view verdict(const Assessment& assessment) {
  const std::optional<bool>& stable = assessment.current_stability.stable;
  return !stable ? "UNKNOWN: INSPECT" : *stable ? "STABLE" : "UNSTABLE";
}

std::string probability_text(const std::optional<double>& probability,
                             const std::optional<double>& threshold) {
  constexpr int usual_digits = 3, most_digits = 17;
  constexpr double low = 0.001, high = 0.999;
  if (!probability) return "-";
  const double p = *probability;
  if (p < low && (!threshold || *threshold >= low || p <= 0)) return "<0.001";
  if (p > high && (!threshold || *threshold <= high || p >= 1)) return ">0.999";
  std::string text;
  for (int digits = usual_digits; digits <= most_digits; ++digits) {
    text = fmt::format("{:.{}f}", p, digits);
    if (!threshold) break;
    double shown = 0;
    std::from_chars(text.data(), text.data() + text.size(), shown);
    const bool is_certain = shown <= 0 || shown >= 1;
    const bool is_told_apart = shown != *threshold && (shown < *threshold) == (p < *threshold);
    if (!is_certain && (is_told_apart || p == *threshold)) break;
  }
  return text;
}

std::string_view level_text(const std::optional<RiskLevel>& level, bool lowest_is_none) {
  if (!level) return "-";
  switch (*level) {
    case RiskLevel::stable:
      return lowest_is_none ? "none" : "stable";
    case RiskLevel::slight_elevated:
      return "slight";
    case RiskLevel::elevated:
      return "elev.";
    case RiskLevel::high:
      return "HIGH";
    case RiskLevel::critical:
      return "CRIT.";
    case RiskLevel::unstable:
      return "UNST.";
  }
  return "-";
}

bool lowest_is_none(const Assessment& assessment) {
  return assessment.method == stope::Method::rule_based || assessment.current_stability.stable == false;
}

std::string assessment_table(std::span<const Assessment* const> assessments, std::span<const int> horizons,
                             bool colour, const std::optional<double>& threshold) {
  const std::string plain = plain_table(assessments, horizons, threshold).text(colour);
  std::string text;
  std::string_view rest = plain;
  const auto next_line = [&rest] {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    return line;
  };
  const bool with_plan = has_plan(assessments);
  for (int heading = 0; heading < 2; ++heading) text.append(next_line()).append("\n");
  for (const Assessment* assessment : assessments) {
    const std::string_view line_colour = colour ? colour_of(*assessment) : "";
    const std::string shown_name = printable(assessment->stope_name);
    if (!name_fits(shown_name, with_plan)) text += coloured(shown_name, line_colour) + "\n";
    text += coloured(next_line(), line_colour) + "\n";
  }
  return text + "\n" + legend(assessments);
}

}  // namespace deepmine::apps
