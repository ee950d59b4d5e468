#include "engine/nn/parameter_layout.h"

#include <cassert>

#include "engine/nn/error.h"
#include "engine/nn/instantiate.h"

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

void ParameterLayout::add_transposed(TensorId tensor) {
  transposed_.push_back(tensor);
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
  transposed_offsets_.assign(tensors_.size(), 0);
  offset = 0;
  for (const TensorId id : transposed_) {
    transposed_offsets_[static_cast<std::size_t>(id)] = offset;
    offset += padded((*this)[id].size());
  }
  transposed_size_ = offset;
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
      memory_((layout.size() + (for_training ? layout.transposed_size() : 0)) * sizeof(Scalar)),
      values_(reinterpret_cast<Scalar*>(memory_.data())),
      transposed_(for_training ? values_ + layout.size() : nullptr) {}

template <class Scalar>
void Parameters<Scalar>::refresh_transposed(int part, int parts) {
  if (transposed_ == nullptr) return;
  constexpr int tile = 16;
  for (const TensorId id : layout_->transposed()) {
    const Tensor& tensor = (*layout_)[id];
    const Scalar* from = (*this)[id];
    Scalar* to = transposed_ + layout_->transposed_offset(id);
    const Range tiles = share((tensor.columns + tile - 1) / tile, part, parts);
    const int last_column = std::min(tiles.end * tile, tensor.columns);
    for (int column = tiles.begin * tile; column < last_column; column += tile)
      for (int row = 0; row < tensor.rows; ++row)
        for (int c = column; c < std::min(column + tile, last_column); ++c)
          to[static_cast<std::ptrdiff_t>(row) * tensor.columns + c] =
              from[static_cast<std::ptrdiff_t>(c) * tensor.rows + row];
  }
}

template class Parameters<DEEPMINE_SCALAR>;

}  // namespace deepmine::nn
