#include <doctest/doctest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <string>

#include "engine/nn/random.h"
#include "io/number_text.h"

using namespace deepmine;
using io::NumberFault;
using io::parse_number;

TEST_CASE("numbers are whole texts or refused") {
  const struct {
    const char* text;
    double value;
  } numbers[] = {{"0", 0},
                 {"-0.5", -0.5},
                 {"1.81", 1.81},
                 {"+0.35", 0.35},
                 {".5", 0.5},
                 {"5.", 5},
                 {"1e3", 1000},
                 {"1E-2", 0.01},
                 {"-2.5e+1", -25},
                 {"007", 7},
                 {"1e308", 1e308},
                 {"0.1", 0.1},
                 {"0.30000000000000004", 0.1 + 0.2},
                 {"-999", -999},
                 {"123456789012345", 123456789012345.0},
                 {"0.123456789012345", 0.123456789012345}};
  for (const auto& number : numbers) {
    CAPTURE(number.text);
    CHECK(parse_number(number.text).fault == NumberFault::none);
    CHECK(parse_number(number.text).value == number.value);
  }
  const struct {
    const char* text;
    NumberFault fault;
  } faults[] = {{"", NumberFault::empty},
                {"nan", NumberFault::not_finite},
                {"-inf", NumberFault::not_finite},
                {"Infinity", NumberFault::not_finite},
                {"1e400", NumberFault::too_large},
                {"-1e400", NumberFault::too_large},
                {"1e-400", NumberFault::too_large},
                {"1,81", NumberFault::decimal_comma},
                {"-0,5", NumberFault::decimal_comma},
                {" 1", NumberFault::surrounding_spaces},
                {"1 ", NumberFault::surrounding_spaces},
                {" ", NumberFault::surrounding_spaces},
                {"-", NumberFault::not_a_number},
                {"+", NumberFault::not_a_number},
                {".", NumberFault::not_a_number},
                {"+-1", NumberFault::not_a_number},
                {"--1", NumberFault::not_a_number},
                {"0x1p3", NumberFault::not_a_number},
                {"1e", NumberFault::not_a_number},
                {"1.2.3", NumberFault::not_a_number},
                {"12a", NumberFault::not_a_number},
                {"1_000", NumberFault::not_a_number},
                {"n/a", NumberFault::not_a_number},
                {"\xE2\x88\x92"
                 "5",
                 NumberFault::not_a_number}};  // a typographic minus
  for (const auto& wrong : faults) {
    CAPTURE(wrong.text);
    CHECK(parse_number(wrong.text).fault == wrong.fault);
  }
}

TEST_CASE("the short way gives the bits of std::from_chars") {
  RandomStream random(derive_key(1, "numbers"));
  for (int i = 0; i < 200'000; ++i) {
    std::string text = random.below(2) == 0 ? "-" : "";
    const auto digits = 1 + random.below(17), point = random.below(18);
    for (std::uint64_t k = 0; k < digits; ++k) {
      if (k == point) text += '.';
      text += static_cast<char>('0' + random.below(10));
    }
    double expected = 0;
    std::from_chars(text.data(), text.data() + text.size(), expected);
    const auto parsed = parse_number(text);
    REQUIRE_MESSAGE(parsed.fault == NumberFault::none, text);
    REQUIRE_MESSAGE(std::bit_cast<std::uint64_t>(parsed.value) == std::bit_cast<std::uint64_t>(expected),
                    text);
  }
}

TEST_CASE("a number is read at once to the same bits as by itself, and a fault is no number") {
  const std::string_view symbols = "0123456789012345678901234567890123456789.....--+e, x/:";
  RandomStream random(derive_key(3, "numbers"));
  std::size_t numbers = 0;
  for (int i = 0; i < 300'000; ++i) {
    std::string text;
    const std::uint64_t size = random.below(11), kinds = random.below(4) == 0 ? symbols.size() : 43;
    for (std::uint64_t k = 0; k < size; ++k) text += symbols[random.below(kinds)];
    CAPTURE(text);
    // What stands behind the number must not matter.
    std::string with_rest = text;
    for (int k = 0; k < 10; ++k) with_rest += symbols[random.below(symbols.size())];
    const auto expected = parse_number(text);
    const double found = io::number_or_nan(std::string_view(with_rest).substr(0, text.size()));
    REQUIRE(std::isnan(found) == (expected.fault != NumberFault::none));
    if (!std::isnan(found))
      REQUIRE(std::bit_cast<std::uint64_t>(found) == std::bit_cast<std::uint64_t>(expected.value));
    numbers += expected.fault == NumberFault::none;
  }
  CHECK(numbers > 100'000);
  CHECK(numbers < 250'000);
  for (int value = 0; value < 1'000'000; value += 7) {  // hundredths, as the files have them
    std::string text = std::to_string(value / 100) + "." + std::to_string(value % 100 + 100).substr(1);
    const std::size_t size = text.size();
    text += ",1.5,2.5,3";
    double expected = 0;
    std::from_chars(text.data(), text.data() + size, expected);
    REQUIRE(io::number_or_nan(std::string_view(text).substr(0, size)) == expected);
  }
}

TEST_CASE("what is written reads back to the same bits") {
  RandomStream random(derive_key(2, "numbers"));
  char buffer[32];
  for (int i = 0; i < 100'000; ++i) {
    const double value = std::bit_cast<double>(std::uint64_t{random.next_word()} << 32 | random.next_word());
    if (!(value - value == 0)) continue;  // not finite
    const char* end = io::write_number(buffer, value);
    const auto parsed = parse_number(std::string_view(buffer, static_cast<std::size_t>(end - buffer)));
    REQUIRE(std::bit_cast<std::uint64_t>(parsed.value) == std::bit_cast<std::uint64_t>(value));
  }
}
