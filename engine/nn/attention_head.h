// One head of one sample's attention: scores, weights and the weighted sum of the values, and the way back.
// The equations are in attention.h.
//
// The weights of all heads of all samples would be B · H · T_q · T_k numbers: for short sequences they are
// kept from the way forward to the way back; for long ones a chunk of queries is weighed at a time, and
// weighed again on the way back, so that memory grows with T and not with T². Both give the same bits.
#pragma once

#include "engine/nn/dropout.h"

namespace deepmine::nn {

/// The sizes that decide how much memory a head takes.
struct AttentionShape {
  int key_size = 0, query_steps = 0, key_steps = 0;
  std::ptrdiff_t most_kept = 0;  ///< weights of a head, with padding

  /// Queries that are weighed at a time where weights are not kept.
  static constexpr int query_chunk = 32;

  /// From the weights of one query to those of the next: whole vectors.
  int weight_stride() const { return (key_steps + 7) / 8 * 8; }
  std::ptrdiff_t weight_count() const { return static_cast<std::ptrdiff_t>(weight_stride()) * query_steps; }
  bool keeps_weights() const { return weight_count() <= most_kept; }
  int chunk() const { return keeps_weights() ? query_steps : query_chunk; }
  std::ptrdiff_t chunk_size() const { return static_cast<std::ptrdiff_t>(weight_stride()) * chunk(); }
  std::ptrdiff_t transposed_size() const { return static_cast<std::ptrdiff_t>(weight_stride()) * key_size; }
  /// Numbers that attend() and attend_backward() need for themselves.
  std::ptrdiff_t scratch_size() const { return 2 * transposed_size() + 4 * chunk_size(); }
};

/// Where one head of one sample lies. Matrices are key_size × steps, `step` from one step's column to the
/// next. Gradients are not looked at on the way forward.
template <class Scalar>
struct AttentionHead {
  AttentionShape shape;
  int valid_keys = 0;  ///< later keys get weight 0
  std::ptrdiff_t step = 0;
  const Scalar *query = nullptr, *key = nullptr, *value = nullptr;
  Scalar* attended = nullptr;
  Scalar *weights = nullptr, *mask = nullptr;  ///< weight_count() of each, where they are kept
  const Scalar* d_attended = nullptr;
  Scalar *d_query = nullptr, *d_key = nullptr, *d_value = nullptr;
  Scalar* scratch = nullptr;

  const DropoutSource* dropout = nullptr;  ///< null: none in this pass
  RandomKey sample_key = 0;
  std::uint64_t first_unit = 0;
};

template <class Scalar>
void attend(const Kernels<Scalar>& kernels, const AttentionHead<Scalar>& head);
/// After attend(), whose weights it uses if they are kept.
template <class Scalar>
void attend_backward(const Kernels<Scalar>& kernels, const AttentionHead<Scalar>& head);

}  // namespace deepmine::nn
