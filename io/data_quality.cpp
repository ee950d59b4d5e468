#include "io/data_quality.h"

#include <fmt/format.h>

#include <algorithm>

namespace deepmine::io {
namespace {

using stope::DailySeries;
using stope::DataSettings;
using stope::WindowState;

/// Runs of equal observed readings. A missing day neither ends a run nor adds to it; air saturated with water
/// is allowed to stay so.
std::size_t count_flat_lines(const DailySeries& series, std::size_t sensor, int flat_line_days) {
  const bool is_humidity = static_cast<stope::Sensor>(sensor) == stope::Sensor::humidity;
  std::size_t flat_lines = 0;
  int run = 0;
  double value = stope::missing;
  for (const stope::DailyReading& day : series.days) {
    const double reading = day[sensor];
    if (stope::is_missing(reading)) continue;
    run = reading == value ? run + 1 : 1;
    value = reading;
    const bool is_saturated = is_humidity && reading >= stope::sensor_columns[sensor].highest;
    flat_lines += run == flat_line_days && !is_saturated;
  }
  return flat_lines;
}

/// Counts the flat lines as findings, too: a table is easily passed over.
void add_stuck_sensors(DataReport& report) {
  constexpr std::size_t most_names = 3;
  std::size_t flat_lines = 0;
  for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor) {
    const std::vector<std::string>& stopes = report.sensors[sensor].flat_line_stopes;
    if (stopes.empty()) continue;
    flat_lines += report.sensors[sensor].flat_lines;
    const auto last = stopes.begin() + static_cast<std::ptrdiff_t>(std::min(stopes.size(), most_names));
    const std::string more =
        stopes.size() > most_names ? fmt::format(" and {} more", stopes.size() - most_names) : "";
    report.issues.push_back(
        {stope::Severity::note,
         "stuck_sensor",
         {},
         "",
         fmt::format("{}: {} {} the same value on {} or more days in a row: {}{} (is the sensor stuck?)",
                     stope::sensor_columns[sensor].name, stopes.size(),
                     stopes.size() == 1 ? "stope reads" : "stopes read", report.flat_line_days,
                     fmt::join(stopes.begin(), last, ", "), more)});
  }
  if (flat_lines == 0) return;
  const auto behind = std::find_if(
      report.issue_counts.begin(), report.issue_counts.end(),
      [](const auto& kind) { return kind.severity == stope::Severity::note && kind.code > "stuck_sensor"; });
  report.issue_counts.insert(behind, {stope::Severity::note, "stuck_sensor", flat_lines});
}

/// Adds the days of one stope to the summaries; `sums` are of each sensor's readings.
void add_readings(const stope::StopeRecord& stope, const DataSettings& settings, DataReport& report,
                  std::array<double, stope::sensor_count>& sums) {
  const DailySeries& series = stope.readings;
  report.stope_days += series.days.size();
  report.first_day = std::min(report.first_day.value_or(series.first_day), series.first_day);
  report.last_day = std::max(report.last_day.value_or(series.last_day()), series.last_day());
  for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor) {
    SensorSummary& summary = report.sensors[sensor];
    for (const stope::DailyReading& day : series.days) {
      const double value = day[sensor];
      if (stope::is_missing(value)) {
        ++summary.missing_days;
        continue;
      }
      ++summary.observed_days;
      sums[sensor] += value;
      summary.lowest = std::min(summary.lowest.value_or(value), value);
      summary.highest = std::max(summary.highest.value_or(value), value);
    }
    const std::size_t flat_lines = count_flat_lines(series, sensor, settings.flat_line_days);
    summary.flat_lines += flat_lines;
    if (flat_lines > 0) summary.flat_line_stopes.push_back(stope.name);
  }
}

void add_windows(const DailySeries& series, const DataSettings& settings, DataReport& report) {
  const stope::PreparedReadings prepared(series, settings.largest_filled_gap);
  const auto state_on = [&](stope::Day day) {
    return prepared.window_state(day, report.plan.days, settings.minimum_history);
  };
  bool has_window = false;
  for (stope::Day day = series.first_day; day <= series.last_day(); ++day) {
    const WindowState state = state_on(day);
    ++report.windows[static_cast<std::size_t>(state)];
    if (state != WindowState::usable) continue;
    has_window = true;
    for (HorizonSummary& horizon : report.horizons) horizon.targets += prepared.observed(day + horizon.days);
  }
  report.stopes_with_windows += has_window;
  report.stopes_usable_on_last_day += state_on(series.last_day()) == WindowState::usable;
}

}  // namespace

DataReport make_data_report(const StopeData& data, const DataSettings& settings,
                            const stope::WindowPlan& plan) {
  DataReport report;
  report.is_usable = data.is_usable();
  report.static_rows = data.static_rows;
  report.timeseries_rows = data.timeseries_rows;
  report.stopes = data.stopes.size();
  report.rejected = data.rejected;
  report.plan = plan;
  report.largest_filled_gap = static_cast<std::size_t>(settings.largest_filled_gap);
  report.flat_line_days = static_cast<std::size_t>(settings.flat_line_days);
  for (const int days : plan.horizons) report.horizons.push_back({days, 0});
  report.issue_counts = data.issue_counts;
  report.issues = data.issues;
  for (const stope::Issue& issue : data.issues)
    if (issue.code == "no_static_row" && !issue.stope.empty())
      report.without_static_row.push_back(issue.stope);

  std::array<double, stope::sensor_count> sums{};
  auto next_rejected = data.rejected.begin();  // in the order of the stopes
  for (const stope::StopeRecord& stope : data.stopes) {
    if (next_rejected != data.rejected.end() && *next_rejected == stope.name) {
      ++next_rejected;
      continue;
    }
    if (!stope.statics.stable) {
      ++report.unlabelled;
    } else {
      ++(*stope.statics.stable ? report.labelled_stable : report.labelled_unstable);
    }
    if (stope.readings.empty()) {
      report.without_readings.push_back(stope.name);
      ++report.windows[static_cast<std::size_t>(WindowState::no_readings)];
      continue;
    }
    add_readings(stope, settings, report, sums);
    add_windows(stope.readings, settings, report);
  }
  for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor)
    if (SensorSummary& summary = report.sensors[sensor]; summary.observed_days > 0)
      summary.mean = sums[sensor] / static_cast<double>(summary.observed_days);
  add_stuck_sensors(report);
  return report;
}

}  // namespace deepmine::io
