// One stope as a program hands it over, value by value (a JSON case, the arrays of the C interface), made
// into a record and findings: the checks and the codes are those of the CSV reader (io/stope_csv.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/stope/issue.h"
#include "engine/stope/records.h"
#include "io/daily_series_builder.h"
#include "io/issue_log.h"

namespace deepmine::io {

struct StopeCase {
  stope::StopeRecord record;  ///< of a rejected stope without its readings
  std::vector<stope::Issue> issues;
};

/// What a name stands for.
enum class StaticInput : std::uint8_t { unknown, number, category, flag };
StaticInput static_input(std::string_view name);
/// All of these names, for messages: `rqd, hr, …`.
std::string static_input_names();

/// Not thread-safe; for one stope after the other (take() begins anew).
class StopeCaseBuilder {
 public:
  enum class Outcome : std::uint8_t { taken, unknown_name, repeated };

  /// `source` names the case in messages (`line 12`, `case 3`). `sentinels`: numbers that mean "missing".
  explicit StopeCaseBuilder(std::string source, std::span<const double> sentinels = {})
      : source_(std::move(source)), sentinels_(sentinels.begin(), sentinels.end()) {}

  /// Throws Error{data_invalid} for a name that is empty, no UTF-8, begins or ends with a blank, or has
  /// invisible characters: nothing could be reported about such a stope.
  void set_name(std::string_view name);

  /// A number or the flag (0 or 1) by the name of its column. NaN and a sentinel mean "missing", which
  /// rejects the stope, as does a value that can't be true.
  Outcome set_number(std::string_view column, double value);
  /// A category; empty text means "missing". Text that is no UTF-8 is Error{data_invalid}.
  Outcome set_category(std::string_view column, std::string_view text);
  /// Whether a static input of that name was given, be it as missing.
  bool has(std::string_view column) const;

  /// Readings in order of time; NaN and a sentinel mean "missing".
  void add_reading(std::string_view timestamp, const stope::DailyReading& values);
  /// The same, the time in microseconds since 1970-01-01 00:00 of local mine time.
  void add_reading(std::int64_t microseconds, const stope::DailyReading& values);

  /// Ends the case: static inputs that were not given are missing.
  StopeCase take();

 private:
  void reject(std::string_view code, const std::string& place, std::string message);
  std::string reading_place() const;
  void add(const ParsedTimestamp& time, const stope::DailyReading& values);
  bool read_values(const stope::DailyReading& given, stope::DailyReading& values);
  void report_not_added(const ParsedTimestamp& time, DailySeriesBuilder::Outcome outcome);
  bool is_sentinel(double value) const;

  std::string source_;
  std::vector<double> sentinels_;
  StopeCase case_;
  std::uint32_t given_ = 0, missing_ = 0;  ///< bit i: static input i of the list in the .cpp
  bool rejected_ = false;
  std::size_t readings_ = 0;
  TimestampReader timestamps_;
  DailySeriesBuilder series_;
  static constexpr std::size_t listed_issues_of_a_kind = 20;
  IssueLog log_{listed_issues_of_a_kind};
};

}  // namespace deepmine::io
