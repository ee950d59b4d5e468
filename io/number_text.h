// Numbers as text, read strictly: the whole text is one finite decimal number, correctly rounded, or it is
// refused with the reason. No locale, no allocation. Thread-safe.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
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

/// Writes the shortest text that reads back to the same bits; returns its end. `out` has room for
/// `longest_number` characters.
inline constexpr std::size_t longest_number = 32;
inline char* write_number(char* out, double value) noexcept {
  return std::to_chars(out, out + longest_number, value).ptr;
}

}  // namespace deepmine::io
