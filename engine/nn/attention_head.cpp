#include "engine/nn/attention_head.h"

#include <algorithm>
#include <cmath>

#include "engine/nn/instantiate.h"

namespace deepmine::nn {
namespace {

template <class Scalar>
Scalar score_scale(const AttentionShape& shape) {
  return static_cast<Scalar>(1 / std::sqrt(static_cast<double>(shape.key_size)));
}

/// A head's scratch, cut up.
template <class Scalar>
struct Scratch {
  explicit Scratch(const AttentionHead<Scalar>& head)
      : transposed_key(head.scratch),
        transposed_value(transposed_key + head.shape.transposed_size()),
        weights(transposed_value + head.shape.transposed_size()),
        mask(weights + head.shape.chunk_size()),
        dropped(mask + head.shape.chunk_size()),
        d_scores(dropped + head.shape.chunk_size()) {}
  Scalar *transposed_key, *transposed_value;
  Scalar *weights, *mask, *dropped, *d_scores;  ///< of a chunk of queries
};

/// Some queries of a head, and where their weights and masks are.
template <class Scalar>
struct Chunk {
  Chunk(const AttentionHead<Scalar>& head, const Scratch<Scalar>& scratch, int first_query)
      : first(first_query),
        queries(std::min(head.shape.chunk(), head.shape.query_steps - first_query)),
        count(static_cast<std::size_t>(head.shape.weight_stride()) * static_cast<std::size_t>(queries)),
        weights(head.shape.keeps_weights() ? head.weights : scratch.weights),
        mask(head.shape.keeps_weights() ? head.mask : scratch.mask) {}
  int first, queries;
  std::size_t count;  ///< of weights, padding included
  Scalar *weights, *mask;
};

/// transposed (keys × key_size) from a head's columns. The rows up to the stride are 0, and so are the scores
/// that are made of them: whole vectors all the way.
template <class Scalar>
void transpose_columns(const Kernels<Scalar>& kernels, const AttentionHead<Scalar>& head,
                       const Scalar* columns, Scalar* transposed) {
  const int stride = head.shape.weight_stride(), keys = head.shape.key_steps;
  kernels.transpose({.rows = head.shape.key_size,
                     .columns = keys,
                     .from = columns,
                     .from_stride = head.step,
                     .to = transposed,
                     .to_stride = stride});
  for (int i = 0; i < head.shape.key_size; ++i)
    std::fill(transposed + i * stride + keys, transposed + (i + 1) * stride, Scalar(0));
}

/// C (keys × queries of the chunk) = Aᵀ·B, A being transposed already.
template <class Scalar>
void multiply_by_queries(const Kernels<Scalar>& kernels, const AttentionHead<Scalar>& head,
                         const Chunk<Scalar>& chunk, const Scalar* transposed, const Scalar* b, Scalar* c) {
  const int stride = head.shape.weight_stride();
  kernels.product({.rows = stride,
                   .columns = chunk.queries,
                   .depth = head.shape.key_size,
                   .a = transposed,
                   .a_stride = stride,
                   .b = b + chunk.first * head.step,
                   .b_row_stride = 1,
                   .b_column_stride = head.step,
                   .c = c,
                   .c_stride = stride});
}

/// P = softmax(Kᵀ·Q / √d) and the mask of its dropout.
template <class Scalar>
void weigh(const Kernels<Scalar>& kernels, const AttentionHead<Scalar>& head, const Chunk<Scalar>& chunk,
           const Scalar* transposed_key) {
  const int stride = head.shape.weight_stride();
  multiply_by_queries(kernels, head, chunk, transposed_key, head.query, chunk.weights);
  kernels.softmax_columns({.rows = stride,
                           .columns = chunk.queries,
                           .valid_rows = head.valid_keys,
                           .values = chunk.weights,
                           .stride = stride,
                           .scale = score_scale<Scalar>(head.shape)});
  if (head.dropout == nullptr) return;
  const auto first = static_cast<std::uint64_t>(stride) * static_cast<std::uint64_t>(chunk.first);
  head.dropout->draw(kernels, head.sample_key, head.first_unit + first, chunk.count, chunk.mask);
}

/// C (key_size × keys) (+)= A · Bᵀ over the queries of the chunk: the chains of sums go on from chunk to
/// chunk.
template <class Scalar>
void add_over_queries(const Kernels<Scalar>& kernels, const AttentionHead<Scalar>& head,
                      const Chunk<Scalar>& chunk, const Scalar* a, const Scalar* b, Scalar* c) {
  kernels.product({.rows = head.shape.key_size,
                   .columns = head.shape.key_steps,
                   .depth = chunk.queries,
                   .a = a + chunk.first * head.step,
                   .a_stride = head.step,
                   .b = b,
                   .b_row_stride = head.shape.weight_stride(),
                   .b_column_stride = 1,
                   .c = c,
                   .c_stride = head.step,
                   .start = chunk.first == 0 ? Start::zero : Start::accumulate});
}

/// C (key_size × queries of the chunk) = A · B over the keys.
template <class Scalar>
void sum_over_keys(const Kernels<Scalar>& kernels, const AttentionHead<Scalar>& head,
                   const Chunk<Scalar>& chunk, const Scalar* a, const Scalar* b, Scalar* c) {
  kernels.product({.rows = head.shape.key_size,
                   .columns = chunk.queries,
                   .depth = head.shape.key_steps,
                   .a = a,
                   .a_stride = head.step,
                   .b = b,
                   .b_row_stride = 1,
                   .b_column_stride = head.shape.weight_stride(),
                   .c = c + chunk.first * head.step,
                   .c_stride = head.step});
}

}  // namespace

template <class Scalar>
void attend(const Kernels<Scalar>& kernels, const AttentionHead<Scalar>& head) {
  const Scratch<Scalar> scratch(head);
  transpose_columns(kernels, head, head.key, scratch.transposed_key);
  for (int first = 0; first < head.shape.query_steps; first += head.shape.chunk()) {
    const Chunk<Scalar> chunk(head, scratch, first);
    weigh(kernels, head, chunk, scratch.transposed_key);
    if (head.dropout != nullptr) kernels.multiply({chunk.count, chunk.weights, chunk.mask, scratch.dropped});
    const Scalar* dropped = head.dropout != nullptr ? scratch.dropped : chunk.weights;
    sum_over_keys(kernels, head, chunk, head.value, dropped, head.attended);  // V·(P·m)
  }
}

template <class Scalar>
void attend_backward(const Kernels<Scalar>& kernels, const AttentionHead<Scalar>& head) {
  const Scratch<Scalar> scratch(head);
  const bool again = !head.shape.keeps_weights();
  if (again) transpose_columns(kernels, head, head.key, scratch.transposed_key);
  transpose_columns(kernels, head, head.value, scratch.transposed_value);
  for (int first = 0; first < head.shape.query_steps; first += head.shape.chunk()) {
    const Chunk<Scalar> chunk(head, scratch, first);
    if (again) weigh(kernels, head, chunk, scratch.transposed_key);
    multiply_by_queries(kernels, head, chunk, scratch.transposed_value, head.d_attended,
                        scratch.d_scores);  // Vᵀ·dO
    const bool drops = head.dropout != nullptr;
    kernels.softmax_backward({.rows = head.shape.weight_stride(),
                              .columns = chunk.queries,
                              .stride = head.shape.weight_stride(),
                              .weights = chunk.weights,
                              .mask = drops ? chunk.mask : nullptr,
                              .dropped = scratch.dropped,
                              .d = scratch.d_scores,
                              .scale = score_scale<Scalar>(head.shape)});
    const Scalar* dropped = drops ? scratch.dropped : chunk.weights;
    add_over_queries(kernels, head, chunk, head.d_attended, dropped, head.d_value);    // dV = dO·(P·m)ᵀ
    sum_over_keys(kernels, head, chunk, head.key, scratch.d_scores, head.d_query);     // dQ = K·dS
    add_over_queries(kernels, head, chunk, head.query, scratch.d_scores, head.d_key);  // dK = Q·dSᵀ
  }
}

template void attend(const Kernels<DEEPMINE_SCALAR>&, const AttentionHead<DEEPMINE_SCALAR>&);
template void attend_backward(const Kernels<DEEPMINE_SCALAR>&, const AttentionHead<DEEPMINE_SCALAR>&);

}  // namespace deepmine::nn
