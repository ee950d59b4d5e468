#include "io/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <unordered_map>
#include <utility>

#include "io/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace deepmine::io {
namespace {

constexpr std::size_t block_size = 64;
static_assert(CsvText::padding >= block_size && CsvText::padding >= CsvReader::readable_bytes);

/// A bit for each of the 64 bytes that is a comma, a quote, LF or CR.
std::uint64_t find_specials(const char* bytes) noexcept {
  std::uint64_t specials = 0;
#if defined(__SSE2__)  // part of every x86-64
  const __m128i comma = _mm_set1_epi8(','), quote = _mm_set1_epi8('"');
  const __m128i line_feed = _mm_set1_epi8('\n'), carriage_return = _mm_set1_epi8('\r');
  for (int part = 0; part < 4; ++part) {
    const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 16 * part));
    const __m128i found =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(text, comma), _mm_cmpeq_epi8(text, quote)),
                     _mm_or_si128(_mm_cmpeq_epi8(text, line_feed), _mm_cmpeq_epi8(text, carriage_return)));
    specials |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(found))) << (16 * part);
  }
#else
  for (unsigned i = 0; i < block_size; ++i) {
    const char c = bytes[i];
    specials |= static_cast<std::uint64_t>(c == ',' || c == '"' || c == '\n' || c == '\r') << i;
  }
#endif
  return specials;
}

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

CsvError::CsvError(std::string issue_code, stope::Location where, std::string problem,
                   bool next_row_is_readable)
    : Error(ErrorCode::data_invalid,
            describe(stope::Issue{stope::Severity::fatal, issue_code, where, "", problem})),
      issue_code_(std::move(issue_code)),
      problem_(std::move(problem)),
      where_(std::move(where)),
      next_row_is_readable_(next_row_is_readable) {}

// ---- header

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
      block += block_size;
      if (block >= size_) return nullptr;
      specials = find_specials(data_ + block);
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
  block_ = offset - offset % block_size;
  block_specials_ = find_specials(data_ + block_) & ~std::uint64_t{0} << offset % block_size;
}

/// The offset of the next comma, quote, LF or CR; `size_` if there is none.
std::size_t CsvReader::next_special() noexcept {
  while (block_specials_ == 0) {
    block_ += block_size;
    if (block_ >= size_) {
      block_ = size_ - size_ % block_size;  // stays at the end however often it is asked
      return size_;
    }
    block_specials_ = find_specials(data_ + block_);
  }
  const std::size_t offset = block_ + static_cast<std::size_t>(std::countr_zero(block_specials_));
  block_specials_ &= block_specials_ - 1;
  return offset;
}

// ---- places and faults

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
