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
static_assert(CsvText::padding >= block_size);

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

CsvReader::CsvReader(std::string name, CsvText text)
    : name_(std::move(name)),
      text_(std::move(text)),
      data_(text_.bytes().data()),
      size_(text_.bytes().size()) {
  if (size_ == 0) throw CsvError("empty_file", {name_, 0, 0}, "is empty; expected a header line", false);
  const std::string_view bytes = text_.bytes();
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF"))
    throw CsvError("not_utf8", {name_, 1, 1}, "is UTF-16; save it as 'CSV UTF-8'", false);
  if (bytes.starts_with("\xEF\xBB\xBF")) cursor_ = row_begin_ = 3;

  if (const std::size_t invalid = find_invalid_utf8(bytes); invalid < size_) {
    line_ = 1;
    if (bytes[invalid] == '\0')
      fail("nul_byte", invalid, "found a NUL byte; the file is damaged or no text: export it again");
    fail("not_utf8", invalid,
         fmt::format("found the byte 0x{:02X}, which is not UTF-8; save the file as 'CSV UTF-8'",
                     static_cast<unsigned>(static_cast<unsigned char>(bytes[invalid]))));
  }
  block_specials_ = find_specials(data_) & ~std::uint64_t{0} << cursor_;
  read_header();
}

void CsvReader::read_header() {
  if (cursor_ == size_)
    throw CsvError("empty_file", {name_, 0, 0}, "is empty; expected a header line", false);
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
        fail("wrong_separator", fields_[column].offset,
             fmt::format(
                 "columns are separated by {}; expected commas: export the file as CSV with ',' between "
                 "columns and '.' in numbers (1.81, not 1,81)",
                 separator == ';' ? "';'" : "tabs"));
    header_.emplace_back(title);
    header_locations_.push_back(location(column));
    const auto [first, is_new] = first_with_name.emplace(header_.back(), column);
    if (!is_new)
      fail("duplicate_column", fields_[column].offset,
           fmt::format(
               "the column name '{}' stands twice in the header (columns {} and {}): rename or remove one",
               excerpt(title), first->second + 1, column + 1));
  }
  fields_.resize(header_.size());
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
  if (cursor_ >= size_ || only_line_breaks_left()) {
    cursor_ = size_;
    return false;
  }
  ++row_count_;
  read_row(header_.size());
  check_row();
  return true;
}

/// The offset of the next comma, quote, LF or CR; `size_` if there is none.
inline std::size_t CsvReader::next_special() noexcept {
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

/// Splits one row; stores the first `most_fields` fields and counts them all.
void CsvReader::read_row(std::size_t most_fields) {
  row_begin_ = cursor_;
  line_ = next_line_;
  field_count_ = 0;
  row_has_doubled_quotes_ = false;
  for (std::size_t begin = cursor_;;) {
    std::size_t end = next_special();
    Field field{data_ + begin, end - begin, begin, false};
    if (end < size_ && data_[end] == '"') {
      if (end != begin)
        fail("quote_in_field", end,
             "found a quote inside a field that does not begin with one; put the whole field in quotes and "
             "double "
             "the quotes inside it");
      end = read_quoted_field(begin, field);
    }
    if (field_count_ < most_fields) {
      if (field_count_ == fields_.size()) fields_.emplace_back();
      fields_[field_count_] = field;
    }
    ++field_count_;
    if (end < size_ && data_[end] == ',') {
      begin = end + 1;
      continue;
    }
    cursor_ = end_of_line(end);
    break;
  }
  ++next_line_;
  if (row_has_doubled_quotes_) join_doubled_quotes();
}

/// `begin` is the opening quote, already visited. Returns the offset of the comma or line end behind the
/// field.
std::size_t CsvReader::read_quoted_field(std::size_t begin, Field& field) {
  const std::size_t first_line_after_row = next_line_;
  std::size_t lines = 0;
  std::size_t quote = begin;
  while (true) {
    quote = next_special();
    if (quote == size_) {
      next_line_ = first_line_after_row;
      fail("unclosed_quote", begin, "found a quote that opens a field and no quote that closes it");
    }
    if (data_[quote] == '\n') ++lines;
    if (data_[quote] != '"') continue;
    if (data_[quote + 1] != '"') break;  // the padding is zero, so this byte can be looked at
    next_special();
    field.has_doubled_quotes = row_has_doubled_quotes_ = true;
  }
  next_line_ += lines;
  field.data = data_ + begin + 1;
  field.size = quote - begin - 1;
  const std::size_t end = quote + 1;
  if (end == size_) return size_;
  const char c = data_[end];
  if (c != ',' && c != '\n' && c != '\r')
    fail("text_after_quote", end,
         "found text behind the quote that closes a field; expected a comma or the end of the line (a quote "
         "inside "
         "a quoted field is written twice)");
  return next_special();
}

/// `position` is LF, CR or the end of the text. Returns where the next row begins.
inline std::size_t CsvReader::end_of_line(std::size_t position) {
  if (position >= size_) return size_;
  if (data_[position] == '\n') return position + 1;
  if (position + 1 < size_ && data_[position + 1] == '\n') {
    next_special();
    return position + 2;
  }
  fail("bare_carriage_return", position,
       "found a carriage return without a line feed; save the file with LF or CRLF line ends");
}

/// Copies the fields with doubled quotes, each pair as one quote.
void CsvReader::join_doubled_quotes() {
  unquoted_.clear();
  unquoted_.reserve(cursor_ - row_begin_);  // no move while views are made
  for (std::size_t i = 0; i < std::min(field_count_, fields_.size()); ++i) {
    Field& field = fields_[i];
    if (!field.has_doubled_quotes) continue;
    const std::size_t begin = unquoted_.size();
    for (std::size_t k = 0; k < field.size; ++k) {
      unquoted_.push_back(field.data[k]);
      if (field.data[k] == '"') ++k;
    }
    field.data = unquoted_.data() + begin;
    field.size = unquoted_.size() - begin;
  }
}

void CsvReader::check_row() {
  if (field_count_ == header_.size()) return;
  if (field_count_ == 1 && fields_[0].size == 0 && data_[row_begin_] != '"')
    fail("blank_line", row_begin_, "found an empty line between rows: remove it", true);
  if (field_count_ < header_.size())
    fail("too_few_fields", row_begin_,
         fmt::format("has {} fields; the header has {} (a missing value is an empty field)", field_count_,
                     header_.size()),
         true);
  fail("too_many_fields", row_begin_,
       fmt::format(
           "has {} fields; the header has {} (numbers need a decimal point, 1.81 and not 1,81; text with a "
           "comma stands in quotes)",
           field_count_, header_.size()),
       true);
}

bool CsvReader::only_line_breaks_left() const noexcept {
  if (header_.size() == 1) return false;  // there an empty line is a row with an empty field
  if (data_[cursor_] != '\n' && data_[cursor_] != '\r') return false;
  for (std::size_t i = cursor_; i < size_; ++i) {
    if (data_[i] == '\n') continue;
    if (data_[i] == '\r' && i + 1 < size_ && data_[i + 1] == '\n') continue;
    return false;
  }
  return true;
}

// ---- places

stope::Location CsvReader::location(std::size_t column) const {
  return location_of(fields_[column].offset);
}

stope::Location CsvReader::location_of(std::size_t offset) const {
  const std::string_view before = std::string_view(data_, size_).substr(row_begin_, offset - row_begin_);
  const auto line_breaks = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t line_begin = line_breaks == 0 ? 0 : before.rfind('\n') + 1;
  return {name_, line_ + line_breaks, count_characters(before.substr(line_begin)) + 1};
}

void CsvReader::fail(const char* code, std::size_t offset, std::string problem, bool row_only) {
  if (!row_only) cursor_ = size_;
  throw CsvError(code, location_of(offset), std::move(problem), row_only);
}

}  // namespace deepmine::io
