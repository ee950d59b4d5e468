#include "engine/nn/inference.h"

#include <cassert>
#include <cmath>

#include "engine/nn/batch_norm.h"
#include "engine/nn/instantiate.h"

namespace deepmine::nn {

template <class Scalar>
void PackedMatrix<Scalar>::plan(Arena& arena, int row_count, int column_count, bool with_bias) {
  rows = row_count;
  depth = column_count;
  values = arena.take<Scalar>(static_cast<std::size_t>(packed_size(rows, depth)));
  bias = with_bias ? arena.take<Scalar>(static_cast<std::size_t>(rows)) : nullptr;
}

template <class Scalar>
void PackedMatrix<Scalar>::multiply(const Kernels<Scalar>& kernels, Range panels, Columns<const Scalar> x,
                                    int columns, Columns<Scalar> y) const {
  const int first = panels.begin * panel_rows;
  kernels.product({.rows = std::min(panels.end * panel_rows, rows) - first,
                   .columns = columns,
                   .depth = depth,
                   .a = values + static_cast<std::ptrdiff_t>(first) * depth,
                   .a_stride = packed,
                   .b = x.data,
                   .b_row_stride = 1,
                   .b_column_stride = x.stride,
                   .c = y.data + first,
                   .c_stride = y.stride,
                   .start = bias != nullptr ? Start::bias : Start::zero,
                   .bias = bias != nullptr ? bias + first : nullptr});
}

template <class Scalar>
const Scalar* NamedTensors<Scalar>::operator()(const std::string& name) const {
  const auto& tensors = view_.layout->tensors();
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const Tensor& tensor) { return tensor.name == name; });
  assert(found != tensors.end());
  return view_.values + found->offset;
}

template <class Scalar>
void FoldedNorm<Scalar>::plan(Arena& arena, int padded) {
  scale = arena.take<Scalar>(static_cast<std::size_t>(padded));
  shift = arena.take<Scalar>(static_cast<std::size_t>(padded));
}

template <class Scalar>
void FoldedNorm<Scalar>::prepare(const NamedTensors<Scalar>& tensors, const std::string& name, int features) {
  const Scalar *gamma = tensors(name + "/scale"), *beta = tensors(name + "/shift");
  const Scalar *mean = tensors(name + "/running_mean"), *variance = tensors(name + "/running_variance");
  for (int f = 0; f < features; ++f) {
    scale[f] = gamma[f] / std::sqrt(variance[f] + static_cast<Scalar>(normalisation_epsilon));
    shift[f] = beta[f] - mean[f] * scale[f];
  }
}

template <class Scalar>
void PredictedDense<Scalar>::plan(Arena& arena, int inputs, int outputs, bool block) {
  matrix_.plan(arena, outputs, inputs);
  block_ = block;
  if (block) norm_.plan(arena, outputs);
}

template <class Scalar>
void PredictedDense<Scalar>::prepare(const NamedTensors<Scalar>& tensors, const std::string& name) {
  const std::string dense = block_ ? name + "/dense" : name;
  matrix_.pack(tensors(dense + "/kernel"), matrix_.rows, [](int row) { return row; });
  std::copy_n(tensors(dense + "/bias"), matrix_.rows, matrix_.bias);
  if (block_) norm_.prepare(tensors, name + "/norm", matrix_.rows);
}

template <class Scalar>
void PredictedDense<Scalar>::run(const Kernels<Scalar>& kernels, const Crew& crew, Columns<const Scalar> x,
                                 int columns, Columns<Scalar> y, Columns<const Scalar> addend) const {
  const Range panels = crew.my_share(panel_count(matrix_.rows));
  if (panels.begin == panels.end) return;
  matrix_.multiply(kernels, panels, x, columns, y);
  if (!block_) return;
  const int end = std::min(panels.end * panel_rows, matrix_.rows);
  for (int column = 0; column < columns; ++column) {
    Scalar* z = y[column];
    for (int f = panels.begin * panel_rows; f < end; ++f) {
      const Scalar positive = z[f] < 0 ? Scalar(0) : z[f];  // not a number stays so
      z[f] = positive * norm_.scale[f] + norm_.shift[f];
    }
    if (addend.data == nullptr) continue;
    const Scalar* other = addend[column];
    for (int f = panels.begin * panel_rows; f < end; ++f) z[f] += other[f];
  }
}

template struct PackedMatrix<DEEPMINE_SCALAR>;
template class NamedTensors<DEEPMINE_SCALAR>;
template struct FoldedNorm<DEEPMINE_SCALAR>;
template class PredictedDense<DEEPMINE_SCALAR>;

}  // namespace deepmine::nn
