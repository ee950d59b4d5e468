#include "io/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "io/csv_scan.h"

namespace deepmine::io {

static_assert(CsvText::padding >= csv_block_size && CsvText::padding >= CsvReader::readable_bytes);

// ---- rows

bool CsvReader::next_row() {
  if (blank_lines_ == 0 && read_plain_row()) {
    ++row_count_;
    return true;
  }
  return next_row_of_any_kind();
}

/// The usual row: no quotes, as many fields as the header has, all of it in the window. False, and nothing is
/// changed that counts, for any other.
bool CsvReader::read_plain_row() noexcept {
  std::size_t block = block_;
  std::uint64_t specials = block_specials_;
  const auto next = [&]() -> const char* {
    while (specials == 0) {
      block += csv_block_size;
      if (block >= size_) return nullptr;
      specials = find_csv_specials(data_ + block);
    }
    const char* const found = data_ + block + std::countr_zero(specials);
    specials &= specials - 1;
    return found;
  };
  const char** const begins = begins_.data();
  std::size_t* const sizes = sizes_.data();
  const std::size_t columns = sizes_.size();
  std::size_t column = 0;
  const char* begin = data_ + cursor_;
  const char* end = nullptr;
  do {
    end = next();
    if (end == nullptr || column == columns) return false;
    begins[column] = begin;
    sizes[column++] = static_cast<std::size_t>(end - begin);
    begin = end + 1;
  } while (*end == ',');
  if (*end == '\r') {
    end = next();
    if (end != begin) return false;
    ++begin;
  }
  const auto length = static_cast<std::size_t>(begin - data_) - cursor_;
  if (*end != '\n' || column != columns || length > longest_row) return false;
  block_ = block;
  block_specials_ = specials;
  row_begin_ = cursor_;
  cursor_ += length;
  line_ = next_line_++;
  row_has_quotes_ = false;
  return true;
}

bool CsvReader::next_row_of_any_kind() {
  if (blank_lines_ > 0) fail_blank_line();
  if (is_over_ || text_ends()) return false;
  if (header_.size() > 1) {  // with one column an empty line is a row with an empty field
    skip_blank_lines();
    if (text_ends()) return false;
    if (blank_lines_ > 0) fail_blank_line();
  }
  ++row_count_;
  read_row(header_.size());
  check_row();
  return true;
}

/// Splits one row; stores the first `most_fields` fields and counts them all.
void CsvReader::read_row(std::size_t most_fields) {
  row_begin_ = cursor_;
  line_ = next_line_;
  while (!try_row(most_fields)) {
    if (size_ - row_begin_ > longest_row) {
      if (open_quote_) fail_unclosed_quote(*open_quote_);
      fail("row_too_long", size_, "");
    }
    read_on();
  }
  if (cursor_ - row_begin_ > longest_row) fail("row_too_long", cursor_, "");
  if (row_has_doubled_quotes_) join_doubled_quotes();
}

/// False if the window ends before the row does and there is more text.
bool CsvReader::try_row(std::size_t most_fields) {
  field_count_ = 0;
  row_has_quotes_ = row_has_doubled_quotes_ = false;
  open_quote_.reset();
  next_line_ = line_;
  for (std::size_t begin = row_begin_;;) {
    std::size_t end = next_special();
    std::string_view field(data_ + begin, end - begin);
    FieldDetails details{begin, false};
    if (end < size_ && data_[end] == '"') {
      if (end != begin)
        fail("quote_in_field", end,
             "found a quote inside a field that does not begin with one; put the whole field in quotes and "
             "double the quotes inside it");
      end = read_quoted_field(begin, field, details);
    }
    if (end == size_) {
      if (text_.goes_on()) return false;
      if (text_.fault() != CsvText::Fault::none) fail_text(size_);
      if (open_quote_) fail_unclosed_quote(*open_quote_);
    }
    store_field(most_fields, field, details);
    if (end == size_ || data_[end] != ',') return end_row(end);
    begin = end + 1;
  }
}

void CsvReader::store_field(std::size_t most_fields, std::string_view field, const FieldDetails& details) {
  if (field_count_ < most_fields) {
    if (field_count_ >= begins_.size()) {
      begins_.emplace_back();
      sizes_.emplace_back();
    }
    if (field_count_ >= details_.size()) details_.emplace_back();
    begins_[field_count_] = field.data();
    sizes_[field_count_] = field.size();
    details_[field_count_] = details;
  }
  ++field_count_;
}

/// `begin` is the opening quote, already visited. Returns the offset of the comma or line end behind the
/// field, or the end of the window; that may lie inside the field, then `open_quote_` says so.
std::size_t CsvReader::read_quoted_field(std::size_t begin, std::string_view& field, FieldDetails& details) {
  row_has_quotes_ = true;
  std::size_t quote = begin, lines = 0;
  while (true) {
    quote = next_special();
    if (quote == size_) {
      open_quote_ = begin;
      return size_;
    }
    if (quote - row_begin_ > longest_row) fail_unclosed_quote(begin);
    if (data_[quote] == '\n') ++lines;
    if (data_[quote] != '"') continue;
    if (data_[quote + 1] != '"') break;  // the padding is zero, so this byte can be looked at
    next_special();
    details.has_doubled_quotes = row_has_doubled_quotes_ = true;
  }
  next_line_ += lines;
  field = {data_ + begin + 1, quote - begin - 1};
  const std::size_t end = quote + 1;
  if (end == size_) return size_;
  const char c = data_[end];
  if (c != ',' && c != '\n' && c != '\r')
    fail("text_after_quote", end,
         "found text behind the quote that closes a field; expected a comma or the end of the line (a quote "
         "inside a quoted field is written twice)");
  return next_special();
}

/// `position` is LF, CR or the end of the text. False if it takes more text to say.
bool CsvReader::end_row(std::size_t position) {
  cursor_ = std::min(position + 1, size_);
  if (position < size_ && data_[position] == '\r') {
    if (cursor_ == size_ && text_.goes_on()) return false;
    if (cursor_ == size_ || data_[cursor_] != '\n')
      fail("bare_carriage_return", position,
           "found a carriage return without a line feed; save the file with LF or CRLF line ends");
    next_special();
    ++cursor_;
  }
  ++next_line_;
  return true;
}

/// Copies the fields with doubled quotes, each pair as one quote.
void CsvReader::join_doubled_quotes() {
  unquoted_.clear();
  unquoted_.reserve(cursor_ - row_begin_ + readable_bytes);  // no move while views are made
  for (std::size_t i = 0; i < std::min(field_count_, begins_.size()); ++i) {
    if (!details_[i].has_doubled_quotes) continue;
    const std::string_view field = (*this)[i];
    const std::size_t begin = unquoted_.size();
    for (std::size_t k = 0; k < field.size(); ++k) {
      unquoted_.push_back(field[k]);
      if (field[k] == '"') ++k;
    }
    begins_[i] = unquoted_.data() + begin;
    sizes_[i] = unquoted_.size() - begin;
  }
  unquoted_.append(readable_bytes, '\0');
}

void CsvReader::check_row() {
  if (field_count_ == header_.size()) return;
  if (field_count_ < header_.size())
    fail_row("too_few_fields",
             fmt::format("has {} fields; the header has {} (a missing value is an empty field)", field_count_,
                         header_.size()));
  fail_row(
      "too_many_fields",
      fmt::format(
          "has {} fields; the header has {} (numbers need a decimal point, 1.81 and not 1,81; text with a "
          "comma stands in quotes)",
          field_count_, header_.size()));
}

// ---- the window

/// True if there is nothing behind the cursor; reads on to find that out.
bool CsvReader::text_ends() {
  while (cursor_ == size_) {
    row_begin_ = cursor_;
    line_ = next_line_ + blank_lines_;
    if (text_.fault() != CsvText::Fault::none) fail_text(size_);
    if (!text_.goes_on()) {
      is_over_ = true;
      return true;
    }
    read_on();
  }
  return false;
}

/// Counts the empty lines at the cursor and goes behind them: at the end of the text they are nothing, before
/// a row each of them is a fault.
void CsvReader::skip_blank_lines() {
  while (!text_ends()) {
    if (data_[cursor_] == '\n') {
      ++cursor_;
    } else if (data_[cursor_] == '\r') {
      row_begin_ = cursor_;
      if (cursor_ + 1 == size_ && text_.goes_on()) {
        read_on();
        continue;
      }
      if (data_[cursor_ + 1] != '\n') break;
      cursor_ += 2;
    } else {
      break;
    }
    ++blank_lines_;
  }
  if (blank_lines_ > 0) scan_from(cursor_);
}

/// Moves the window so that it begins with this row.
void CsvReader::read_on() {
  text_.read_on(row_begin_);
  data_ = text_.bytes().data();
  size_ = text_.bytes().size();
  row_begin_ = cursor_ = 0;
  scan_from(0);
}

void CsvReader::scan_from(std::size_t offset) noexcept {
  block_ = offset - offset % csv_block_size;
  block_specials_ = find_csv_specials(data_ + block_) & ~std::uint64_t{0} << offset % csv_block_size;
}

/// The offset of the next comma, quote, LF or CR; `size_` if there is none.
std::size_t CsvReader::next_special() noexcept {
  while (block_specials_ == 0) {
    block_ += csv_block_size;
    if (block_ >= size_) {
      block_ = size_ - size_ % csv_block_size;  // stays at the end however often it is asked
      return size_;
    }
    block_specials_ = find_csv_specials(data_ + block_);
  }
  const std::size_t offset = block_ + static_cast<std::size_t>(std::countr_zero(block_specials_));
  block_specials_ &= block_specials_ - 1;
  return offset;
}

}  // namespace deepmine::io
