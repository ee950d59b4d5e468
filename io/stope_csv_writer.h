// Writes the stope files, a stope at a time, so that the size of the data is bounded by the disk and not by
// memory. Numbers are the shortest text that reads back to the same bits; a missing value is an empty cell; a
// day without any reading is no row.
#pragma once

#include <filesystem>
#include <string_view>

#include "engine/stope/records.h"
#include "io/atomic_file.h"

namespace deepmine::io {

/// Text of comma-separated fields into a file that gets its name only in commit(). Throws Error{failure} with
/// the system's reason. Not thread-safe.
class CsvFileWriter {
 public:
  explicit CsvFileWriter(const std::filesystem::path& target);

  CsvFileWriter& text(std::string_view piece);
  /// A field, in quotes if it needs them.
  CsvFileWriter& field(std::string_view value);
  CsvFileWriter& number(double value);  ///< nothing for a missing value
  CsvFileWriter& day(stope::Day value);
  void commit() { file_.commit(); }

 private:
  AtomicFile file_;
};

/// The static file. Column `stability` is empty for a stope without a label.
class StaticCsvWriter {
 public:
  explicit StaticCsvWriter(const std::filesystem::path& path);
  void add(const stope::StopeRecord& stope);
  void commit() { file_.commit(); }

 private:
  CsvFileWriter file_;
};

/// The time-series file.
class TimeseriesCsvWriter {
 public:
  explicit TimeseriesCsvWriter(const std::filesystem::path& path);
  void add(const stope::StopeRecord& stope);
  void commit() { file_.commit(); }

 private:
  CsvFileWriter file_;
};

/// The days on which stopes failed: `stope_name,failure_date`, a row for each stope that did.
class FailuresCsvWriter {
 public:
  explicit FailuresCsvWriter(const std::filesystem::path& path);
  void add(std::string_view stope_name, stope::Day failure_day);
  void commit() { file_.commit(); }

 private:
  CsvFileWriter file_;
};

}  // namespace deepmine::io
