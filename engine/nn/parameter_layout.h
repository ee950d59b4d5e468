// Every parameter is declared once, here. Values, gradients and both Adam moments are slabs of one layout;
// the optimiser, the serialiser, the summary and the gradient check iterate it. Names are stable: they stand
// on disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/nn/arena.h"

namespace deepmine::nn {

/// What a tensor is for. Whether it is trained and whether L2 decay applies follow from it.
enum class Role : std::uint8_t {
  kernel = 0,             ///< Dense kernel or LSTM input kernel: trained, decayed
  recurrent_kernel = 1,   ///< trained
  attention_kernel = 2,   ///< trained
  bias = 3,               ///< trained
  scale = 4,              ///< trained
  shift = 5,              ///< trained
  running_statistic = 6,  ///< measured, not trained
};
std::string_view role_name(Role role);
constexpr bool is_trainable(Role role) {
  return role != Role::running_statistic;
}
constexpr bool is_decayed(Role role) {
  return role == Role::kernel;
}

/// What a tensor starts from (initialisers.h).
enum class Initialiser : std::uint8_t { zeros, ones, glorot_uniform, orthogonal, lstm_bias };

using TensorId = int;

/// One named tensor: rows × columns, column-major. A kernel is (outputs × inputs), a vector has one column.
struct Tensor {
  std::string name;
  int rows = 0, columns = 0;
  Role role = Role::kernel;
  Initialiser initialiser = Initialiser::zeros;
  std::size_t offset = 0;  ///< in elements, from the start of a slab

  std::size_t size() const { return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns); }
};

/// The list of all tensors of a network and where each lies in a slab. Trainable tensors come first, so slabs
/// of the optimiser cover only the front. Built while the layers are constructed, then finished, then never
/// changed.
class ParameterLayout {
 public:
  /// Declares a tensor. Throws Error(usage) if the name is taken: names come from specifications, which are
  /// data.
  TensorId add(std::string name, int rows, int columns, Role role, Initialiser initialiser);
  /// Asks for packed copies (kernels.h) of a matrix that products read: of itself for the forward pass, and,
  /// for training, of its transpose for the backward pass. Kept up to date after every step; derived, never
  /// saved.
  void add_packed(TensorId tensor);
  /// Gives every tensor its place. Called once, after the last layer was constructed.
  void finish();

  const std::vector<Tensor>& tensors() const { return tensors_; }  ///< in order of declaration
  const Tensor& operator[](TensorId id) const { return tensors_[static_cast<std::size_t>(id)]; }

  std::size_t size() const { return size_; }  ///< elements of a slab with everything
  std::size_t trainable_size() const {
    return trainable_size_;
  }  ///< elements of a slab of the trainable front
  const std::vector<TensorId>& packed() const { return packed_; }
  /// Where the packed copy of a matrix, and that of its transpose, stand in their slabs.
  std::size_t packed_offset(TensorId id) const { return packed_offsets_[static_cast<std::size_t>(id)]; }
  std::size_t packed_transpose_offset(TensorId id) const {
    return packed_transpose_offsets_[static_cast<std::size_t>(id)];
  }
  std::size_t packed_slab_size() const { return packed_size_; }
  std::size_t packed_transpose_slab_size() const { return packed_transpose_size_; }

  std::size_t parameter_count() const;  ///< without padding
  std::size_t trainable_count() const;

 private:
  std::vector<Tensor> tensors_;
  std::vector<TensorId> packed_;
  std::vector<std::size_t> packed_offsets_, packed_transpose_offsets_;
  std::size_t size_ = 0, trainable_size_ = 0, packed_size_ = 0, packed_transpose_size_ = 0;
};

/// Read access to the values of all parameters. Valid as long as the Parameters it came from.
template <class Scalar>
struct ParameterView {
  const ParameterLayout* layout = nullptr;
  const Scalar* values = nullptr;
  const Scalar* packed_values = nullptr;
  const Scalar* packed_transposes = nullptr;  ///< null where only forward passes are made

  const Scalar* operator[](TensorId id) const { return values + (*layout)[id].offset; }
  /// A matrix, and its transpose, as left factors of products.
  const Scalar* packed(TensorId id) const { return packed_values + layout->packed_offset(id); }
  const Scalar* packed_transpose(TensorId id) const {
    return packed_transposes + layout->packed_transpose_offset(id);
  }
};

/// The slab of values of a network, with its packed copies.
template <class Scalar>
class Parameters {
 public:
  /// With `for_training`, packed transposes are kept as well. `layout` must outlive this.
  Parameters(const ParameterLayout& layout, bool for_training);
  Parameters(Parameters&&) = default;
  Parameters& operator=(Parameters&&) = default;

  const ParameterLayout& layout() const { return *layout_; }
  Scalar* values() { return values_; }
  const Scalar* values() const { return values_; }
  Scalar* operator[](TensorId id) { return values_ + (*layout_)[id].offset; }
  const Scalar* operator[](TensorId id) const { return values_ + (*layout_)[id].offset; }
  /// Refreshes part `part` of `parts` of the packed copies. To be called after values changed.
  void refresh_packed(int part = 0, int parts = 1);
  ParameterView<Scalar> view() const { return {layout_, values_, packed_, packed_transposes_}; }

 private:
  const ParameterLayout* layout_;
  AlignedMemory memory_;
  Scalar* values_ = nullptr;
  Scalar* packed_ = nullptr;
  Scalar* packed_transposes_ = nullptr;
};

/// Gradient sums of the trainable tensors: one slab a lane. A backward pass overwrites the lanes of its
/// batch.
template <class Scalar>
struct Gradients {
  const ParameterLayout* layout = nullptr;
  Scalar* lanes = nullptr;  ///< lane l at l · layout->trainable_size()

  Scalar* lane(int l) const { return lanes + static_cast<std::size_t>(l) * layout->trainable_size(); }
  Scalar* of(int l, TensorId id) const { return lane(l) + (*layout)[id].offset; }
};

}  // namespace deepmine::nn
