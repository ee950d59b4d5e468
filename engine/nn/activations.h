// How a batch lies in memory, and the view that every layer reads and writes.
//
// Samples go in blocks of `block_size`. Inside a block one column is one sample at one step, features run
// down the column, and steps follow each other: column = step · block_size + position in block. So the last
// step is the last group of columns, an input projection over all steps is one product, and a block is what
// one thread works on.
//
//     features F ─┐   step 0            step 1                  step T−1
//                 ▼  s0 s1 … s7        s0 s1 … s7      …       s0 s1 … s7
//
// A batch that is no multiple of the block size is padded with samples that are neither counted nor learnt
// from.
#pragma once

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <type_traits>

namespace deepmine::nn {

inline constexpr int block_size = 8;
/// Blocks are dealt to at most this many lanes. A lane is walked by one thread, in block order, and has its
/// own gradient sums, so results do not depend on the number of threads (docs/determinism.md).
inline constexpr int max_lanes = 8;

/// Half-open range of blocks or lanes.
struct Range {
  int begin = 0, end = 0;
};

/// Share `part` of `parts` nearly equal consecutive shares of [0, count).
inline Range share(int count, int part, int parts) {
  return {static_cast<int>(static_cast<long>(count) * part / parts),
          static_cast<int>(static_cast<long>(count) * (part + 1) / parts)};
}

/// The number of samples of a batch and how they are cut into blocks and lanes.
struct BatchShape {
  int samples = 0;

  int blocks() const { return (samples + block_size - 1) / block_size; }
  int lanes() const { return std::min(max_lanes, blocks()); }
  Range blocks_of_lane(int lane) const { return share(blocks(), lane, lanes()); }
  /// Samples of this block that are no padding.
  int samples_in(int block) const { return std::min(block_size, samples - block * block_size); }
};

/// A pointer that the threads of a team all set to the same value in every pass, each for itself, while
/// others read it: atomic, so that this is no data race.
class SharedLengths {
 public:
  SharedLengths(const int* lengths = nullptr) : lengths_(lengths) {}
  SharedLengths(const SharedLengths& other) : lengths_(other.get()) {}
  SharedLengths& operator=(const SharedLengths& other) {
    lengths_.store(other.get(), std::memory_order_relaxed);
    return *this;
  }
  const int* get() const { return lengths_.load(std::memory_order_relaxed); }
  operator const int*() const { return get(); }

 private:
  std::atomic<const int*> lengths_;
};

/// A view of one tensor of a batch: `features` × (`steps` · block_size) columns for each block. Owns nothing.
template <class Scalar>
struct Activations {
  Scalar* data = nullptr;
  int features = 0;
  int steps = 1;
  std::ptrdiff_t block_stride = 0;  ///< from one block's first column to the next block's
  /// Steps that count for each sample of the batch, each in [1, steps]; null: all of them. Later steps are
  /// padding.
  SharedLengths lengths = nullptr;

  int columns() const { return steps * block_size; }
  Scalar* block(int b) const { return data + b * block_stride; }
  Scalar* column(int b, int c) const { return block(b) + static_cast<std::ptrdiff_t>(c) * features; }
  bool wanted() const { return data != nullptr; }

  /// Steps that count for the sample at `position` of `block`; 0 for a padding sample.
  int valid_steps(const BatchShape& batch, int b, int position) const {
    if (position >= batch.samples_in(b)) return 0;
    return lengths == nullptr ? steps : lengths[b * block_size + position];
  }
  bool column_counts(const BatchShape& batch, int b, int c) const {
    return c / block_size < valid_steps(batch, b, c % block_size);
  }

  operator Activations<const Scalar>() const requires(!std::is_const_v<Scalar>) {
    return {data, features, steps, block_stride, lengths};
  }
};

/// Where a layer puts the gradient of its input: overwritten, or added to what is there (several consumers).
template <class Scalar>
struct GradientTarget {
  Activations<Scalar> to;
  bool accumulate = false;
  bool wanted() const { return to.wanted(); }
};
template <class Scalar>
GradientTarget<Scalar> overwrite(const Activations<Scalar>& to) {
  return {to, false};
}
template <class Scalar>
GradientTarget<Scalar> add_to(const Activations<Scalar>& to) {
  return {to, true};
}
/// The gradient of this input is not needed.
template <class Scalar>
GradientTarget<Scalar> nowhere() {
  return {};
}

}  // namespace deepmine::nn
