// Writes the stope files, a stope at a time, so that the size of the data is bounded by the disk and not by
// memory. Numbers are the shortest text that reads back to the same bits; a missing value is an empty cell; a
// day without any reading is no row.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/stope/records.h"

namespace deepmine::io {

/// A text file that gets its name only in commit(): until then it stands beside it under a temporary name,
/// and the destructor removes that. Throws Error{failure} with the system's reason. Not thread-safe.
class TextFileWriter {
 public:
  explicit TextFileWriter(std::filesystem::path target);
  ~TextFileWriter();
  TextFileWriter(const TextFileWriter&) = delete;
  TextFileWriter& operator=(const TextFileWriter&) = delete;

  TextFileWriter& text(std::string_view piece);
  /// A CSV field, in quotes if it needs them.
  TextFileWriter& field(std::string_view value);
  TextFileWriter& number(double value);  ///< nothing for a missing value
  TextFileWriter& day(stope::Day value);
  void commit();

 private:
  void flush();

  std::filesystem::path target_, temporary_;
  int descriptor_ = -1;
  std::unique_ptr<char[]> buffer_;
  std::size_t used_ = 0;
};

/// The static file. Column `stability` is empty for a stope without a label.
class StaticCsvWriter {
 public:
  explicit StaticCsvWriter(const std::filesystem::path& path);
  void add(const stope::StopeRecord& stope);
  void commit() { file_.commit(); }

 private:
  TextFileWriter file_;
};

/// The time-series file.
class TimeseriesCsvWriter {
 public:
  explicit TimeseriesCsvWriter(const std::filesystem::path& path);
  void add(const stope::StopeRecord& stope);
  void commit() { file_.commit(); }

 private:
  TextFileWriter file_;
};

/// The days on which stopes failed: `stope_name,failure_date`, a row for each stope that did.
class FailuresCsvWriter {
 public:
  explicit FailuresCsvWriter(const std::filesystem::path& path);
  void add(std::string_view stope_name, stope::Day failure_day);
  void commit() { file_.commit(); }

 private:
  TextFileWriter file_;
};

}  // namespace deepmine::io
