// What holds for whatever was read from the two files of a mine.
#pragma once

#include <algorithm>

#include "io/stope_csv.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"

namespace deepmine::fuzz {

inline bool is_within(double value, double lowest, double highest) {
  return stope::is_missing(value) || (value >= lowest && value <= highest);
}

inline void check_readings(const stope::DailySeries& series) {
  for (const stope::DailyReading& day : series.days)
    for (std::size_t i = 0; i < stope::sensor_count; ++i)
      require(is_within(day[i], stope::sensor_columns[i].lowest, stope::sensor_columns[i].highest),
              "a reading is missing or within its range");
}

inline void check_statics(const stope::StaticRecord& statics) {
  for (const stope::StaticColumn& column : stope::static_columns)
    require(!stope::is_missing(statics.*column.value) &&
                is_within(statics.*column.value, column.lowest, column.highest),
            "a property of a stope is within its range");
}

inline void check_stope_csv(const io::StopeData& data) {
  for (const stope::Issue& issue : data.issues)
    require(!issue.code.empty() && !issue.message.empty(), "a finding has a code and a message");
  const bool is_fatal = std::any_of(data.issues.begin(), data.issues.end(), [](const stope::Issue& issue) {
    return issue.severity == stope::Severity::fatal;
  });
  require(data.is_usable() == !is_fatal, "a fatal finding makes the files useless, and nothing else does");
  if (is_fatal) require(data.stopes.empty(), "nothing comes from files that are useless");
  for (const stope::StopeRecord& stope : data.stopes) {
    require(!stope.name.empty(), "a stope has a name");
    if (data.is_rejected(stope.name)) {
      require(stope.readings.empty(), "a rejected stope has no readings");
      continue;
    }
    check_statics(stope.statics);
    check_readings(stope.readings);
  }
}

/// Reads the files strictly, then as leniently as the options allow.
inline void read_stope_csv(const MemoryFile& statics, const MemoryFile& timeseries) {
  check_stope_csv(io::read_stope_csv(statics.path(), timeseries.path()));
  io::StopeCsvOptions options;
  options.sort = true;
  options.sentinels = {-999, 0};
  options.now = 20000;
  options.listed_issues_of_a_kind = 1;
  check_stope_csv(io::read_stope_csv(statics.path(), timeseries.path(), options));
}

}  // namespace deepmine::fuzz
