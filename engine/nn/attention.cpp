#include "engine/nn/attention.h"

#include <cmath>

#include "engine/nn/dense.h"
#include "engine/nn/instantiate.h"
#include "engine/nn/sums.h"

namespace deepmine::nn {

template <class Scalar>
typename MultiHeadAttention<Scalar>::Projection MultiHeadAttention<Scalar>::declare(ParameterLayout& layout,
                                                                                    const std::string& name,
                                                                                    int inputs, int outputs) {
  const TensorId kernel =
      layout.add(name + "_kernel", outputs, inputs, Role::attention_kernel, Initialiser::glorot_uniform);
  layout.add_packed(kernel);
  return {kernel, layout.add(name + "_bias", outputs, 1, Role::bias, Initialiser::zeros), inputs, outputs};
}

template <class Scalar>
MultiHeadAttention<Scalar>::MultiHeadAttention(ParameterLayout& layout, const std::string& name,
                                               AttentionOptions options)
    : options_(options), dropout_(name + "/dropout", options.dropout) {
  const int inner = options.heads * options.key_size;
  query_ = declare(layout, name + "/query", options.query_features, inner);
  key_ = declare(layout, name + "/key", options.source_features, inner);
  value_ = declare(layout, name + "/value", options.source_features, inner);
  output_ = declare(layout, name + "/output", inner, options.outputs);
}

template <class Scalar>
void MultiHeadAttention<Scalar>::plan(Arena& arena, int blocks, int query_steps, int key_steps,
                                      Cache& cache) const {
  const int inner = options_.heads * options_.key_size;
  cache.query_steps = query_steps;
  cache.key_steps = key_steps;
  cache.output = arena.activations<Scalar>(blocks, options_.outputs, query_steps);
  for (Activations<Scalar>* tensor : {&cache.query, &cache.attended, &cache.d_query, &cache.d_attended})
    *tensor = arena.activations<Scalar>(blocks, inner, query_steps);
  for (Activations<Scalar>* tensor : {&cache.key, &cache.value, &cache.d_key, &cache.d_value})
    *tensor = arena.activations<Scalar>(blocks, inner, key_steps);
  const auto weights = static_cast<std::size_t>(weights_size(cache) * blocks * block_size * options_.heads);
  cache.weights = arena.take<Scalar>(weights);
  if (dropout_.rate() > 0) cache.mask = arena.take<Scalar>(weights);
  cache.scratch = arena.take<Scalar>(static_cast<std::size_t>(scratch_size(cache) * max_lanes));
}

template <class Scalar>
std::ptrdiff_t MultiHeadAttention<Scalar>::scratch_size(const Cache& cache) const {
  return static_cast<std::ptrdiff_t>(weight_stride(cache)) * options_.key_size + 2 * weights_size(cache);
}

template <class Scalar>
Scalar* MultiHeadAttention<Scalar>::lane_scratch(const Cache& cache, int lane) const {
  return cache.scratch + lane * scratch_size(cache);
}

template <class Scalar>
void MultiHeadAttention<Scalar>::project(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                                         const Projection& projection, int block, Activations<const Scalar> x,
                                         const Activations<Scalar>& y) {
  pass.kernels.product({.rows = projection.outputs,
                        .columns = x.columns(),
                        .depth = projection.inputs,
                        .a = parameters.packed(projection.kernel),
                        .a_stride = packed,
                        .b = x.block(block),
                        .b_row_stride = 1,
                        .b_column_stride = projection.inputs,
                        .c = y.block(block),
                        .c_stride = projection.outputs,
                        .start = Start::bias,
                        .bias = parameters[projection.bias]});
}

template <class Scalar>
void MultiHeadAttention<Scalar>::project_backward(const Pass<Scalar>& pass,
                                                  const ParameterView<Scalar>& parameters,
                                                  const Projection& projection, int block, int lane,
                                                  Activations<const Scalar> x, const Scalar* dy,
                                                  GradientTarget<Scalar> dx,
                                                  const Gradients<Scalar>& gradients) {
  pass.kernels.product({.rows = projection.outputs,
                        .columns = projection.inputs,
                        .depth = x.columns(),
                        .a = dy,
                        .a_stride = projection.outputs,
                        .b = x.block(block),
                        .b_row_stride = projection.inputs,
                        .b_column_stride = 1,
                        .c = gradients.of(lane, projection.kernel),
                        .c_stride = projection.outputs,
                        .start = pass.gradient_start(block, lane)});
  pass.kernels.column_sums({projection.outputs, x.columns(), dy, projection.outputs,
                            gradients.of(lane, projection.bias), pass.gradient_start(block, lane)});
  if (!dx.wanted()) return;
  pass.kernels.product({.rows = projection.inputs,
                        .columns = x.columns(),
                        .depth = projection.outputs,
                        .a = parameters.packed_transpose(projection.kernel),
                        .a_stride = packed,
                        .b = dy,
                        .b_row_stride = 1,
                        .b_column_stride = projection.outputs,
                        .c = dx.to.block(block),
                        .c_stride = projection.inputs,
                        .start = dx.accumulate ? Start::accumulate : Start::zero});
}

/// transposed (key steps × d) from a head's columns (d × key steps). The rows up to `weight_stride` are 0,
/// and so are the scores that are made of them: whole vectors all the way.
template <class Scalar>
void MultiHeadAttention<Scalar>::transpose_head(const Pass<Scalar>& pass, const Scalar* head,
                                                std::ptrdiff_t head_stride, const Cache& cache,
                                                Scalar* transposed) const {
  const int stride = weight_stride(cache);
  pass.kernels.transpose({.rows = options_.key_size,
                          .columns = cache.key_steps,
                          .from = head,
                          .from_stride = head_stride,
                          .to = transposed,
                          .to_stride = stride});
  for (int i = 0; i < options_.key_size; ++i)
    std::fill(transposed + i * stride + cache.key_steps, transposed + (i + 1) * stride, Scalar(0));
}

/// One sample and head: weights, then the weighted sum of the values.
template <class Scalar>
void MultiHeadAttention<Scalar>::attend(const Pass<Scalar>& pass, int block, int lane, int position, int head,
                                        int valid_keys, const Cache& cache) const {
  const int d = options_.key_size, keys = cache.key_steps, stride = weight_stride(cache);
  const std::ptrdiff_t step =
      static_cast<std::ptrdiff_t>(cache.query.features) * block_size;  // from day to day of one sample
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(head) * d;
  Scalar* scratch = lane_scratch(cache, lane);
  Scalar* weights = cache.weights + weights_at(cache, block, position, head);
  transpose_head(pass, cache.key.column(block, position) + at, step, cache, scratch);
  pass.kernels.product({.rows = stride,
                        .columns = cache.query_steps,
                        .depth = d,  // Kᵀ·Q
                        .a = scratch,
                        .a_stride = stride,
                        .b = cache.query.column(block, position) + at,
                        .b_row_stride = 1,
                        .b_column_stride = step,
                        .c = weights,
                        .c_stride = stride});
  pass.kernels.softmax_columns({.rows = stride,
                                .columns = cache.query_steps,
                                .valid_rows = valid_keys,
                                .values = weights,
                                .stride = stride,
                                .scale = static_cast<Scalar>(1 / std::sqrt(static_cast<double>(d)))});
  if (dropout_.active(pass.mode)) {
    Scalar* mask = cache.mask + weights_at(cache, block, position, head);
    const auto size = static_cast<std::size_t>(weights_size(cache));
    dropout_.draw(pass.kernels, pass.sample_keys[block * block_size + position],
                  static_cast<std::uint64_t>(head) * size, size, mask);
    Scalar* dropped = scratch + stride * d;
    pass.kernels.multiply({size, weights, mask, dropped});
    weights = dropped;
  }
  pass.kernels.product({.rows = d,
                        .columns = cache.query_steps,
                        .depth = keys,  // V·P
                        .a = cache.value.column(block, position) + at,
                        .a_stride = step,
                        .b = weights,
                        .b_row_stride = 1,
                        .b_column_stride = stride,
                        .c = cache.attended.column(block, position) + at,
                        .c_stride = step});
}

template <class Scalar>
void MultiHeadAttention<Scalar>::forward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                                         Activations<const Scalar> query, Activations<const Scalar> source,
                                         Cache& cache) const {
  cache.output.lengths = query.lengths;
  pass.for_my_blocks([&](int block, int lane) {
    project(pass, parameters, query_, block, query, cache.query);
    project(pass, parameters, key_, block, source, cache.key);
    project(pass, parameters, value_, block, source, cache.value);
    for (int s = 0; s < block_size; ++s) {
      const bool padding = s >= pass.batch.samples_in(block);
      const int valid_keys = padding ? source.steps : source.valid_steps(pass.batch, block, s);
      for (int head = 0; head < options_.heads; ++head) attend(pass, block, lane, s, head, valid_keys, cache);
    }
    project(pass, parameters, output_, block, cache.attended, cache.output);
  });
}

template <class Scalar>
void MultiHeadAttention<Scalar>::attend_backward(const Pass<Scalar>& pass, int block, int lane, int position,
                                                 int head, const Cache& cache) const {
  const int d = options_.key_size, keys = cache.key_steps, queries = cache.query_steps,
            stride = weight_stride(cache);
  const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(cache.query.features) * block_size;
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(head) * d;
  const bool dropped = dropout_.active(pass.mode);
  Scalar* transposed_value = lane_scratch(cache, lane);
  Scalar* d_scores = transposed_value + stride * d;
  Scalar* dropped_weights = d_scores + weights_size(cache);
  const Scalar* weights = cache.weights + weights_at(cache, block, position, head);
  const Scalar* mask = dropped ? cache.mask + weights_at(cache, block, position, head) : nullptr;
  const Scalar* d_attended = cache.d_attended.column(block, position) + at;

  transpose_head(pass, cache.value.column(block, position) + at, step, cache, transposed_value);
  pass.kernels.product({.rows = stride,
                        .columns = queries,
                        .depth = d,  // Vᵀ·dO
                        .a = transposed_value,
                        .a_stride = stride,
                        .b = d_attended,
                        .b_row_stride = 1,
                        .b_column_stride = step,
                        .c = d_scores,
                        .c_stride = stride});
  pass.kernels.softmax_backward({.rows = stride,
                                 .columns = queries,
                                 .stride = stride,
                                 .weights = weights,
                                 .mask = mask,
                                 .dropped = dropped_weights,
                                 .d = d_scores,
                                 .scale = static_cast<Scalar>(1 / std::sqrt(static_cast<double>(d)))});
  pass.kernels.product({.rows = d,
                        .columns = keys,
                        .depth = queries,  // dV = dO·Pᵀ
                        .a = d_attended,
                        .a_stride = step,
                        .b = dropped ? dropped_weights : weights,
                        .b_row_stride = stride,
                        .b_column_stride = 1,
                        .c = cache.d_value.column(block, position) + at,
                        .c_stride = step});
  pass.kernels.product({.rows = d,
                        .columns = queries,
                        .depth = keys,  // dQ = K·dS
                        .a = cache.key.column(block, position) + at,
                        .a_stride = step,
                        .b = d_scores,
                        .b_row_stride = 1,
                        .b_column_stride = stride,
                        .c = cache.d_query.column(block, position) + at,
                        .c_stride = step});
  pass.kernels.product({.rows = d,
                        .columns = keys,
                        .depth = queries,  // dK = Q·dSᵀ
                        .a = cache.query.column(block, position) + at,
                        .a_stride = step,
                        .b = d_scores,
                        .b_row_stride = stride,
                        .b_column_stride = 1,
                        .c = cache.d_key.column(block, position) + at,
                        .c_stride = step});
}

template <class Scalar>
void MultiHeadAttention<Scalar>::backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                                          Activations<const Scalar> query, Activations<const Scalar> source,
                                          Cache& cache, Activations<const Scalar> dy,
                                          GradientTarget<Scalar> d_query_input,
                                          GradientTarget<Scalar> d_source,
                                          const Gradients<Scalar>& gradients) const {
  pass.for_my_blocks([&](int block, int lane) {
    project_backward(pass, parameters, output_, block, lane, cache.attended, dy.block(block),
                     overwrite(cache.d_attended), gradients);
    for (int s = 0; s < block_size; ++s)
      for (int head = 0; head < options_.heads; ++head) attend_backward(pass, block, lane, s, head, cache);
    project_backward(pass, parameters, query_, block, lane, query, cache.d_query.block(block), d_query_input,
                     gradients);
    project_backward(pass, parameters, key_, block, lane, source, cache.d_key.block(block), d_source,
                     gradients);
    const GradientTarget<Scalar> also_d_source{d_source.to, true};
    project_backward(pass, parameters, value_, block, lane, source, cache.d_value.block(block), also_d_source,
                     gradients);
  });
}

template <class Scalar>
Scalar MultiHeadAttention<Scalar>::mean_weight(const Cache& cache, int sample, int query_step,
                                               int key_step) const {
  Scalar sum = 0;
  for (int head = 0; head < options_.heads; ++head)
    sum += cache.weights[weights_at(cache, sample / block_size, sample % block_size, head) +
                         static_cast<std::ptrdiff_t>(query_step) * weight_stride(cache) + key_step];
  return sum / static_cast<Scalar>(options_.heads);
}

template class MultiHeadAttention<DEEPMINE_SCALAR>;

}  // namespace deepmine::nn
