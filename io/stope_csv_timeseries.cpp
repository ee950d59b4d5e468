// The time-series file: a row a reading.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "io/daily_series_builder.h"
#include "io/number_text.h"
#include "io/stope_csv_parts.h"
#include "io/timestamp.h"

namespace deepmine::io {
namespace {

using stope::DailyReading;
using stope::sensor_columns;
using stope::sensor_count;
using stope::Severity;

/// A row that waits to be put in order (only with the option `sort`).
struct WaitingReading {
  std::size_t stope, line;
  ParsedTimestamp time;
  DailyReading values;
};

/// A name that the static file does not have.
struct UnknownStope {
  std::string name;
  stope::Location first;
  std::size_t rows = 0;
};

class TimeseriesRows {
 public:
  TimeseriesRows(const CsvReader& reader, const StopeCsvOptions& options, IssueLog& log, StopeTable& table)
      : reader_(reader),
        options_(options),
        log_(log),
        table_(table),
        followers_(table.stopes.size(), unknown),
        builders_(table.stopes.size()) {}

  bool find_columns() {
    ColumnNames names{{"stope_name"}, {}, static_column_names(), "static file"};
    for (const std::string_view name : timeseries_column_names()) names.required.push_back(name);
    const std::vector<std::size_t> positions = io::find_columns(reader_, names, log_);
    if (positions.empty()) return false;
    name_position_ = positions[0];
    time_position_ = positions[1];
    std::copy(positions.begin() + 2, positions.end(), sensor_positions_.begin());
    return true;
  }

  void read_row() {
    const std::size_t stope = find_stope(reader_[name_position_]);
    if (stope == unknown) return;
    bool is_good = true;
    const ParsedTimestamp time = read_time(stope, is_good);
    DailyReading values;
    if (!read_usual_values(values))
      for (std::size_t sensor = 0; sensor < sensor_count; ++sensor)
        values[sensor] = read_value(stope, sensor, is_good);
    if (!is_good || table_.is_rejected[stope]) return;
    if (options_.sort) {
      waiting_.push_back({stope, reader_.line(), time, values});
    } else {
      add(stope, reader_.line(), time, values);
    }
  }

  /// Sorts what waited, moves the series into the table and reports the stopes without a static row.
  void finish(bool report_unknown) {
    std::sort(waiting_.begin(), waiting_.end(), [](const WaitingReading& a, const WaitingReading& b) {
      if (a.stope != b.stope) return a.stope < b.stope;
      return a.time.microseconds != b.time.microseconds ? a.time.microseconds < b.time.microseconds
                                                        : a.line < b.line;
    });
    for (const WaitingReading& reading : waiting_)
      if (!table_.is_rejected[reading.stope]) add(reading.stope, reading.line, reading.time, reading.values);
    waiting_ = {};
    for (std::size_t i = 0; i < builders_.size(); ++i) table_.stopes[i].readings = builders_[i].take();
    if (!report_unknown) return;
    for (const UnknownStope& stope : unknown_stopes_)
      log_.add(Severity::warning, "no_static_row", stope.first, stope.name,
               fmt::format("the stope {} has {} readings and no row in the static file: it gets no answer",
                           in_quotes(stope.name), stope.rows));
  }

 private:
  static constexpr std::size_t unknown = static_cast<std::size_t>(-1);

  /// Most files keep a stope together, or name the stopes in the same order day after day: the last one and
  /// the one that followed it before are tried first.
  std::size_t find_stope(std::string_view name) {
    if (last_stope_ != unknown && name == table_.stopes[last_stope_].name) return last_stope_;
    const std::size_t follower = last_stope_ != unknown ? followers_[last_stope_] : unknown;
    if (follower != unknown && name == table_.stopes[follower].name) return last_stope_ = follower;
    if (const auto found = table_.index.find(name); found != table_.index.end()) {
      if (last_stope_ != unknown) {
        followers_[last_stope_] = found->second;
        // Stopes of one file have about the same history.
        if (const std::size_t days = builders_[last_stope_].day_count(); days > 1)
          builders_[found->second].expect_days(days);
      }
      return last_stope_ = found->second;
    }
    count_unknown_stope(name);
    return unknown;
  }

  void count_unknown_stope(std::string_view name) {
    if (const auto found = unknown_index_.find(name); found != unknown_index_.end()) {
      ++unknown_stopes_[found->second].rows;
    } else if (is_good_stope_name(name)) {
      unknown_index_.emplace(name, unknown_stopes_.size());
      unknown_stopes_.push_back({std::string(name), reader_.location(name_position_), 1});
    } else {
      log_.add(Severity::fatal, "bad_stope_name", reader_.location(name_position_), "",
               describe_cell("stope_name", name,
                             "is empty, begins or ends with a blank, or has invisible characters; every "
                             "reading needs the name of its stope"));
    }
  }

  void reject(std::size_t stope, std::string_view code, stope::Location where, std::string message) {
    table_.is_rejected[stope] = 1;
    log_.add(Severity::rejected, code, std::move(where), table_.stopes[stope].name, std::move(message));
  }

  void reject_cell(std::size_t stope, std::string_view code, std::size_t position, std::string_view problem) {
    table_.is_rejected[stope] = 1;
    if (log_.wants(Severity::rejected, code, table_.stopes[stope].name))
      reject(stope, code, reader_.location(position),
             describe_cell(reader_.header()[position], reader_[position], problem));
  }

  ParsedTimestamp read_time(std::size_t stope, bool& is_good) {
    const ParsedTimestamp time = timestamps_.parse(reader_[time_position_]);
    if (time.fault != TimestampFault::none) {
      is_good = false;
      reject_cell(stope, "bad_timestamp", time_position_, explain(time.fault));
    } else if (options_.now && time.day > *options_.now) {
      is_good = false;
      reject_cell(stope, "reading_after_now", time_position_,
                  fmt::format("lies after today ({}): check the year", stope::format_day(*options_.now)));
    }
    return time;
  }

  /// True if all cells are numbers in their ranges and there are no sentinels: one question a row.
  bool read_usual_values(DailyReading& values) const {
    static_assert(CsvReader::readable_bytes >= 8);
    bool are_usual = options_.sentinels.empty();
    for (std::size_t sensor = 0; sensor < sensor_count; ++sensor) {
      const double value = number_or_nan(reader_[sensor_positions_[sensor]]);
      const auto& column = sensor_columns[sensor];
      are_usual &= (value >= column.lowest) & (value <= column.highest);  // not so for NaN
      values[sensor] = value;
    }
    return are_usual;
  }

  double read_value(std::size_t stope, std::size_t sensor, bool& is_good) {
    const std::size_t position = sensor_positions_[sensor];
    const auto [value, fault] = parse_number(reader_[position]);
    if (fault == NumberFault::empty) return stope::missing;
    if (fault != NumberFault::none) {
      is_good = false;
      if (fault == NumberFault::decimal_comma) report_decimal_comma(reader_, position, log_);
      reject_cell(stope, "not_a_number", position, explain(fault));
      return stope::missing;
    }
    if (is_sentinel(value, options_)) return stope::missing;
    const auto& column = sensor_columns[sensor];
    if (value < column.lowest || value > column.highest) {
      is_good = false;
      reject_cell(
          stope, "out_of_range", position,
          fmt::format("lies outside {} to {} {}; a number that means 'missing' is to be listed as a sentinel",
                      column.lowest, column.highest, column.unit));
    }
    return value;
  }

  void add(std::size_t stope, std::size_t line, const ParsedTimestamp& time, const DailyReading& values) {
    const DailySeriesBuilder::Outcome outcome = builders_[stope].add(time, line, values);
    if (outcome != DailySeriesBuilder::Outcome::added) report_not_added(stope, line, time, outcome);
  }

  void report_not_added(std::size_t stope, std::size_t line, const ParsedTimestamp& time,
                        DailySeriesBuilder::Outcome outcome) {
    using Outcome = DailySeriesBuilder::Outcome;
    const std::size_t before = builders_[stope].last_line();
    const stope::Day day_before = builders_[stope].last_day();
    const std::string day = stope::format_day(time.day);
    const stope::Location where{reader_.name(), line, 1};
    switch (outcome) {
      case Outcome::added:
        break;
      case Outcome::identical_duplicate:
        log_.add(Severity::warning, "identical_duplicate", where, table_.stopes[stope].name,
                 fmt::format("the same reading as on line {} ({}): left out", before, day));
        break;
      case Outcome::conflicting_duplicate:
        reject(
            stope, "conflicting_duplicate", where,
            fmt::format("the same stope and time as on line {} ({}), but other values: remove the wrong row",
                        before, day));
        break;
      case Outcome::out_of_order:
        reject(stope, "out_of_order", where,
               fmt::format("{} stands behind {} on line {}: readings must be in order of time; sort the file "
                           "or use --sort",
                           day, stope::format_day(day_before), before));
        break;
      case Outcome::implausible_dates:
        reject(stope, "implausible_dates", where,
               fmt::format(
                   "{} lies so far from {} on line {} that one of the dates must be wrong: check the years",
                   day, stope::format_day(day_before), before));
        break;
    }
  }

  const CsvReader& reader_;
  const StopeCsvOptions& options_;
  IssueLog& log_;
  StopeTable& table_;
  std::size_t name_position_ = 0, time_position_ = 0;
  std::array<std::size_t, sensor_count> sensor_positions_{};
  TimestampReader timestamps_;
  std::size_t last_stope_ = unknown;
  std::vector<std::size_t> followers_;        // one for each stope of the table: what stood behind it
  std::vector<DailySeriesBuilder> builders_;  // one for each stope of the table
  std::vector<WaitingReading> waiting_;
  NameIndex unknown_index_;
  std::vector<UnknownStope> unknown_stopes_;
};

}  // namespace

std::vector<std::string_view> timeseries_column_names() {
  std::vector<std::string_view> names{"timestamp"};
  for (const auto& column : sensor_columns) names.push_back(column.name);
  return names;
}

void read_timeseries_file(const std::filesystem::path& path, const StopeCsvOptions& options,
                          bool statics_are_whole, StopeTable& table, IssueLog& log, std::size_t& row_count) {
  try {
    CsvText text = CsvText::open(path);
    if (table.hash) text.hash_into(*table.hash);
    CsvReader reader(csv_display_name(path), std::move(text));
    TimeseriesRows rows(reader, options, log, table);
    if (!rows.find_columns()) return;
    for_each_row(reader, log, [&] { rows.read_row(); });
    row_count = reader.row_count();
    rows.finish(statics_are_whole);
  } catch (const CsvError& error) {
    log.add(Severity::fatal, error.issue_code(), error.where(), "", error.problem());
  }
}

}  // namespace deepmine::io
