#include "engine/nn/parameter_layout.h"

#include <algorithm>
#include <cassert>

#include "engine/nn/error.h"
#include "engine/nn/instantiate.h"
#include "engine/nn/kernels/kernels.h"

namespace deepmine::nn {
#ifndef DEEPMINE_TEMPLATES_ONLY
namespace {

constexpr std::size_t padded(std::size_t count) {
  return (count + 15) / 16 * 16;
}  // a cache line of floats

}  // namespace

std::string_view role_name(Role role) {
  switch (role) {
    case Role::kernel:
      return "kernel";
    case Role::recurrent_kernel:
      return "recurrent kernel";
    case Role::attention_kernel:
      return "attention kernel";
    case Role::bias:
      return "bias";
    case Role::scale:
      return "scale";
    case Role::shift:
      return "shift";
    case Role::running_statistic:
      return "running statistic";
  }
  return "?";
}

TensorId ParameterLayout::add(std::string name, int rows, int columns, Role role, Initialiser initialiser) {
  assert(rows > 0 && columns > 0 && size_ == 0);
  for (const Tensor& other : tensors_)
    if (other.name == name)
      throw Error(ErrorCode::usage,
                  "two tensors are named '" + name +
                      "': every layer of a network needs a name of its own (is one given twice?)");
  tensors_.push_back({std::move(name), rows, columns, role, initialiser, 0});
  return static_cast<TensorId>(tensors_.size()) - 1;
}

void ParameterLayout::add_packed(TensorId tensor) {
  packed_.push_back(tensor);
}

void ParameterLayout::finish() {
  std::size_t offset = 0;
  for (const bool trainable : {true, false}) {
    for (Tensor& tensor : tensors_) {
      if (is_trainable(tensor.role) != trainable) continue;
      tensor.offset = offset;
      offset += padded(tensor.size());
    }
    if (trainable) trainable_size_ = offset;
  }
  size_ = offset;
  packed_offsets_.assign(tensors_.size(), 0);
  packed_transpose_offsets_.assign(tensors_.size(), 0);
  for (const TensorId id : packed_) {
    const Tensor& tensor = (*this)[id];
    packed_offsets_[static_cast<std::size_t>(id)] = packed_size_;
    packed_size_ += static_cast<std::size_t>(packed_size(tensor.rows, tensor.columns));
    packed_transpose_offsets_[static_cast<std::size_t>(id)] = packed_transpose_size_;
    packed_transpose_size_ += static_cast<std::size_t>(packed_size(tensor.columns, tensor.rows));
  }
}

std::size_t ParameterLayout::parameter_count() const {
  std::size_t count = 0;
  for (const Tensor& tensor : tensors_) count += tensor.size();
  return count;
}

std::size_t ParameterLayout::trainable_count() const {
  std::size_t count = 0;
  for (const Tensor& tensor : tensors_)
    if (is_trainable(tensor.role)) count += tensor.size();
  return count;
}
#endif

template <class Scalar>
Parameters<Scalar>::Parameters(const ParameterLayout& layout, bool for_training)
    : layout_(&layout),
      memory_((layout.size() + layout.packed_slab_size() +
               (for_training ? layout.packed_transpose_slab_size() : 0)) *
              sizeof(Scalar)),
      values_(reinterpret_cast<Scalar*>(memory_.data())),
      packed_(values_ + layout.size()),
      packed_transposes_(for_training ? packed_ + layout.packed_slab_size() : nullptr) {}

namespace {

/// Panel `panel` of a matrix: whole columns are copied, 32 rows at a time.
template <class Scalar>
void pack_panel(const Tensor& tensor, const Scalar* from, int panel, Scalar* packed) {
  const int first = panel * panel_rows, rows = std::min(panel_rows, tensor.rows - first);
  Scalar* to = packed + static_cast<std::ptrdiff_t>(first) * tensor.columns;
  for (int column = 0; column < tensor.columns; ++column)
    std::copy_n(from + static_cast<std::ptrdiff_t>(column) * tensor.rows + first, rows,
                to + static_cast<std::ptrdiff_t>(column) * panel_rows);
}

/// Panel `panel` of the transpose of a matrix: 32 of its columns, in pieces of some rows, so that neither
/// side leaves the cache.
template <class Scalar>
void pack_transposed_panel(const Tensor& tensor, const Scalar* from, int panel, Scalar* packed) {
  constexpr int piece = 16;
  const int first = panel * panel_rows, count = std::min(panel_rows, tensor.columns - first);
  const Scalar* columns = from + static_cast<std::ptrdiff_t>(first) * tensor.rows;
  Scalar* to = packed + static_cast<std::ptrdiff_t>(first) * tensor.rows;
  for (int begin = 0; begin < tensor.rows; begin += piece)
    for (int column = 0; column < count; ++column)
      for (int row = begin; row < std::min(begin + piece, tensor.rows); ++row)
        to[static_cast<std::ptrdiff_t>(row) * panel_rows + column] =
            columns[static_cast<std::ptrdiff_t>(column) * tensor.rows + row];
}

}  // namespace

template <class Scalar>
void Parameters<Scalar>::refresh_packed(int part, int parts) {
  for (const TensorId id : layout_->packed()) {
    const Tensor& tensor = (*layout_)[id];
    const Range panels = share(panel_count(tensor.rows), part, parts);
    for (int panel = panels.begin; panel < panels.end; ++panel)
      pack_panel(tensor, (*this)[id], panel, packed_ + layout_->packed_offset(id));
    if (packed_transposes_ == nullptr) continue;
    const Range transposed = share(panel_count(tensor.columns), part, parts);
    for (int panel = transposed.begin; panel < transposed.end; ++panel)
      pack_transposed_panel(tensor, (*this)[id], panel,
                            packed_transposes_ + layout_->packed_transpose_offset(id));
  }
}

template class Parameters<DEEPMINE_SCALAR>;

}  // namespace deepmine::nn
