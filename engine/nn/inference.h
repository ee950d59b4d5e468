// Layers for prediction alone. They keep nothing for a way back, have the weights in the order in which they
// are read, and batch normalisation as one multiply-add. The arithmetic is that of the layers of the same
// names in inference mode; sums run in other orders, so that results agree to rounding.
//
// Unlike those, these layers work on one block of 1 to block_size samples at a time, and a block has no
// padding: `columns` is the number of its samples, and a sequence has its steps one after the other, column =
// step · columns + sample. A block is computed by a crew: one thread, or some that share its rows, heads and
// samples. An element of the result is computed by one thread, always by the same chain of operations, so it
// has the same bits for every crew and every number of samples.
#pragma once

#include <string>

#include "engine/nn/dense.h"
#include "engine/nn/parameter_layout.h"
#include "engine/nn/team.h"

namespace deepmine::nn {

/// The threads that work on one block.
class Crew {
 public:
  /// A thread on its own.
  Crew() = default;
  /// All threads of the team.
  explicit Crew(const Team& team) : team_(&team), part_(team.thread()), parts_(team.size()) {}

  bool alone() const { return parts_ == 1; }
  /// What this thread does of `count` pieces of work.
  Range my_share(int count) const { return share(count, part_, parts_); }
  /// Waits until all have come so far: what each has written may be read by the others.
  void meet() const {
    if (parts_ > 1) team_->barrier();
  }

 private:
  const Team* team_ = nullptr;
  int part_ = 0, parts_ = 1;
};

/// Columns of a matrix: one every `stride` elements.
template <class Scalar>
struct Columns {
  Scalar* data = nullptr;
  std::ptrdiff_t stride = 0;

  Scalar* operator[](int column) const { return data + column * stride; }
  /// The columns from `first` on, or every `step`-th of them.
  Columns from(int first, int step = 1) const { return {data + first * stride, stride * step}; }
  operator Columns<const Scalar>() const requires(!std::is_const_v<Scalar>) { return {data, stride}; }
};

/// A distance between columns of at least `rows` elements that is no power of two: columns at such distances
/// share a few places in the cache and drive each other out.
constexpr std::ptrdiff_t column_stride(int rows) {
  return (rows + 15) / 16 * 16 + 16;
}

/// A matrix, packed, with what its products start from.
template <class Scalar>
struct PackedMatrix {
  int rows = 0, depth = 0;
  Scalar* values = nullptr;
  Scalar* bias = nullptr;  ///< null: products start from zero

  void plan(Arena& arena, int row_count, int column_count, bool with_bias = true);
  /// Element (r, k) = from[rows_at(r) + k · step], and 0 where rows_at(r) is negative.
  template <class RowsAt>
  void pack(const Scalar* from, std::ptrdiff_t step, RowsAt&& rows_at);
  /// y = values · x + bias, for these panels of rows.
  void multiply(const Kernels<Scalar>& kernels, Range panels, Columns<const Scalar> x, int columns,
                Columns<Scalar> y) const;
};

template <class Scalar>
template <class RowsAt>
void PackedMatrix<Scalar>::pack(const Scalar* from, std::ptrdiff_t step, RowsAt&& rows_at) {
  for (int panel = 0; panel < panel_count(rows); ++panel) {
    std::ptrdiff_t at[panel_rows];
    for (int i = 0; i < panel_rows; ++i) {
      const int row = panel * panel_rows + i;
      at[i] = row < rows ? static_cast<std::ptrdiff_t>(rows_at(row)) : -1;
    }
    Scalar* to = values + static_cast<std::ptrdiff_t>(panel) * panel_rows * depth;
    for (int k = 0; k < depth; ++k, to += panel_rows)
      for (int i = 0; i < panel_rows; ++i) to[i] = at[i] < 0 ? Scalar(0) : from[at[i] + k * step];
  }
}

/// Names of tensors, and where they stand.
template <class Scalar>
class NamedTensors {
 public:
  explicit NamedTensors(const ParameterView<Scalar>& view) : view_(view) {}
  /// The values of the tensor with this name, which must be there.
  const Scalar* operator()(const std::string& name) const;

 private:
  ParameterView<Scalar> view_;
};

/// y = x · scale + shift for each feature: batch normalisation by running statistics.
template <class Scalar>
struct FoldedNorm {
  Scalar *scale = nullptr, *shift = nullptr;

  /// Features that do not exist, up to `padded`, get 0 and 0.
  void plan(Arena& arena, int padded);
  void prepare(const NamedTensors<Scalar>& tensors, const std::string& name, int features);
};

/// Dense, relu and batch normalisation; or Dense alone.
template <class Scalar>
class PredictedDense {
 public:
  void plan(Arena& arena, int inputs, int outputs, bool block);
  /// Of a DenseBlock `name`, or of the Dense layer `name`.
  void prepare(const NamedTensors<Scalar>& tensors, const std::string& name);
  /// y = layer(x) [+ addend]. The crew shares the rows.
  void run(const Kernels<Scalar>& kernels, const Crew& crew, Columns<const Scalar> x, int columns,
           Columns<Scalar> y, Columns<const Scalar> addend = {}) const;

 private:
  PackedMatrix<Scalar> matrix_;
  FoldedNorm<Scalar> norm_;
  bool block_ = false;
};

}  // namespace deepmine::nn
