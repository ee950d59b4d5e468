#include "io/stope_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "engine/nn/error.h"
#include "io/stope_csv_parts.h"
#include "io/timestamp.h"
#include "io/utf8.h"

namespace deepmine::io {
namespace {

using stope::Severity;
using stope::StaticRecord;

struct CategoryInput {
  std::string_view name;
  std::span<const std::string_view> table;
  std::string StaticRecord::*member;
};
constexpr std::array<CategoryInput, 3> category_inputs{{
    {"direction", stope::directions, &StaticRecord::direction},
    {"rock_type", stope::rock_types, &StaticRecord::rock_type},
    {"support_type", stope::support_types, &StaticRecord::support_type},
}};
constexpr std::string_view flag_input = "support_installed";

/// Positions of the static inputs in `given_`: the numbers, then the categories, then the flag.
constexpr std::size_t first_category = stope::static_columns.size(),
                      flag_position = first_category + category_inputs.size(),
                      input_count = flag_position + 1;

constexpr std::string_view input_name(std::size_t position) {
  if (position < first_category) return stope::static_columns[position].name;
  return position < flag_position ? category_inputs[position - first_category].name : flag_input;
}

constexpr std::size_t no_input = input_count;
std::size_t find_input(std::string_view name) {
  std::size_t position = 0;
  while (position < input_count && input_name(position) != name) ++position;
  return position;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

/// What may have been meant by a category that is in no table.
std::string suggestion(const CategoryInput& input, std::string_view text) {
  for (const std::string_view known : input.table)
    if (lower_case(known) == lower_case(text)) return fmt::format("; write '{}'", known);
  return fmt::format("; known are {}", fmt::join(input.table, ", "));
}

}  // namespace

std::string static_input_names() {
  std::string names;
  for (std::size_t i = 0; i < input_count; ++i) names += (i == 0 ? "" : ", ") + std::string(input_name(i));
  return names;
}

// ---- static inputs

StaticInput static_input(std::string_view name) {
  const std::size_t position = find_input(name);
  if (position == no_input) return StaticInput::unknown;
  if (position == flag_position) return StaticInput::flag;
  return position < first_category ? StaticInput::number : StaticInput::category;
}

void StopeCaseBuilder::set_name(std::string_view name) {
  if (find_invalid_utf8(name) != name.size())
    throw Error(ErrorCode::data_invalid, source_ + ": stope_name is no valid UTF-8");
  if (!is_good_stope_name(name))
    throw Error(ErrorCode::data_invalid,
                fmt::format("{}: stope_name {} is empty, begins or ends with a blank, or has invisible "
                            "characters; every case needs the name of its stope",
                            source_, in_quotes(name)));
  case_.record.name = name;
}

bool StopeCaseBuilder::has(std::string_view column) const {
  const std::size_t position = find_input(column);
  return position != no_input && (given_ >> position & 1U) != 0;
}

void StopeCaseBuilder::reject(std::string_view code, const std::string& place, std::string message) {
  rejected_ = true;
  log_.add(Severity::rejected, code, {place, 0, 0}, "", std::move(message));
}

bool StopeCaseBuilder::is_sentinel(double value) const {
  return std::find(sentinels_.begin(), sentinels_.end(), value) != sentinels_.end();
}

StopeCaseBuilder::Outcome StopeCaseBuilder::set_number(std::string_view column, double value) {
  const std::size_t position = find_input(column);
  if (position == no_input || (position >= first_category && position < flag_position))
    return Outcome::unknown_name;
  if (has(column)) return Outcome::repeated;
  given_ |= 1U << position;
  if (std::isnan(value) || is_sentinel(value)) {
    missing_ |= 1U << position;
    return Outcome::taken;
  }
  if (position == flag_position) {
    if (value != 0 && value != 1)
      reject("bad_flag", source_, fmt::format("{} {} is no flag; expected 0 or 1", column, value));
    case_.record.statics.support_installed = value == 1;
    return Outcome::taken;
  }
  const stope::StaticColumn& input = stope::static_columns[position];
  if (std::isinf(value)) {
    reject("not_a_number", source_, fmt::format("{} {} is not a finite number", column, value));
  } else if (value < input.lowest || value > input.highest) {
    reject("out_of_range", source_,
           fmt::format("{} {} lies outside {} to {}{}{}", column, value, input.lowest, input.highest,
                       input.unit.empty() ? "" : " ", input.unit));
  } else {
    case_.record.statics.*input.value = value;
  }
  return Outcome::taken;
}

StopeCaseBuilder::Outcome StopeCaseBuilder::set_category(std::string_view column, std::string_view text) {
  const std::size_t position = find_input(column);
  if (position < first_category || position >= flag_position) return Outcome::unknown_name;
  if (has(column)) return Outcome::repeated;
  if (find_invalid_utf8(text) != text.size())
    throw Error(ErrorCode::data_invalid, fmt::format("{}: {} is no valid UTF-8", source_, column));
  given_ |= 1U << position;
  if (text.empty()) {
    missing_ |= 1U << position;
    return Outcome::taken;
  }
  const CategoryInput& input = category_inputs[position - first_category];
  case_.record.statics.*input.member = text;
  if (std::find(input.table.begin(), input.table.end(), text) == input.table.end())
    log_.add(Severity::warning, "unseen_category", {source_, 0, 0}, "",
             describe_cell(
                 column, text,
                 "is no known category: the stope can't be assessed by a network" + suggestion(input, text)));
  return Outcome::taken;
}

// ---- readings

std::string StopeCaseBuilder::reading_place() const {
  return fmt::format("{}, reading {}", source_, readings_);
}

void StopeCaseBuilder::add_reading(std::string_view timestamp, const stope::DailyReading& values) {
  ++readings_;
  const ParsedTimestamp time = timestamps_.parse(timestamp);
  if (time.fault == TimestampFault::none) return add(time, values);
  const bool is_text = find_invalid_utf8(timestamp) == timestamp.size();
  reject("bad_timestamp", reading_place(),
         describe_cell("timestamp", is_text ? timestamp : "(no UTF-8)", explain(time.fault)));
}

void StopeCaseBuilder::add_reading(std::int64_t microseconds, const stope::DailyReading& values) {
  ++readings_;
  // 0001-01-01 to 9999-12-31, as a date can be written.
  constexpr std::int64_t first_day = -719162, last_day = 2932896;
  const std::int64_t day =
      microseconds / microseconds_per_day - (microseconds % microseconds_per_day < 0 ? 1 : 0);
  if (day >= first_day && day <= last_day)
    return add({static_cast<stope::Day>(day), microseconds, TimestampFault::none}, values);
  reject("bad_timestamp", reading_place(),
         fmt::format("timestamp {} is no number of microseconds since 1970-01-01 of a year from 1 to 9999",
                     microseconds));
}

bool StopeCaseBuilder::read_values(const stope::DailyReading& given, stope::DailyReading& values) {
  bool are_good = true;
  for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor) {
    const double value = given[sensor];
    const stope::SensorColumn& column = stope::sensor_columns[sensor];
    values[sensor] = value;
    if (value >= column.lowest && value <= column.highest && !is_sentinel(value)) continue;
    values[sensor] = stope::missing;
    if (std::isnan(value) || is_sentinel(value)) continue;
    are_good = false;
    if (std::isinf(value)) {
      reject("not_a_number", reading_place(),
             fmt::format("{} {} is not a finite number", column.name, value));
    } else {
      reject("out_of_range", reading_place(),
             fmt::format("{} {} lies outside {} to {} {}; a number that means 'missing' is to be listed as a "
                         "sentinel",
                         column.name, value, column.lowest, column.highest, column.unit));
    }
  }
  return are_good;
}

void StopeCaseBuilder::add(const ParsedTimestamp& time, const stope::DailyReading& given) {
  stope::DailyReading values;
  if (!read_values(given, values) || rejected_) return;
  const DailySeriesBuilder::Outcome outcome = series_.add(time, readings_, values);
  if (outcome != DailySeriesBuilder::Outcome::added) report_not_added(time, outcome);
}

void StopeCaseBuilder::report_not_added(const ParsedTimestamp& time, DailySeriesBuilder::Outcome outcome) {
  using Added = DailySeriesBuilder::Outcome;
  const std::string day = stope::format_day(time.day);
  const std::size_t before = series_.last_line();
  switch (outcome) {
    case Added::added:
      break;
    case Added::identical_duplicate:
      log_.add(Severity::warning, "identical_duplicate", {reading_place(), 0, 0}, "",
               fmt::format("the same as reading {} ({}): left out", before, day));
      break;
    case Added::conflicting_duplicate:
      reject("conflicting_duplicate", reading_place(),
             fmt::format("the same time as reading {} ({}), but other values: remove the wrong one", before,
                         day));
      break;
    case Added::out_of_order:
      reject("out_of_order", reading_place(),
             fmt::format("{} stands behind {} of reading {}: readings must be in order of time", day,
                         stope::format_day(series_.last_day()), before));
      break;
    case Added::implausible_dates:
      reject("implausible_dates", reading_place(),
             fmt::format("{} lies so far from {} of reading {} that one of the dates must be wrong: check "
                         "the years",
                         day, stope::format_day(series_.last_day()), before));
      break;
  }
}

StopeCase StopeCaseBuilder::take() {
  for (std::size_t position = 0; position < input_count; ++position)
    if (((given_ & ~missing_) >> position & 1U) == 0)
      reject(
          "missing_value", source_,
          fmt::format("{} is missing; every static feature is needed (only sensor readings may be missing)",
                      input_name(position)));
  case_.record.readings = series_.take();
  if (rejected_) case_.record.readings = {};  // half of a series is no series
  case_.issues = log_.take();
  for (stope::Issue& issue : case_.issues) issue.stope = case_.record.name;
  given_ = missing_ = 0;
  rejected_ = false;
  readings_ = 0;
  return std::exchange(case_, {});
}

}  // namespace deepmine::io
