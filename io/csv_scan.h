// Where the characters stand that end fields and rows, 64 bytes at a time. Internal to io/csv.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace deepmine::io {

inline constexpr std::size_t csv_block_size = 64;

/// A bit for each of the 64 bytes that is a comma, a quote, LF or CR.
inline std::uint64_t find_csv_specials(const char* bytes) noexcept {
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
  for (unsigned i = 0; i < csv_block_size; ++i) {
    const char c = bytes[i];
    specials |= static_cast<std::uint64_t>(c == ',' || c == '"' || c == '\n' || c == '\r') << i;
  }
#endif
  return specials;
}

}  // namespace deepmine::io
