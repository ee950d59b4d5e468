#include "engine/nn/inference_attention.h"

#include <cmath>

#include "engine/nn/batch_norm.h"
#include "engine/nn/instantiate.h"
#include "engine/nn/sums.h"

namespace deepmine::nn {
namespace {

/// Queries whose weights are made at a time: memory grows with the number of days, not with its square.
constexpr int query_chunk = 32;

/// Weights of the keys are padded to whole vectors.
constexpr int key_stride(int steps) {
  return (steps + 15) / 16 * 16;
}

template <class Scalar>
Scalar score_scale(int key_size) {
  return static_cast<Scalar>(1 / std::sqrt(static_cast<double>(key_size)));
}

template <class Scalar>
Scalar* take(Arena& arena, int rows, int columns = 1) {
  return arena.take<Scalar>(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
}

}  // namespace

// ---- self-attention

template <class Scalar>
void PredictedSelfAttention<Scalar>::plan(Arena& arena, int features, int heads, int key_size) {
  features_ = features;
  heads_ = heads;
  key_size_ = key_size;
  projection_.plan(arena, 3 * heads * key_size, features);
  output_.plan(arena, features, heads * key_size);
  scale_ = take<Scalar>(arena, features);
  shift_ = take<Scalar>(arena, features);
}

template <class Scalar>
void PredictedSelfAttention<Scalar>::plan_workspace(Arena& arena, int steps, Workspace& workspace) const {
  for (const auto& [columns, rows] :
       {std::pair{&workspace.projected, projection_.rows}, std::pair{&workspace.combined, features_}}) {
    columns->stride = column_stride(rows);
    columns->data = take<Scalar>(arena, static_cast<int>(columns->stride), steps);
  }
  workspace.keys = take<Scalar>(arena, key_stride(steps), key_size_);
  workspace.weights = take<Scalar>(arena, key_stride(steps), query_chunk);
}

template <class Scalar>
void PredictedSelfAttention<Scalar>::prepare(const NamedTensors<Scalar>& tensors,
                                             const std::string& attention, const std::string& norm) {
  const int inner = heads_ * key_size_;
  // The three kernels one below the other.
  const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(inner) * features_;
  std::vector<Scalar> stacked(static_cast<std::size_t>(3 * size));
  int part = 0;
  for (const char* name : {"/query", "/key", "/value"}) {
    std::copy_n(tensors(attention + name + "_kernel"), size, stacked.data() + part * size);
    std::copy_n(tensors(attention + name + "_bias"), inner, projection_.bias + part * inner);
    ++part;
  }
  projection_.pack(stacked.data(), inner,
                   [&](int row) { return row / inner * size + static_cast<std::ptrdiff_t>(row % inner); });
  output_.pack(tensors(attention + "/output_kernel"), features_, [](int row) { return row; });
  std::copy_n(tensors(attention + "/output_bias"), features_, output_.bias);
  std::copy_n(tensors(norm + "/scale"), features_, scale_);
  std::copy_n(tensors(norm + "/shift"), features_, shift_);
}

template <class Scalar>
void PredictedSelfAttention<Scalar>::run(const Kernels<Scalar>& kernels, const Crew& crew, Columns<Scalar> x,
                                         int steps, const Workspace& shared, const Workspace& own) const {
  const Range panels = crew.my_share(panel_count(projection_.rows));
  if (panels.begin < panels.end) projection_.multiply(kernels, panels, x, steps, shared.projected);
  crew.meet();
  const Range heads = crew.my_share(heads_);
  for (int head = heads.begin; head < heads.end; ++head) attend(kernels, head, steps, shared.projected, own);
  crew.meet();
  const Range days = crew.my_share(steps);
  if (days.begin < days.end)
    output_.multiply(kernels, {0, panel_count(features_)}, shared.projected.from(days.begin),
                     days.end - days.begin, shared.combined.from(days.begin));
  for (int day = days.begin; day < days.end; ++day) normalise(shared.combined[day], x[day]);
  crew.meet();
}

/// One head: its outputs take the place of its queries.
template <class Scalar>
void PredictedSelfAttention<Scalar>::attend(const Kernels<Scalar>& kernels, int head, int steps,
                                            Columns<Scalar> projected, const Workspace& own) const {
  const int inner = heads_ * key_size_, stride = key_stride(steps);
  Scalar* query = projected.data + head * key_size_;
  const Scalar *key = query + inner, *value = key + inner;
  for (int i = 0; i < key_size_; ++i) {
    for (int step = 0; step < steps; ++step) own.keys[i * stride + step] = key[step * projected.stride + i];
    std::fill(own.keys + i * stride + steps, own.keys + (i + 1) * stride, Scalar(0));
  }
  for (int first = 0; first < steps; first += query_chunk) {
    const int queries = std::min(query_chunk, steps - first);
    Scalar* of_chunk = query + first * projected.stride;
    kernels.product({.rows = stride,
                     .columns = queries,
                     .depth = key_size_,  // Kᵀ·Q
                     .a = own.keys,
                     .a_stride = stride,
                     .b = of_chunk,
                     .b_row_stride = 1,
                     .b_column_stride = projected.stride,
                     .c = own.weights,
                     .c_stride = stride});
    kernels.softmax_columns({.rows = stride,
                             .columns = queries,
                             .valid_rows = steps,
                             .values = own.weights,
                             .stride = stride,
                             .scale = score_scale<Scalar>(key_size_)});
    kernels.product({.rows = key_size_,
                     .columns = queries,
                     .depth = steps,  // V·P
                     .a = value,
                     .a_stride = projected.stride,
                     .b = own.weights,
                     .b_row_stride = 1,
                     .b_column_stride = stride,
                     .c = of_chunk,
                     .c_stride = projected.stride});
  }
}

/// x = LN(x + attended)
template <class Scalar>
void PredictedSelfAttention<Scalar>::normalise(const Scalar* attended, Scalar* x) const {
  const auto count = static_cast<Scalar>(features_);
  for (int f = 0; f < features_; ++f) x[f] = attended[f] + x[f];
  const Scalar mean = ordered_sum(features_, [&](int f) { return x[f]; }) / count;
  const Scalar variance =
      ordered_sum(features_, [&](int f) { return (x[f] - mean) * (x[f] - mean); }) / count;
  const Scalar inverse_deviation = 1 / std::sqrt(variance + static_cast<Scalar>(normalisation_epsilon));
  for (int f = 0; f < features_; ++f) x[f] = scale_[f] * ((x[f] - mean) * inverse_deviation) + shift_[f];
}

// ---- cross-attention

template <class Scalar>
void PredictedCrossAttention<Scalar>::plan(Arena& arena, int features, int heads, int key_size, bool days) {
  features_ = features;
  heads_ = heads;
  key_size_ = key_size;
  days_ = days;
  const int inner = heads * key_size;
  output_.plan(arena, features, inner);
  values_.resize(static_cast<std::size_t>(days ? heads : 1));
  for (PackedMatrix<Scalar>& value : values_) value.plan(arena, days ? key_size : inner, features);
  if (!days) return;
  query_.plan(arena, inner, features);
  key_transposes_.resize(static_cast<std::size_t>(heads));
  for (PackedMatrix<Scalar>& key : key_transposes_) key.plan(arena, features, key_size, false);
}

template <class Scalar>
void PredictedCrossAttention<Scalar>::plan_workspace(Arena& arena, int steps, Workspace& workspace) const {
  const int inner = heads_ * key_size_;
  workspace.value = take<Scalar>(arena, inner);
  if (!days_) return;
  workspace.query = take<Scalar>(arena, inner);
  workspace.key_query = take<Scalar>(arena, features_);
  workspace.transposed = take<Scalar>(arena, heads_, features_);
  workspace.scores = take<Scalar>(arena, heads_, steps);
  workspace.weights = take<Scalar>(arena, key_stride(steps), heads_);
  workspace.weighted = take<Scalar>(arena, features_, heads_);
}

template <class Scalar>
void PredictedCrossAttention<Scalar>::prepare(const NamedTensors<Scalar>& tensors, const std::string& name) {
  const int inner = heads_ * key_size_;
  const auto same_row = [](int row) { return row; };
  output_.pack(tensors(name + "/output_kernel"), features_, same_row);
  std::copy_n(tensors(name + "/output_bias"), features_, output_.bias);
  const Scalar *value_bias = tensors(name + "/value_bias"), *value = tensors(name + "/value_kernel");
  for (PackedMatrix<Scalar>& of_head : values_) {
    of_head.pack(value, inner, same_row);
    std::copy_n(value_bias, of_head.rows, of_head.bias);
    value += key_size_;
    value_bias += key_size_;
  }
  if (!days_) return;
  query_.pack(tensors(name + "/query_kernel"), inner, same_row);
  std::copy_n(tensors(name + "/query_bias"), inner, query_.bias);
  const Scalar* key = tensors(name + "/key_kernel");
  for (PackedMatrix<Scalar>& of_head : key_transposes_) {
    of_head.pack(key, 1, [&](int row) { return static_cast<std::ptrdiff_t>(row) * inner; });
    key += key_size_;
  }
}

template <class Scalar>
void PredictedCrossAttention<Scalar>::run(const Kernels<Scalar>& kernels, const Scalar* query,
                                          Columns<const Scalar> source, int steps, const Workspace& own,
                                          Scalar* y, Scalar* day_weights) const {
  const auto multiply = [&](const PackedMatrix<Scalar>& matrix, const Scalar* x, Scalar* to) {
    matrix.multiply(kernels, {0, panel_count(matrix.rows)}, {x, matrix.depth}, 1, {to, matrix.rows});
  };
  if (!days_) {
    multiply(values_[0], source[steps - 1], own.value);
    multiply(output_, own.value, y);
    return;
  }
  weigh_days(kernels, query, source, steps, own);
  kernels.product({.rows = features_,
                   .columns = heads_,
                   .depth = steps,  // Σ p·s of each head
                   .a = source.data,
                   .a_stride = source.stride,
                   .b = own.weights,
                   .b_row_stride = 1,
                   .b_column_stride = key_stride(steps),
                   .c = own.weighted,
                   .c_stride = features_});
  for (int head = 0; head < heads_; ++head)
    multiply(values_[static_cast<std::size_t>(head)], own.weighted + head * features_,
             own.value + head * key_size_);
  multiply(output_, own.value, y);
  if (day_weights == nullptr) return;
  for (int day = 0; day < steps; ++day) {
    Scalar sum = 0;
    for (int head = 0; head < heads_; ++head) sum += own.weights[head * key_stride(steps) + day];
    day_weights[day] = sum / static_cast<Scalar>(heads_);
  }
}

template <class Scalar>
void PredictedCrossAttention<Scalar>::weigh_days(const Kernels<Scalar>& kernels, const Scalar* query,
                                                 Columns<const Scalar> source, int steps,
                                                 const Workspace& own) const {
  query_.multiply(kernels, {0, panel_count(query_.rows)}, {query, query_.depth}, 1, {own.query, query_.rows});
  for (int head = 0; head < heads_; ++head) {
    const PackedMatrix<Scalar>& key = key_transposes_[static_cast<std::size_t>(head)];
    key.multiply(kernels, {0, panel_count(features_)}, {own.query + head * key_size_, key_size_}, 1,
                 {own.key_query, features_});
    for (int f = 0; f < features_; ++f) own.transposed[f * heads_ + head] = own.key_query[f];
  }
  kernels.product({.rows = heads_,
                   .columns = steps,
                   .depth = features_,  // (Kᵀ·q)·s
                   .a = own.transposed,
                   .a_stride = heads_,
                   .b = source.data,
                   .b_row_stride = 1,
                   .b_column_stride = source.stride,
                   .c = own.scores,
                   .c_stride = heads_});
  const int stride = key_stride(steps);
  for (int head = 0; head < heads_; ++head)
    for (int day = 0; day < steps; ++day) own.weights[head * stride + day] = own.scores[day * heads_ + head];
  kernels.softmax_columns({.rows = stride,
                           .columns = heads_,
                           .valid_rows = steps,
                           .values = own.weights,
                           .stride = stride,
                           .scale = score_scale<Scalar>(key_size_)});
}

template class PredictedSelfAttention<DEEPMINE_SCALAR>;
template class PredictedCrossAttention<DEEPMINE_SCALAR>;

}  // namespace deepmine::nn
