#include "engine/stope/quality.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/stope/counted_days.h"

namespace deepmine::stope {
namespace {

/// Collects findings; the status is the worst of them.
class Findings {
 public:
  void add(Status status, std::string_view code, std::string message) {
    found_.push_back({status, {std::string(code), std::move(message)}});
  }
  void write(QualityReport& report) {
    std::stable_sort(found_.begin(), found_.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    if (!found_.empty()) report.status = found_.front().first;
    for (auto& [status, reason] : found_) report.reasons.push_back(std::move(reason));
  }

 private:
  std::vector<std::pair<Status, Reason>> found_;
};

/// False if they reject the stope: its records are then not to be looked at, half of them may be missing.
bool check_issues(Findings& findings, std::span<const Issue> issues) {
  bool usable = true;
  for (const Issue& issue : issues) {
    if (issue.severity == Severity::note) continue;
    const bool rejects = issue.severity != Severity::warning;
    usable = usable && !rejects;
    findings.add(rejects ? Status::rejected : Status::warning, issue.code, describe(issue));
  }
  return usable;
}

void check_record(Findings& findings, const StaticRecord& statics, const StaticFeatures& features) {
  for (const StaticColumn& column : static_columns)
    if (is_missing(statics.*column.value))
      findings.add(Status::rejected, reason_code::missing_value,
                   fmt::format("{}: expected a number, found none", column.name));
  for (const UnknownCategory& category : features.unknown) {
    if (category.value.empty())
      findings.add(Status::rejected, reason_code::missing_value,
                   fmt::format("{}: expected a category, found none", category.column));
    else
      findings.add(Status::abstain, reason_code::unseen_category,
                   fmt::format("{}: '{}' is not a known category", category.column, category.value));
  }
}

void check_age(Findings& findings, Day last_reading, const QualityContext& context) {
  const Now& now = context.now;
  if (now.today && last_reading > *now.today)
    findings.add(
        Status::rejected, reason_code::reading_after_now,
        fmt::format("a reading of {} lies after today, {}; correct the date or ask as of an earlier day",
                    format_day(last_reading), format_day(*now.today)));
  const std::optional<Day> counted_from = now.as_of ? now.as_of : now.newest_reading;
  if (!counted_from) return;
  const Day age = *counted_from - last_reading;
  if (age > context.settings.data.largest_age)
    findings.add(Status::abstain, reason_code::reading_too_old,
                 fmt::format("the last reading is of {}, {} before {} ({}); at most {} are allowed",
                             format_day(last_reading), counted_days(age), format_day(*counted_from),
                             now.as_of ? "the day asked for" : "the newest reading of the data set",
                             context.settings.data.largest_age));
  else if (age > 0)  // an answer about an earlier day than the others: never without a word
    findings.add(
        Status::warning, reason_code::reading_not_current,
        fmt::format("the last reading is of {}, {} before {} ({}): the answer is about that earlier day",
                    format_day(last_reading), counted_days(age), format_day(*counted_from),
                    now.as_of ? "the day asked for" : "the newest reading of the data set"));
}

/// `{}`-ready list of the sensors for which `holds` is true.
template <class Predicate>
std::string sensors_where(Predicate holds) {
  std::string names;
  for (std::size_t s = 0; s < sensor_count; ++s) {
    if (!holds(s)) continue;
    if (!names.empty()) names += ", ";
    names += sensor_columns[s].name;
  }
  return names;
}

void check_window(Findings& findings, const PreparedReadings& readings, Day day_t,
                  const QualityContext& context) {
  const DataSettings& settings = context.settings.data;
  const WindowState state = readings.window_state(day_t, context.plan.days, settings.minimum_history);
  const auto window = readings.window(day_t, context.plan.days);
  if (state == WindowState::last_day_missing) {
    const DailyReading last = readings.observed_reading(day_t);
    findings.add(
        Status::abstain, name(state),
        fmt::format("no reading of {} on the last day, {}; all five sensors are needed there",
                    sensors_where([&](std::size_t s) { return is_missing(last[s]); }), format_day(day_t)));
  }
  // A day t that is incomplete can have too short a history as well: both are worth knowing.
  const int history = day_t - readings.first_day() + 1;
  const int needed = std::max(context.plan.days, settings.minimum_history);
  if (history < needed)
    findings.add(Status::abstain, name(WindowState::history_too_short),
                 fmt::format("{} of history up to {}, {} are needed", counted_days(history),
                             format_day(day_t), needed));
  if (state == WindowState::gap_too_long) {
    const auto has_hole = [&](std::size_t s) {
      return std::any_of(window.begin(), window.end(),
                         [&](const DailyReading& day) { return is_missing(day[s]); });
    };
    findings.add(Status::abstain, name(state),
                 fmt::format("{}: no reading for more than {} in a row between {} and {}",
                             sensors_where(has_hole), counted_days(settings.largest_filled_gap),
                             format_day(day_t - static_cast<Day>(window.size()) + 1), format_day(day_t)));
  }
}

void check_filled(Findings& findings, const DataQuality& data) {
  if (data.days_filled > 0)
    findings.add(Status::warning, reason_code::gap_filled,
                 fmt::format("{} of the {} days carry a reading forward from an earlier day",
                             data.days_filled, data.days_used));
}

/// Equal observed readings in a row. A missing day neither ends a run nor adds to it.
void check_flat_lines(Findings& findings, const PreparedReadings& readings, Day day_t,
                      const QualityContext& context) {
  const Day first = std::max(readings.first_day(), day_t - context.plan.days + 1);
  int all_flat = std::numeric_limits<int>::max();  // readings up to day t that are equal in every sensor
  for (std::size_t s = 0; s < sensor_count; ++s) {
    const bool is_humidity = static_cast<Sensor>(s) == Sensor::humidity;
    int run = 0, longest = 0;
    double value = missing, stuck_at = missing;
    for (Day day = first; day <= day_t; ++day) {
      if (!readings.observed(day, static_cast<Sensor>(s))) continue;
      const double reading = readings.filled().on(day)[s];
      run = reading == value ? run + 1 : 1;
      value = reading;
      const bool saturated_air = is_humidity && reading >= sensor_columns[s].highest;
      if (run > longest && !saturated_air) {
        longest = run;
        stuck_at = value;
      }
    }
    if (longest >= context.settings.data.flat_line_days)
      findings.add(Status::warning, reason_code::flat_line,
                   fmt::format("{} reads {} {} on {} days in a row: is the sensor stuck?",
                               sensor_columns[s].name, stuck_at, sensor_columns[s].unit, longest));
    all_flat = std::min(all_flat, run);
  }
  // One stuck sensor leaves four to go by. A logger that repeats itself is silence that looks like calm.
  if (all_flat >= context.settings.data.flat_line_days)
    findings.add(Status::abstain, reason_code::readings_frozen,
                 fmt::format("all five sensors read the same on the last {} days: nothing new is known of "
                             "the stope; does the logger repeat its last values?",
                             all_flat));
}

void check_training_categories(Findings& findings, const StaticFeatures& features,
                               const InputScaler& training) {
  for (std::size_t i = 0; i < category_feature_count; ++i)
    if (features.values[i] == 1 && training.categories_seen[i] == 0)
      findings.add(Status::abstain, reason_code::unseen_category,
                   fmt::format("{} did not occur in training", feature_table().statics[i].name));
}

void check_training_range(Findings& findings, DataQuality& data, const StaticFeatures& features,
                          std::span<const DailyReading> window, Day first_day,
                          const QualityContext& context) {
  const InputScaler& training = *context.training;
  const double margin = context.settings.data.training_range_margin;
  for (std::size_t i = 0; i < scaled_feature_count; ++i) {
    const double value = features.values[category_feature_count + i];
    const ColumnScale& scale = training.statics[i];
    if (scale.outside(value, margin))
      data.out_of_range.push_back({feature_table().statics[category_feature_count + i].name, std::nullopt,
                                   value, scale.lowest, scale.highest});
  }
  for (std::size_t s = 0; s < sensor_count; ++s) {
    const ColumnScale& scale = training.sensors[s];
    std::optional<OutOfRange> worst;
    double worst_distance = 0;
    for (std::size_t i = 0; i < window.size(); ++i) {
      const double value = window[i][s];
      if (!scale.outside(value, margin)) continue;
      const double distance = std::max(value - scale.highest, scale.lowest - value);
      if (distance <= worst_distance) continue;
      worst_distance = distance;
      worst = OutOfRange{std::string(sensor_columns[s].name), first_day + static_cast<Day>(i), value,
                         scale.lowest, scale.highest};
    }
    if (worst) data.out_of_range.push_back(*worst);
  }
  for (const OutOfRange& input : data.out_of_range)
    findings.add(Status::abstain, reason_code::outside_training_range,
                 fmt::format("{}{}: {:.6g} lies outside what the model was trained on, {:.6g} to {:.6g}",
                             input.input, input.day ? " on " + format_day(*input.day) : "", input.value,
                             input.lowest, input.highest));
}

std::optional<Day> last_seen(const PreparedReadings& readings, std::optional<Day> not_after) {
  if (readings.empty()) return std::nullopt;
  const Day newest = not_after ? std::min(*not_after, readings.last_day()) : readings.last_day();
  for (Day day = newest; day >= readings.first_day(); --day)
    if (readings.observed_any(day)) return day;
  return std::nullopt;
}

}  // namespace

std::string_view name(Status status) {
  constexpr std::array<std::string_view, 4> names{"ok", "warning", "abstain", "rejected"};
  return names[static_cast<std::size_t>(status)];
}

void note_newest_reading(Now& now, const PreparedReadings& readings) {
  const std::optional<Day> newest = last_seen(readings, now.today);
  if (newest && (!now.newest_reading || *newest > *now.newest_reading)) now.newest_reading = newest;
}

std::optional<std::string> impossible_value(const StaticRecord& statics, const DailySeries& readings,
                                            Day not_after) {
  const auto impossible = [](const auto& column, double value) {
    return !is_missing(value) && !(value >= column.lowest && value <= column.highest);
  };
  for (const StaticColumn& column : static_columns)
    if (const double value = statics.*column.value; impossible(column, value))
      return fmt::format("{}: expected {} to {} {}, found {}", column.name, column.lowest, column.highest,
                         column.unit, value);
  for (std::size_t i = 0; i < readings.days.size(); ++i) {
    const Day day = readings.first_day + static_cast<Day>(i);
    if (day > not_after) break;
    for (std::size_t s = 0; s < sensor_count; ++s)
      if (const double value = readings.days[i][s]; impossible(sensor_columns[s], value))
        return fmt::format("{} on {}: expected {} to {} {}, found {}", sensor_columns[s].name,
                           format_day(day), sensor_columns[s].lowest, sensor_columns[s].highest,
                           sensor_columns[s].unit, value);
  }
  return std::nullopt;
}

QualityReport check_quality(const StaticRecord& statics, const StaticFeatures& features,
                            const PreparedReadings& readings, std::span<const Issue> issues,
                            const QualityContext& context) {
  QualityReport report;
  Findings findings;
  if (!check_issues(findings, issues)) {
    findings.write(report);
    return report;
  }
  check_record(findings, statics, features);
  report.day_t = report.data.last_reading = last_seen(readings, context.now.as_of);
  const Day not_after = report.day_t.value_or(std::numeric_limits<Day>::min());
  if (auto impossible = impossible_value(statics, readings.filled(), not_after))
    findings.add(Status::rejected, reason_code::out_of_range, std::move(*impossible));

  std::span<const DailyReading> window;
  Day first_day = 0;
  if (report.day_t) {
    window = readings.window(*report.day_t, context.plan.days);
    first_day = *report.day_t - static_cast<Day>(window.size()) + 1;
    report.data.days_used = static_cast<int>(std::count_if(window.begin(), window.end(), [](const auto& day) {
      return std::none_of(day.begin(), day.end(), is_missing);
    }));
    report.data.days_filled = readings.days_filled(*report.day_t, context.plan.days);
    check_age(findings, *report.day_t, context);
    check_window(findings, readings, *report.day_t, context);
    check_filled(findings, report.data);
    check_flat_lines(findings, readings, *report.day_t, context);
  } else {
    findings.add(Status::abstain, reason_code::no_readings,
                 context.now.as_of
                     ? fmt::format("the stope has no readings up to {}", format_day(*context.now.as_of))
                     : "the stope has no readings");
  }
  if (context.training) {
    check_training_categories(findings, features, *context.training);
    check_training_range(findings, report.data, features, window, first_day, context);
  }
  findings.write(report);
  return report;
}

}  // namespace deepmine::stope
