#include "io/utf8.h"

#include <cstdint>
#include <cstring>

namespace deepmine::io {
namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080ull;

/// 32 bytes without NUL and without a byte above 127.
bool is_plain_block(const char* bytes) noexcept {
  std::uint64_t words[4];
  std::memcpy(words, bytes, sizeof words);
  const std::uint64_t any_high = words[0] | words[1] | words[2] | words[3];
  // For bytes below 128 the subtraction borrows into the high bit only where the byte is zero (or after one).
  std::uint64_t any_zero = 0;
  for (const std::uint64_t word : words) any_zero |= word - 0x0101010101010101ull;
  return ((any_high | any_zero) & high_bits) == 0;
}

/// The length of the sequence that begins at `text[0]`; 0 if it is not valid.
std::size_t sequence_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto in = [](unsigned value, unsigned low, unsigned high) { return value >= low && value <= high; };
  const unsigned first = byte(0);
  if (in(first, 0x01, 0x7F)) return 1;
  if (in(first, 0xC2, 0xDF)) return in(byte(1), 0x80, 0xBF) ? 2 : 0;
  if (in(first, 0xE0, 0xEF)) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80, high = first == 0xED ? 0x9F : 0xBF;
    return in(byte(1), low, high) && in(byte(2), 0x80, 0xBF) ? 3 : 0;
  }
  if (in(first, 0xF0, 0xF4)) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80, high = first == 0xF4 ? 0x8F : 0xBF;
    return in(byte(1), low, high) && in(byte(2), 0x80, 0xBF) && in(byte(3), 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::size_t find_invalid_utf8(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    while (at + 32 <= text.size() && is_plain_block(text.data() + at)) at += 32;
    for (const std::size_t stop = at + 32; at < stop && at < text.size();) {
      const std::size_t length = sequence_length(text.substr(at, 4));
      if (length == 0) return at;
      at += length;
    }
  }
  return text.size();
}

std::size_t count_characters(std::string_view text) noexcept {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0u) != 0x80u;
  return count;
}

}  // namespace deepmine::io
