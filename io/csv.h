// A strict and fast reader of CSV text (RFC 4180): UTF-8 with or without a byte-order mark, LF or CRLF,
// commas, quoted fields with line breaks and doubled quotes. What is not that is refused with line and
// column; nothing is guessed and nothing is skipped. The text is read once, a piece at a time; fields are
// views into the piece; a row allocates nothing. Faults are found in the order of the text, and what is found
// does not depend on where the pieces end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/nn/error.h"
#include "engine/stope/issue.h"
#include "io/csv_text.h"

namespace deepmine::io {

/// A fault of the file's form. `issue_code()` is stable: `unreadable_file`, `file_too_large`, `empty_file`,
/// `not_utf8`, `nul_byte`, `wrong_separator`, `too_many_columns`, `duplicate_column`, `bare_carriage_return`,
/// `quote_in_field`, `text_after_quote`, `unclosed_quote`, `row_too_long`, `blank_line`, `too_few_fields`,
/// `too_many_fields`.
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

/// Walks over the rows. Lines and columns count from 1; a column counts characters (UTF-8 code points), as an
/// editor shows them, and is that of the field's first character (its opening quote if it is quoted).
/// Not thread-safe; views are valid until the next call of next_row().
///
///     CsvReader reader(name, CsvText::open(path));
///     while (reader.next_row()) use(reader[column]);
class CsvReader {
 public:
  static constexpr std::size_t most_columns = 4096;
  /// Bytes of a row with its line end. A file without line ends must not fill the memory.
  static constexpr std::size_t longest_row = std::size_t{1} << 20;
  /// So many bytes from the beginning of a field on may be read, whatever its size.
  static constexpr std::size_t readable_bytes = 32;

  /// Reads the header. Throws CsvError.
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
  std::string_view operator[](std::size_t column) const noexcept { return {begins_[column], sizes_[column]}; }
  std::size_t line() const noexcept { return line_; }
  /// Where the field stands. Counts characters, so it costs a walk over the row: for messages.
  stope::Location location(std::size_t column) const;
  /// Rows read so far, the header not counted.
  std::size_t row_count() const noexcept { return row_count_; }

 private:
  /// Of a field in a row with quotes.
  struct FieldDetails {
    std::size_t offset;  ///< of its first character, its quote if it is quoted
    bool has_doubled_quotes;
  };

  void read_header();
  bool next_row_of_any_kind();
  bool read_plain_row() noexcept;
  void read_row(std::size_t most_fields);
  bool try_row(std::size_t most_fields);
  std::size_t read_quoted_field(std::size_t begin, std::string_view& field, FieldDetails& details);
  void store_field(std::size_t most_fields, std::string_view field, const FieldDetails& details);
  bool end_row(std::size_t position);
  void check_row();
  void join_doubled_quotes();

  bool text_ends();
  void skip_blank_lines();
  void read_on();
  void scan_from(std::size_t offset) noexcept;
  std::size_t next_special() noexcept;

  std::size_t offset_of(std::size_t column) const noexcept;
  stope::Location location_of(std::size_t offset) const;
  [[noreturn]] void fail(const char* code, std::size_t offset, std::string problem);
  [[noreturn]] void fail_row(const char* code, std::string problem) const;
  [[noreturn]] void fail_blank_line();
  [[noreturn]] void fail_unclosed_quote(std::size_t quote);
  [[noreturn]] void fail_text(std::size_t offset);

  std::string name_;
  CsvText text_;
  const char* data_ = nullptr;  ///< the window; offsets count from here
  std::size_t size_ = 0;

  std::vector<std::string> header_;
  std::vector<stope::Location> header_locations_;
  /// The fields of this row, apart: a view that is stored in two halves and loaded as a whole stalls the
  /// processor (it can't forward the stores).
  std::vector<const char*> begins_;
  std::vector<std::size_t> sizes_;
  std::vector<FieldDetails> details_;  ///< beside these; only of a row with quotes
  std::size_t field_count_ = 0;        ///< of this row, also if more than these hold
  bool row_has_quotes_ = false, row_has_doubled_quotes_ = false;
  std::string unquoted_;  ///< the fields of this row that had doubled quotes

  std::size_t row_begin_ = 0, cursor_ = 0;  ///< of this row; of the next one
  std::optional<std::size_t> open_quote_;   ///< where the window ends inside a quoted field
  std::size_t line_ = 0, next_line_ = 1, row_count_ = 0;
  std::size_t blank_lines_ = 0;  ///< before `cursor_`, still to be reported
  bool is_over_ = false;
  std::size_t block_ = 0;             ///< the 64 bytes whose special characters are in `block_specials_`
  std::uint64_t block_specials_ = 0;  ///< a bit for each comma, quote, LF, CR not yet visited
};

}  // namespace deepmine::io
