// The kernels for processors with AVX2 and FMA: vectors of eight floats, sixteen registers.
#include <immintrin.h>

#include "engine/nn/kernels/vector_kernels.h"

namespace deepmine::nn {
namespace {

constexpr int width = 8;
typedef float Vector __attribute__((vector_size(32)));
typedef std::int32_t Integers __attribute__((vector_size(32)));
typedef std::uint32_t Words __attribute__((vector_size(32)));
typedef std::uint64_t LongWords __attribute__((vector_size(32)));

/// Which lanes a load or store touches: all, or the first few at the end of a column.
struct AllLanes {};
struct FirstLanes {
  __m256i mask;
  int count;  ///< 1 to 8
};

DEEPMINE_INLINE FirstLanes first_lanes(int count) {
  return {_mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)), count};
}

DEEPMINE_INLINE Vector load(const float* from, AllLanes) {
  return _mm256_loadu_ps(from);
}
DEEPMINE_INLINE Vector load(const float* from, FirstLanes lanes) {
  return _mm256_maskload_ps(from, lanes.mask);
}
DEEPMINE_INLINE void store(float* to, Vector v, AllLanes) {
  _mm256_storeu_ps(to, v);
}
/// In pieces: a masked store takes AMD's processors 12 cycles.
DEEPMINE_INLINE void store(float* to, Vector v, FirstLanes lanes) {
  if (lanes.count == 8) return _mm256_storeu_ps(to, v);
  __m128 left = _mm256_castps256_ps128(v);
  if ((lanes.count & 4) != 0) {
    _mm_storeu_ps(to, left);
    left = _mm256_extractf128_ps(v, 1);
    to += 4;
  }
  if ((lanes.count & 2) != 0) {
    _mm_storel_pi(reinterpret_cast<__m64*>(to), left);
    left = _mm_movehl_ps(left, left);
    to += 2;
  }
  if ((lanes.count & 1) != 0) _mm_store_ss(to, left);
}
/// v in the lanes, `other` in the rest.
DEEPMINE_INLINE Vector in_lanes(AllLanes, Vector v, Vector) {
  return v;
}
DEEPMINE_INLINE Vector in_lanes(FirstLanes lanes, Vector v, Vector other) {
  return _mm256_blendv_ps(other, v, _mm256_castsi256_ps(lanes.mask));
}

DEEPMINE_INLINE Vector broadcast(float x) {
  return _mm256_set1_ps(x);
}
/// a · b + c, rounded once.
DEEPMINE_INLINE Vector multiply_add(Vector a, Vector b, Vector c) {
  return _mm256_fmadd_ps(a, b, c);
}
/// c − a · b, rounded once.
DEEPMINE_INLINE Vector subtract_product(Vector c, Vector a, Vector b) {
  return _mm256_fnmadd_ps(a, b, c);
}
/// The larger one; `b` where either is not a number.
DEEPMINE_INLINE Vector maximum(Vector a, Vector b) {
  return _mm256_max_ps(a, b);
}
DEEPMINE_INLINE Vector square_root(Vector a) {
  return _mm256_sqrt_ps(a);
}

/// The 64-bit products of the low halves.
DEEPMINE_INLINE LongWords multiply_low_halves(LongWords a, LongWords b) {
  return reinterpret_cast<LongWords>(
      _mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
}
/// Lanes 0, 2, … (1, 3, …) of a and b by turns.
DEEPMINE_INLINE LongWords interleave_even(LongWords a, LongWords b) {
  return reinterpret_cast<LongWords>(
      _mm256_unpacklo_epi64(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
}
DEEPMINE_INLINE LongWords interleave_odd(LongWords a, LongWords b) {
  return reinterpret_cast<LongWords>(
      _mm256_unpackhi_epi64(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
}

/// The halves of sixteen lanes.
DEEPMINE_INLINE __m256 lower_eight(const Vector (&lanes)[2]) {
  return lanes[0];
}
DEEPMINE_INLINE __m256 upper_eight(const Vector (&lanes)[2]) {
  return lanes[1];
}

// Tiles of a product: twelve sums at most, and room for a column of A and a factor of B or the other way
// round. Fewer columns get taller tiles, so that enough sums are under way to hide the latency of an
// addition.
constexpr int tallest_tile = 8;
constexpr int tile_columns[tallest_tile + 1] = {0, 8, 6, 4, 3, 2, 2, 1, 1};
constexpr int tile_vectors(int columns) {
  return columns >= 4 ? 3 : columns == 3 ? 4 : columns == 2 ? 6 : 8;
}
/// Of a packed A: whole panels.
constexpr int packed_tile_vectors(int columns) {
  return columns >= 2 ? 4 : 8;
}

}  // namespace
}  // namespace deepmine::nn

#include "engine/nn/kernels/vector_kernels.inc"

namespace deepmine::nn {
constinit const Kernels<float> avx2_kernels = vector_kernels("avx2");
}
