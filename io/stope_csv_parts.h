// The two halves of io/stope_csv: one reader a file. Internal to io.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/csv.h"
#include "io/issue_log.h"
#include "io/sha256.h"
#include "io/stope_csv.h"

namespace deepmine::io {

/// Lets a map of strings be asked with a view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};
using NameIndex = std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>>;

/// The stopes while the files are read: records, where each stands in the static file, which are rejected.
struct StopeTable {
  std::vector<stope::StopeRecord> stopes;
  std::vector<stope::Location> locations;
  std::vector<char> is_rejected;  ///< vector<bool> has no plain elements
  NameIndex index;
  std::unique_ptr<Sha256> hash;  ///< of the files read so far; null if nobody wants it
};

/// Reads the static file. A fatal finding is in `log`; what could be read is in the table all the same.
StopeTable read_static_file(const std::filesystem::path& path, const StopeCsvOptions& options, IssueLog& log,
                            std::size_t& row_count);

/// Reads the time series into the table's records. `statics_are_whole`: false if the static file has a fatal
/// finding, so that its absent stopes are not worth reporting.
void read_timeseries_file(const std::filesystem::path& path, const StopeCsvOptions& options,
                          bool statics_are_whole, StopeTable& table, IssueLog& log, std::size_t& row_count);

/// The columns that one of the two files needs, and those that only the other one has.
struct ColumnNames {
  std::vector<std::string_view> required, optional, of_the_other_file;
  const char* other_file = "";
};
/// The names of the columns that one file has and the other has not; `stability` is not among them.
std::vector<std::string_view> static_column_names(), timeseries_column_names();

/// Positions of the required columns; one `missing_columns` issue for all that are not there, with what was
/// probably meant; for each column that is in neither list, one `extra_column` note, or a
/// `misspelled_column` warning where an optional one was probably meant. An empty result means that columns
/// are missing.
std::vector<std::size_t> find_columns(const CsvReader& reader, const ColumnNames& names, IssueLog& log);

/// Calls `use_row` for every row. Faults of form become fatal issues; those that concern one row do not end
/// the reading, so that one run reports many of them.
template <class UseRow>
void for_each_row(CsvReader& reader, IssueLog& log, UseRow&& use_row) {
  constexpr int most_bad_rows = 100;
  for (int bad_rows = 0; bad_rows < most_bad_rows;) {
    try {
      if (!reader.next_row()) return;
    } catch (const CsvError& error) {
      log.add(stope::Severity::fatal, error.issue_code(), error.where(), "", error.problem());
      if (!error.next_row_is_readable()) return;
      ++bad_rows;
      continue;
    }
    use_row();
  }
}

/// True if the number is one that the site's files write for "missing".
bool is_sentinel(double value, const StopeCsvOptions& options) noexcept;

/// The problem of a cell: "depth 'abc' is not a number …".
std::string describe_cell(std::string_view column, std::string_view text, std::string_view problem);
/// Text from a file as it may stand in a message: in quotes, short, without control characters.
std::string in_quotes(std::string_view text);
/// A cell with a decimal comma makes the whole file useless: one export setting wrote all of its numbers.
void report_decimal_comma(const CsvReader& reader, std::size_t position, IssueLog& log);
/// False for an empty name or one with control characters: nothing could be reported about such a stope.
bool is_good_stope_name(std::string_view name);

}  // namespace deepmine::io
