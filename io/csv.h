// A strict and fast reader of CSV text (RFC 4180): UTF-8 with or without a byte-order mark, LF or CRLF,
// commas, quoted fields with line breaks and doubled quotes. What is not that is refused with line and
// column; nothing is guessed and nothing is skipped. The text is read once; fields are views into it; a row
// allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/nn/error.h"
#include "engine/stope/issue.h"

namespace deepmine::io {

/// A fault of the file's form. `issue_code()` is stable: `unreadable_file`, `file_too_large`, `empty_file`,
/// `not_utf8`, `nul_byte`, `wrong_separator`, `too_many_columns`, `duplicate_column`, `bare_carriage_return`,
/// `quote_in_field`, `text_after_quote`, `unclosed_quote`, `blank_line`, `too_few_fields`, `too_many_fields`.
class CsvError : public Error {
 public:
  CsvError(std::string issue_code, stope::Location where, std::string problem, bool next_row_is_readable);

  const std::string& issue_code() const noexcept { return issue_code_; }
  const stope::Location& where() const noexcept { return where_; }
  /// The message without the place.
  const std::string& problem() const noexcept { return problem_; }
  /// True if only this row is wrong: CsvReader::next_row() may be called again to look for further faults.
  bool next_row_is_readable() const noexcept { return next_row_is_readable_; }

 private:
  std::string issue_code_, problem_;
  stope::Location where_;
  bool next_row_is_readable_;
};

/// The bytes of a file, followed by zeros so that the reader may look at whole blocks.
class CsvText {
 public:
  static constexpr std::size_t padding = 64;
  static constexpr std::size_t default_limit = std::size_t{8} << 30;

  /// Reads a regular file or a pipe to its end; `-` is standard input. Throws CsvError (`unreadable_file`,
  /// `file_too_large`).
  static CsvText read(const std::filesystem::path& path, std::size_t limit = default_limit);
  static CsvText copy_of(std::string_view text);

  std::string_view bytes() const noexcept { return {bytes_.get(), size_}; }

 private:
  struct Free {
    void operator()(char* bytes) const noexcept;
  };
  static CsvText with_capacity(std::size_t capacity);
  void read_all(int descriptor, std::size_t limit, const std::string& name);
  void grow(std::size_t capacity);

  std::unique_ptr<char[], Free> bytes_;
  std::size_t size_ = 0, capacity_ = 0;
};

/// The name of a path in messages: `stdin` for `-`.
std::string csv_display_name(const std::filesystem::path& path);

/// Walks over the rows. Lines and columns count from 1; a column counts characters (UTF-8 code points), as an
/// editor shows them, and is that of the field's first character (its opening quote if it is quoted).
/// Not thread-safe; views are valid until the next call of next_row().
///
///     CsvReader reader(name, CsvText::read(path));
///     while (reader.next_row()) use(reader[column]);
class CsvReader {
 public:
  static constexpr std::size_t most_columns = 4096;

  /// Checks the whole text (UTF-8, no NUL) and reads the header. Throws CsvError.
  CsvReader(std::string name, CsvText text);
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  const std::string& name() const noexcept { return name_; }
  const std::vector<std::string>& header() const noexcept { return header_; }
  /// The position of a column by its exact name.
  std::optional<std::size_t> find_column(std::string_view column_name) const noexcept;
  stope::Location header_location(std::size_t column) const;

  /// Goes to the next row; false after the last. Throws CsvError. Empty lines at the end are no rows.
  bool next_row();
  std::string_view operator[](std::size_t column) const noexcept {
    return {fields_[column].data, fields_[column].size};
  }
  std::size_t line() const noexcept { return line_; }
  /// Where the field stands. Counts characters, so it costs a walk over the row: for messages.
  stope::Location location(std::size_t column) const;
  /// Rows read so far, the header not counted.
  std::size_t row_count() const noexcept { return row_count_; }

 private:
  struct Field {
    const char* data = nullptr;
    std::size_t size = 0, offset = 0;  // offset of the first character in the text, for messages
    bool has_doubled_quotes = false;
  };

  void read_header();
  std::size_t next_special() noexcept;
  void read_row(std::size_t most_fields);
  std::size_t read_quoted_field(std::size_t begin, Field& field);
  std::size_t end_of_line(std::size_t position);
  void join_doubled_quotes();
  void check_row();
  bool only_line_breaks_left() const noexcept;
  stope::Location location_of(std::size_t offset) const;
  [[noreturn]] void fail(const char* code, std::size_t offset, std::string problem, bool row_only = false);

  std::string name_;
  CsvText text_;
  const char* data_ = nullptr;
  std::size_t size_ = 0;

  std::vector<std::string> header_;
  std::vector<stope::Location> header_locations_;
  std::vector<Field> fields_;
  std::size_t field_count_ = 0;  // of this row, also if more than `fields_` holds
  bool row_has_doubled_quotes_ = false;
  std::string unquoted_;  // the fields of this row that had doubled quotes

  std::size_t row_begin_ = 0, cursor_ = 0;  // of this row; of the next one
  std::size_t line_ = 0, next_line_ = 1, row_count_ = 0;
  std::size_t block_ = 0;             // the 64 bytes whose special characters are in `block_specials_`
  std::uint64_t block_specials_ = 0;  // a bit for each comma, quote, LF, CR not yet visited
};

}  // namespace deepmine::io
