// The data report as text and as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "io/data_quality.h"

namespace deepmine::io {
namespace {

using stope::Severity;
using stope::WindowState;

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::rejected:
      return "rejected";
    case Severity::fatal:
      return "fatal";
  }
  return "fatal";
}

std::string percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? "-"
                    : fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

/// "3 (A, B, C)", "0", or "40 (A, B, …)".
std::string names(const std::vector<std::string>& list) {
  constexpr std::size_t most_shown = 8;
  std::string text = std::to_string(list.size());
  for (std::size_t i = 0; i < std::min(list.size(), most_shown); ++i)
    text += (i == 0 ? " (" : ", ") + list[i];
  if (list.size() > most_shown) text += ", …";
  return list.empty() ? text : text + ")";
}

/// The worst that holds, in one line: whoever reads no further must not think better of the data than it is.
std::string headline(const DataReport& report) {
  if (!report.is_usable) return "The data can't be used: see the fatal findings.";
  if (report.all_are_rejected())
    return fmt::format("No stope can be used: {} rejected. See the findings.",
                       report.stopes == 1 ? "the only one is" : fmt::format("all {} are", report.stopes));
  const std::string_view rejected = report.rejected.empty() ? "" : ", and some stopes are rejected";
  if (report.stopes_with_windows == 0)
    return fmt::format("No stope has a usable window of {} days{}: see the windows{}.", report.plan.days,
                       rejected, report.rejected.empty() ? "" : " and the findings");
  return report.rejected.empty() ? "The data can be used."
                                 : "The data can be used, but some stopes are rejected: see the findings.";
}

void add_contents(const DataReport& report, std::string& text) {
  text += fmt::format("rows                  {} static, {} readings\n", report.static_rows,
                      report.timeseries_rows);
  text += fmt::format("stopes                {}\n", report.stopes);
  text += fmt::format("  rejected            {}\n", names(report.rejected));
  text += fmt::format("  without readings    {}\n", names(report.without_readings));
  text += fmt::format("  no static row       {}\n", names(report.without_static_row));
  text += fmt::format("label                 {} stable, {} unstable ({}), {} without\n",
                      report.labelled_stable, report.labelled_unstable,
                      percent(report.labelled_unstable, report.labelled_stable + report.labelled_unstable),
                      report.unlabelled);
  if (report.first_day)
    text +=
        fmt::format("days                  {} to {}, {} stope-days\n", stope::format_day(*report.first_day),
                    stope::format_day(*report.last_day), report.stope_days);
}

void add_sensors(const DataReport& report, std::string& text) {
  text += fmt::format("\n{:<28}{:>10}{:>10}{:>10}{:>10}{:>10}{:>8}\n", "sensor", "lowest", "mean", "highest",
                      "missing", "", "stuck");
  for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor) {
    const SensorSummary& summary = report.sensors[sensor];
    const auto& column = stope::sensor_columns[sensor];
    const auto value = [](const std::optional<double>& number) {
      return number ? fmt::format("{:.2f}", *number) : std::string("-");
    };
    text += fmt::format("{:<28}{:>10}{:>10}{:>10}{:>10}{:>10}{:>8}\n",
                        fmt::format("{}, {}", column.name, column.unit), value(summary.lowest),
                        value(summary.mean), value(summary.highest), summary.missing_days,
                        percent(summary.missing_days, report.stope_days), summary.flat_lines);
  }
  text += fmt::format("missing: days without a reading of the sensor; stuck: runs of {} or more equal days\n",
                      report.flat_line_days);
}

void add_windows(const DataReport& report, std::string& text) {
  const auto count = [&](WindowState state) { return report.windows[static_cast<std::size_t>(state)]; };
  text += fmt::format("\nwindows of {} days, gaps of up to {} days filled\n", report.plan.days,
                      report.largest_filled_gap);
  text += fmt::format("  usable              {} ({} of the stope-days)\n", count(WindowState::usable),
                      percent(count(WindowState::usable), report.stope_days));
  text += fmt::format("  history too short   {}\n", count(WindowState::history_too_short));
  text += fmt::format("  gap too long        {}\n", count(WindowState::gap_too_long));
  text += fmt::format("  last day missing    {}\n", count(WindowState::last_day_missing));
  text += fmt::format("  stopes              {} have a usable window, {} on their last day\n",
                      report.stopes_with_windows, report.stopes_usable_on_last_day);
  for (const HorizonSummary& horizon : report.horizons)
    text += fmt::format("  label in {:>2} {:<4}     {}\n", horizon.days, horizon.days == 1 ? "day" : "days",
                        horizon.targets);
}

void add_issues(const DataReport& report, std::size_t most_issues, std::string& text) {
  text += "\nfindings\n";
  if (report.issue_counts.empty()) text += "  none\n";
  for (const IssueCount& kind : report.issue_counts)
    text += fmt::format("  {:<10}{:<26}{:>10}\n", name_of(kind.severity), kind.code, kind.count);
  std::vector<const stope::Issue*> order;
  for (const stope::Issue& issue : report.issues) order.push_back(&issue);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->severity > b->severity; });
  if (!order.empty()) text += "\n";
  for (std::size_t i = 0; i < std::min(order.size(), most_issues); ++i)
    text +=
        fmt::format("{}: {}{}\n", name_of(order[i]->severity),
                    order[i]->stope.empty() ? "" : "stope " + order[i]->stope + ": ", describe(*order[i]));
  if (order.size() > most_issues) text += fmt::format("… and {} more\n", order.size() - most_issues);
}

nlohmann::ordered_json optional_day(const std::optional<stope::Day>& day) {
  return day ? nlohmann::ordered_json(stope::format_day(*day)) : nlohmann::ordered_json();
}

nlohmann::ordered_json optional_number(const std::optional<double>& number) {
  return number ? nlohmann::ordered_json(*number) : nlohmann::ordered_json();
}

}  // namespace

std::string to_text(const DataReport& report, std::size_t most_issues) {
  std::string text = headline(report) + "\n\n";
  add_contents(report, text);
  if (report.is_usable) {
    add_sensors(report, text);
    add_windows(report, text);
  }
  add_issues(report, most_issues, text);
  return text;
}

nlohmann::ordered_json to_json(const DataReport& report) {
  nlohmann::ordered_json json;
  json["usable"] = report.is_usable;
  json["rows"] = {{"static", report.static_rows}, {"timeseries", report.timeseries_rows}};
  json["stopes"] = {{"count", report.stopes},
                    {"rejected", report.rejected},
                    {"without_readings", report.without_readings},
                    {"without_static_row", report.without_static_row}};
  json["label"] = {{"stable", report.labelled_stable},
                   {"unstable", report.labelled_unstable},
                   {"unlabelled", report.unlabelled}};
  json["days"] = {{"first", optional_day(report.first_day)},
                  {"last", optional_day(report.last_day)},
                  {"stope_days", report.stope_days}};
  for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor) {
    const SensorSummary& summary = report.sensors[sensor];
    json["sensors"][std::string(stope::sensor_columns[sensor].name)] = {
        {"unit", stope::sensor_columns[sensor].unit},
        {"observed_days", summary.observed_days},
        {"missing_days", summary.missing_days},
        {"lowest", optional_number(summary.lowest)},
        {"mean", optional_number(summary.mean)},
        {"highest", optional_number(summary.highest)},
        {"flat_lines", summary.flat_lines}};
  }
  nlohmann::ordered_json& windows = json["windows"];
  windows["days"] = report.plan.days;
  windows["largest_filled_gap"] = report.largest_filled_gap;
  for (std::size_t state = 0; state < stope::window_state_count; ++state)
    windows["by_state"][std::string(stope::name(static_cast<WindowState>(state)))] = report.windows[state];
  windows["stopes_with_windows"] = report.stopes_with_windows;
  windows["stopes_usable_on_last_day"] = report.stopes_usable_on_last_day;
  windows["targets"] = nlohmann::ordered_json::array();
  for (const HorizonSummary& horizon : report.horizons)
    windows["targets"].push_back({{"horizon_days", horizon.days}, {"count", horizon.targets}});
  json["issue_counts"] = nlohmann::ordered_json::array();
  for (const IssueCount& kind : report.issue_counts)
    json["issue_counts"].push_back(
        {{"severity", name_of(kind.severity)}, {"code", kind.code}, {"count", kind.count}});
  json["issues"] = nlohmann::ordered_json::array();
  for (const stope::Issue& issue : report.issues)
    json["issues"].push_back({{"severity", name_of(issue.severity)},
                              {"code", issue.code},
                              {"file", issue.where.file},
                              {"line", issue.where.line},
                              {"column", issue.where.column},
                              {"stope", issue.stope},
                              {"message", issue.message}});
  return json;
}

}  // namespace deepmine::io
