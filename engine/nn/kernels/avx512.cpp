// The kernels for processors with AVX-512 F, DQ, BW and VL: vectors of sixteen floats, thirty-two registers.
#include <immintrin.h>

#include "engine/nn/kernels/vector_kernels.h"

namespace deepmine::nn {
namespace {

constexpr int width = 16;
typedef float Vector __attribute__((vector_size(64)));
typedef std::int32_t Integers __attribute__((vector_size(64)));
typedef std::uint32_t Words __attribute__((vector_size(64)));
typedef std::uint64_t LongWords __attribute__((vector_size(64)));

/// Which lanes a load or store touches: all, or the first few at the end of a column.
struct AllLanes {};
struct FirstLanes {
  __mmask16 mask;
};

DEEPMINE_INLINE FirstLanes first_lanes(int count) {
  return {static_cast<__mmask16>((1u << count) - 1)};
}

DEEPMINE_INLINE Vector load(const float* from, AllLanes) {
  return _mm512_loadu_ps(from);
}
DEEPMINE_INLINE Vector load(const float* from, FirstLanes lanes) {
  return _mm512_maskz_loadu_ps(lanes.mask, from);
}
DEEPMINE_INLINE void store(float* to, Vector v, AllLanes) {
  _mm512_storeu_ps(to, v);
}
DEEPMINE_INLINE void store(float* to, Vector v, FirstLanes lanes) {
  _mm512_mask_storeu_ps(to, lanes.mask, v);
}
/// v in the lanes, `other` in the rest.
DEEPMINE_INLINE Vector in_lanes(AllLanes, Vector v, Vector) {
  return v;
}
DEEPMINE_INLINE Vector in_lanes(FirstLanes lanes, Vector v, Vector other) {
  return _mm512_mask_blend_ps(lanes.mask, other, v);
}

DEEPMINE_INLINE Vector broadcast(float x) {
  return _mm512_set1_ps(x);
}
/// a · b + c, rounded once.
DEEPMINE_INLINE Vector multiply_add(Vector a, Vector b, Vector c) {
  return _mm512_fmadd_ps(a, b, c);
}
/// c − a · b, rounded once.
DEEPMINE_INLINE Vector subtract_product(Vector c, Vector a, Vector b) {
  return _mm512_fnmadd_ps(a, b, c);
}
/// The larger one; `b` where either is not a number.
DEEPMINE_INLINE Vector maximum(Vector a, Vector b) {
  return _mm512_max_ps(a, b);
}
DEEPMINE_INLINE Vector square_root(Vector a) {
  return _mm512_sqrt_ps(a);
}

/// The 64-bit products of the low halves.
DEEPMINE_INLINE LongWords multiply_low_halves(LongWords a, LongWords b) {
  return reinterpret_cast<LongWords>(
      _mm512_mul_epu32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
}
/// Lanes 0, 2, … (1, 3, …) of a and b by turns.
DEEPMINE_INLINE LongWords interleave_even(LongWords a, LongWords b) {
  return reinterpret_cast<LongWords>(
      _mm512_unpacklo_epi64(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
}
DEEPMINE_INLINE LongWords interleave_odd(LongWords a, LongWords b) {
  return reinterpret_cast<LongWords>(
      _mm512_unpackhi_epi64(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
}

/// The halves of sixteen lanes.
DEEPMINE_INLINE __m256 lower_eight(const Vector (&lanes)[1]) {
  return __builtin_shufflevector(lanes[0], lanes[0], 0, 1, 2, 3, 4, 5, 6, 7);
}
DEEPMINE_INLINE __m256 upper_eight(const Vector (&lanes)[1]) {
  return _mm512_extractf32x8_ps(lanes[0], 1);
}

// Tiles of a product: 24 sums at most, and room for a column of A. Up to eight columns are one tile, so that
// A is read once; fewer columns get taller tiles, so that enough sums are under way to hide the latency.
constexpr int tallest_tile = 8;
constexpr int tile_columns[tallest_tile + 1] = {0, 12, 8, 8, 6, 4, 4, 3, 3};
constexpr int tile_vectors(int columns) {
  return columns >= 9 ? 4 : columns >= 7 ? 2 : columns >= 5 ? 4 : columns == 4 ? 6 : 8;
}
/// Of a packed A: whole panels.
constexpr int packed_tile_vectors(int columns) {
  return tile_vectors(columns);
}

}  // namespace
}  // namespace deepmine::nn

#include "engine/nn/kernels/vector_kernels.inc"

namespace deepmine::nn {
constinit const Kernels<float> avx512_kernels = vector_kernels("avx512");
}
