#include "io/number_text.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace deepmine::io {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// `-?digits,digits`: what a spreadsheet with a decimal comma writes.
bool has_decimal_comma(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return false;
  std::string_view whole = text.substr(0, comma);
  const std::string_view fraction = text.substr(comma + 1);
  if (!whole.empty() && (whole.front() == '-' || whole.front() == '+')) whole.remove_prefix(1);
  return !fraction.empty() && std::all_of(whole.begin(), whole.end(), is_digit) &&
         std::all_of(fraction.begin(), fraction.end(), is_digit);
}

NumberFault fault_of(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  if (is_space(text.front()) || is_space(text.back())) return NumberFault::surrounding_spaces;
  return has_decimal_comma(text) ? NumberFault::decimal_comma : NumberFault::not_a_number;
}

}  // namespace

std::string_view explain(NumberFault fault) noexcept {
  switch (fault) {
    case NumberFault::none:
      return "is a number";
    case NumberFault::empty:
      return "is empty";
    case NumberFault::surrounding_spaces:
      return "has spaces around it: remove them (a missing value is an empty cell)";
    case NumberFault::decimal_comma:
      return "has a decimal comma: export the file with '.' in numbers and ',' between columns";
    case NumberFault::not_finite:
      return "is not a finite number: leave the cell empty if the value is missing";
    case NumberFault::too_large:
      return "does not fit a double-precision number";
    case NumberFault::not_a_number:
      return "is not a number: leave the cell empty if the value is missing";
  }
  return "is not a number";
}

ParsedNumber detail::parse_any_number(std::string_view text) noexcept {
  if (text.empty()) return {0, NumberFault::empty};
  std::string_view number = text;
  if (number.size() > 1 && number.front() == '+' && number[1] != '-') number.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error == std::errc::invalid_argument || end != number.data() + number.size())
    return {0, fault_of(text)};
  if (error == std::errc::result_out_of_range) return {0, NumberFault::too_large};
  if (!std::isfinite(value)) return {0, NumberFault::not_finite};
  return {value, NumberFault::none};
}

double detail::unusual_number_or_nan(std::string_view text) noexcept {
  const auto [value, fault] = parse_number(text);
  return fault == NumberFault::none ? value : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace deepmine::io
