// Numbers as text, read strictly: the whole text is one finite decimal number, correctly rounded, or it is
// refused with the reason. No locale, no allocation. Thread-safe.
#pragma once

#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace deepmine::io {

enum class NumberFault {
  none,
  empty,
  surrounding_spaces,
  decimal_comma,  ///< `1,81`
  not_finite,     ///< `nan`, `inf`
  too_large,      ///< `1e400`; also `1e-400`: nearer to zero than a double can be
  not_a_number,
};

struct ParsedNumber {
  double value = 0;
  NumberFault fault = NumberFault::none;
};

/// What the fault means and what to do, as the end of a sentence: "has a decimal comma: write 1.81, not
/// 1,81".
std::string_view explain(NumberFault fault) noexcept;

namespace detail {
ParsedNumber parse_any_number(std::string_view text) noexcept;
double unusual_number_or_nan(std::string_view text) noexcept;
inline constexpr std::array<double, 16> powers_of_ten{1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                      1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
}  // namespace detail

/// Reads a decimal number: `[+-]digits[.digits][e[+-]digits]`; `.5` and `5.` are numbers, a leading `+` is
/// accepted (convergence surveys write it), hexadecimal, `nan` and `inf` are not.
///
/// Up to 15 digits without an exponent take a short way: digits and power of ten are then exact doubles, so
/// their quotient is rounded once, to the same bits that std::from_chars gives (Clinger, "How to read
/// floating-point numbers accurately", PLDI 1990). Everything else goes through std::from_chars.
inline ParsedNumber parse_number(std::string_view text) noexcept {
  const char* next = text.data();
  const char* const end = next + text.size();
  const bool negative = next != end && *next == '-';
  if (negative) ++next;
  if (end - next > 16) return detail::parse_any_number(text);
  std::uint64_t digits = 0;
  const char* const begin = next;
  const char* point = nullptr;
  for (; next != end; ++next) {
    const unsigned digit = static_cast<unsigned char>(*next) - unsigned{'0'};
    if (digit <= 9) {
      digits = digits * 10 + digit;
    } else if (*next == '.' && point == nullptr) {
      point = next;
    } else {
      return detail::parse_any_number(text);
    }
  }
  const auto digit_count = (end - begin) - (point != nullptr ? 1 : 0);
  if (digit_count < 1 || digit_count > 15) return detail::parse_any_number(text);
  double value = static_cast<double>(static_cast<std::int64_t>(digits));
  if (point != nullptr) value /= detail::powers_of_ten[static_cast<std::size_t>(end - point - 1)];
  return {negative ? -value : value, NumberFault::none};
}

/// The number, or NaN where parse_number() finds a fault. At least eight bytes of the text may be read,
/// whatever its size (a field of a CsvReader). `12.34` and its like, up to six digits, are read at once and
/// without a loop, to the same bits.
inline double number_or_nan(std::string_view text) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101u, high_bits = 0x80 * ones;
  std::uint64_t word = 0;  // a character a byte, the first one in the lowest
  std::memcpy(&word, text.data(), sizeof word);
  word ^= '0' * ones;  // digits become their values

  // The first two bytes that are no digits must be the point and what stands behind the number.
  const std::uint64_t no_digits = ((word + 0x76 * ones) | word) & high_bits;
  const std::uint64_t no_digits_but_first = no_digits & (no_digits - 1);
  const unsigned point = static_cast<unsigned>(std::countr_zero(no_digits)) & 56;  // lowest bit of its byte
  const unsigned end = static_cast<unsigned>(std::countr_zero(no_digits_but_first)) & 56;
  const bool is_usual = no_digits_but_first != 0 && end == 8 * text.size() && end > 8 &&
                        (word >> point & 0xFF) == ('.' ^ '0') && std::endian::native == std::endian::little;
  if (!is_usual) [[unlikely]]
    return detail::unusual_number_or_nan(text);

  // The digits without the point, at the upper end of the word: zeros come in before them.
  const std::uint64_t before_point = word & ((std::uint64_t{1} << point) - 1);
  word = (before_point | word >> point >> 8 << point) << (72 - end);
  word = word * 10 + (word >> 8);  // pairs of digits in every other byte
  constexpr std::uint64_t pairs = 0x000000FF000000FFu;
  const std::uint64_t digits =
      ((word & pairs) * (100 + (1000000ull << 32)) + (word >> 16 & pairs) * (1 + (10000ull << 32))) >> 32;
  return static_cast<double>(static_cast<std::int32_t>(digits)) /
         detail::powers_of_ten[(end - point) / 8 - 1];
}

/// Writes the shortest text that reads back to the same bits; returns its end. `out` has room for
/// `longest_number` characters.
inline constexpr std::size_t longest_number = 32;
inline char* write_number(char* out, double value) noexcept {
  return std::to_chars(out, out + longest_number, value).ptr;
}

}  // namespace deepmine::io
