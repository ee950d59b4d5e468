// The first row of a CSV file: the names of its columns.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "io/csv.h"
#include "io/utf8.h"

namespace deepmine::io {
namespace {

/// A short piece of the text for a message, without control characters.
std::string excerpt(std::string_view text) {
  constexpr std::size_t longest = 40;
  std::string shown;
  for (const char c : text.substr(0, longest)) shown += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  while (text.size() > longest && !shown.empty() && find_invalid_utf8(shown) != shown.size())
    shown.pop_back();
  return text.size() > longest ? shown + "…" : shown;
}

}  // namespace

CsvReader::CsvReader(std::string name, CsvText text) : name_(std::move(name)), text_(std::move(text)) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  data_ = text_.bytes().data();
  size_ = text_.bytes().size();
  while (size_ < byte_order_mark.size() && text_.goes_on()) read_on();
  if (text_.fault() == CsvText::Fault::utf16)
    throw CsvError("not_utf8", {name_, 1, 1}, "is UTF-16; save it as 'CSV UTF-8'", false);
  if (text_.bytes().starts_with(byte_order_mark)) cursor_ = row_begin_ = byte_order_mark.size();
  if (text_ends()) throw CsvError("empty_file", {name_, 0, 0}, "is empty; expected a header line", false);
  scan_from(cursor_);
  read_header();
}

void CsvReader::read_header() {
  read_row(most_columns);
  if (field_count_ > most_columns)
    fail("too_many_columns", row_begin_,
         fmt::format("has {} columns; at most {} are read", field_count_, most_columns));
  std::unordered_map<std::string_view, std::size_t> first_with_name;
  header_.reserve(field_count_);
  for (std::size_t column = 0; column < field_count_; ++column) {
    const std::string_view title = (*this)[column];
    for (const char separator : {';', '\t'})
      if (title.find(separator) != std::string_view::npos)
        fail("wrong_separator", offset_of(column),
             fmt::format(
                 "columns are separated by {}; expected commas: export the file as CSV with ',' between "
                 "columns and '.' in numbers (1.81, not 1,81)",
                 separator == ';' ? "';'" : "tabs"));
    header_.emplace_back(title);
    header_locations_.push_back(location(column));
    const auto [first, is_new] = first_with_name.emplace(header_.back(), column);
    if (!is_new)
      fail("duplicate_column", offset_of(column),
           fmt::format(
               "the column name '{}' stands twice in the header (columns {} and {}): rename or remove one",
               excerpt(title), first->second + 1, column + 1));
  }
  begins_.resize(header_.size());
  sizes_.resize(header_.size());
}

std::optional<std::size_t> CsvReader::find_column(std::string_view column_name) const noexcept {
  const auto found = std::find(header_.begin(), header_.end(), column_name);
  if (found == header_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header_.begin());
}

stope::Location CsvReader::header_location(std::size_t column) const {
  return header_locations_[column];
}

}  // namespace deepmine::io
