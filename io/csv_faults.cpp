// Where things stand in a CSV file, and how its faults are told.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "io/csv.h"
#include "io/utf8.h"

namespace deepmine::io {

CsvError::CsvError(std::string issue_code, stope::Location where, std::string problem,
                   bool next_row_is_readable)
    : Error(ErrorCode::data_invalid,
            describe(stope::Issue{stope::Severity::fatal, issue_code, where, "", problem})),
      issue_code_(std::move(issue_code)),
      problem_(std::move(problem)),
      where_(std::move(where)),
      next_row_is_readable_(next_row_is_readable) {}

std::size_t CsvReader::offset_of(std::size_t column) const noexcept {
  return row_has_quotes_ ? details_[column].offset : static_cast<std::size_t>(begins_[column] - data_);
}

stope::Location CsvReader::location(std::size_t column) const {
  return location_of(offset_of(column));
}

stope::Location CsvReader::location_of(std::size_t offset) const {
  const std::string_view before = std::string_view(data_, size_).substr(row_begin_, offset - row_begin_);
  const auto line_breaks = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t line_begin = line_breaks == 0 ? 0 : before.rfind('\n') + 1;
  return {name_, line_ + line_breaks, count_characters(before.substr(line_begin)) + 1};
}

/// The end of the reading. Whatever is wrong behind the longest row, the row is too long.
void CsvReader::fail(const char* code, std::size_t offset, std::string problem) {
  is_over_ = true;
  if (offset - row_begin_ > longest_row)
    throw CsvError(
        "row_too_long", location_of(row_begin_),
        fmt::format("is longer than {} bytes; a row that long is no reading: line ends are missing, "
                    "or this is no CSV file",
                    longest_row),
        false);
  throw CsvError(code, location_of(offset), std::move(problem), false);
}

void CsvReader::fail_row(const char* code, std::string problem) const {
  throw CsvError(code, {name_, line_, 1}, std::move(problem), true);
}

void CsvReader::fail_blank_line() {
  --blank_lines_;
  ++row_count_;
  line_ = next_line_++;
  fail_row("blank_line", "found an empty line between rows: remove it");
}

void CsvReader::fail_unclosed_quote(std::size_t quote) {
  fail("unclosed_quote", quote, "found a quote that opens a field and no quote that closes it");
}

void CsvReader::fail_text(std::size_t offset) {
  if (text_.fault() == CsvText::Fault::nul)
    fail("nul_byte", offset, "found a NUL byte; the file is damaged or no text: export it again");
  fail("not_utf8", offset,
       fmt::format("found the byte 0x{:02X}, which is not UTF-8; save the file as 'CSV UTF-8'",
                   static_cast<unsigned>(text_.faulty_byte())));
}

}  // namespace deepmine::io
