// What the two stope files hold and how much of it can be used: the answer of `deepmine validate`.
#pragma once

#include <array>
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/stope/records.h"
#include "engine/stope/thresholds.h"
#include "engine/stope/windows.h"
#include "io/stope_csv.h"

namespace deepmine::io {

/// One sensor over the days of all stopes that were read (rejected stopes not counted).
struct SensorSummary {
  std::size_t observed_days = 0, missing_days = 0;
  std::optional<double> lowest, mean, highest;  ///< of the daily means; nothing without a reading
  std::size_t flat_lines = 0;                   ///< runs of DataSettings::flat_line_days equal days or more
  std::vector<std::string> flat_line_stopes;    ///< those that have such a run
};

/// Targets of one horizon: usable windows whose day t+h was observed.
struct HorizonSummary {
  int days = 0;
  std::size_t targets = 0;
};

struct DataReport {
  bool is_usable = false;  ///< no fatal issue
  std::size_t static_rows = 0, timeseries_rows = 0;

  std::size_t stopes = 0;  ///< with a static row; of these:
  std::vector<std::string> rejected, without_readings;
  std::vector<std::string> without_static_row;  ///< listed ones: names that only the time series have
  std::size_t labelled_stable = 0, labelled_unstable = 0, unlabelled = 0;  ///< rejected stopes not counted

  std::optional<stope::Day> first_day, last_day;
  std::size_t stope_days = 0;  ///< calendar days from the first to the last reading, summed over stopes
  std::array<SensorSummary, stope::sensor_count> sensors;

  stope::WindowPlan plan;
  std::size_t largest_filled_gap = 0, flat_line_days = 0;
  /// Days on which a window ends or could not, by WindowState (`no_readings`: stopes, not days).
  std::array<std::size_t, stope::window_state_count> windows{};
  std::size_t stopes_with_windows = 0;
  std::size_t stopes_usable_on_last_day = 0;  ///< the window that ends on their own last day is usable
  std::vector<HorizonSummary> horizons;

  /// What the reader found, and a note `stuck_sensor` for each sensor with flat lines.
  std::vector<IssueCount> issue_counts;
  std::vector<stope::Issue> issues;

  bool all_are_rejected() const { return stopes > 0 && rejected.size() == stopes; }
};

/// Costs one walk over the readings. Thread-safe.
DataReport make_data_report(const StopeData& data, const stope::DataSettings& settings = {},
                            const stope::WindowPlan& plan = {});

/// For people: plain text, lines of at most about 100 characters (messages may be longer), no colours.
/// `most_issues` of the issues are shown, the worst first.
std::string to_text(const DataReport& report, std::size_t most_issues = 100);
/// For programs: every field, all listed issues.
nlohmann::ordered_json to_json(const DataReport& report);

}  // namespace deepmine::io
