#include "io/utf8.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace deepmine::io {
namespace {

constexpr std::size_t block_size = 64;

/// A block without NUL and without a byte above 127.
bool is_plain_block(const char* bytes) noexcept {
#if defined(__SSE2__)  // part of every x86-64
  const auto part = [&](int number) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes) + number);
  };
  const __m128i a = part(0), b = part(1), c = part(2), d = part(3);
  const __m128i least = _mm_min_epu8(_mm_min_epu8(a, b), _mm_min_epu8(c, d));
  const __m128i any_high = _mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d));
  const __m128i is_zero = _mm_cmpeq_epi8(least, _mm_setzero_si128());  // 0x80 among others where true
  return _mm_movemask_epi8(_mm_or_si128(any_high, is_zero)) == 0;
#else
  unsigned char least = 255, any_high = 0;
  for (std::size_t i = 0; i < block_size; ++i) {
    least = std::min(least, static_cast<unsigned char>(bytes[i]));
    any_high |= static_cast<unsigned char>(bytes[i]);
  }
  return least > 0 && any_high < 0x80;
#endif
}

/// The number of bytes at the front of the eight in `word` that are neither NUL nor above 127.
std::size_t plain_bytes(std::uint64_t word) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101u, high_bits = 0x80 * ones;
  // The subtraction borrows into the high bit of a zero; of what stands behind a zero nothing is asked.
  return static_cast<std::size_t>(std::countr_zero((word | (word - ones)) & high_bits)) / 8;
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
    while (at + block_size <= text.size() && is_plain_block(text.data() + at)) at += block_size;
    for (const std::size_t stop = at + block_size; at < stop && at < text.size();) {
      if (std::endian::native == std::endian::little && at + 8 <= text.size()) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, sizeof word);
        const std::size_t plain = plain_bytes(word);
        at += plain;
        if (plain > 0) continue;
      }
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
