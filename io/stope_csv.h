// The two input files of a mine, read into records and findings. Which finding makes a file useless, which
// rejects one stope and which is a warning is decided here and nowhere else; the codes below are stable.
//
// fatal (the file can't be used, nothing may be answered from it)
//   every code of CsvError, missing_columns, duplicate_stope, bad_stope_name, decimal_comma,
//   no_rows
// rejected (that stope can't be answered; the others can)
//   not_a_number, out_of_range, missing_value, bad_flag, bad_label, bad_timestamp, reading_after_now,
//   out_of_order, conflicting_duplicate, implausible_dates
// warning
//   identical_duplicate, unseen_category (the assessment abstains), no_readings, no_static_row, unused_label
// note
//   extra_column
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/stope/issue.h"
#include "engine/stope/records.h"
#include "io/issue_log.h"

namespace deepmine::io {

struct StopeCsvOptions {
  bool sort = false;              ///< readings may stand in any order; without it disorder rejects the stope
  bool label_required = false;    ///< for training and evaluation: `stability` must be there for every stope
  std::vector<double> sentinels;  ///< numbers that mean "missing", -999 for example
  std::optional<stope::Day> now;  ///< a reading after this day rejects its stope
  bool hash_files = false;        ///< fill StopeData::sha256
  std::size_t listed_issues_of_a_kind = 20;  ///< of each code and stope; the rest is counted in one issue
};

struct StopeData {
  /// In the order of the static file. Empty if an issue is fatal. A rejected stope stays, by name, without
  /// readings; what its statics hold is not to be used.
  std::vector<stope::StopeRecord> stopes;
  std::vector<stope::Issue> issues;
  std::vector<IssueCount> issue_counts;  ///< all findings, those not listed too
  /// Names with at least one `rejected` issue, in the order of `stopes`.
  std::vector<std::string> rejected;
  std::size_t static_rows = 0, timeseries_rows = 0;
  /// With `hash_files`: SHA-256 (hexadecimal) of the static file's bytes followed by those of the time
  /// series, the very bytes that were read. Empty if an issue is fatal.
  std::string sha256;

  bool is_usable() const;
  bool is_rejected(std::string_view name) const;
  /// Takes the rejected stopes out of `stopes`, not out of `rejected`.
  void leave_out_rejected();
};

/// Reads both files; `-` is standard input (for one of them). Data faults are issues, never exceptions;
/// throws Error{usage} if both paths are `-`. Not more than one pass over each file.
StopeData read_stope_csv(const std::filesystem::path& static_path,
                         const std::filesystem::path& timeseries_path, const StopeCsvOptions& options = {});

/// Throws Error{data_invalid} that lists the fatal issues, if there are any.
void require_usable(const StopeData& data);

}  // namespace deepmine::io
