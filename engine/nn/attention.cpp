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

/// Rows of a column of queries, keys and values. The days of one sample lie block_size columns apart; were
/// that a multiple of 4096 bytes, a head's days would drive each other out of the first-level cache.
static int column_height(int inner) {
  return inner % 32 == 0 ? inner + 16 : inner;
}

template <class Scalar>
void MultiHeadAttention<Scalar>::plan(Arena& arena, int blocks, int query_steps, int key_steps,
                                      Cache& cache) const {
  const int inner = column_height(options_.heads * options_.key_size);
  cache.shape = {options_.key_size, query_steps, key_steps, options_.most_kept_weights};
  cache.source.steps = key_steps;
  cache.output = arena.activations<Scalar>(blocks, options_.outputs, query_steps);
  for (Activations<Scalar>* tensor : {&cache.query, &cache.attended, &cache.d_query, &cache.d_attended})
    *tensor = arena.activations<Scalar>(blocks, inner, query_steps);
  for (Activations<Scalar>* tensor : {&cache.key, &cache.value, &cache.d_key, &cache.d_value})
    *tensor = arena.activations<Scalar>(blocks, inner, key_steps);
  if (cache.shape.keeps_weights()) {
    const auto weights =
        static_cast<std::size_t>(cache.shape.weight_count() * blocks * block_size * options_.heads);
    cache.weights = arena.take<Scalar>(weights);
    if (dropout_.rate() > 0) cache.mask = arena.take<Scalar>(weights);
  }
  cache.scratch = arena.take<Scalar>(static_cast<std::size_t>(cache.shape.scratch_size() * max_lanes));
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
                        .b_column_stride = x.features,
                        .c = y.block(block),
                        .c_stride = y.features,
                        .start = Start::bias,
                        .bias = parameters[projection.bias]});
}

template <class Scalar>
void MultiHeadAttention<Scalar>::project_backward(const Pass<Scalar>& pass,
                                                  const ParameterView<Scalar>& parameters,
                                                  const Projection& projection, int block, int lane,
                                                  Activations<const Scalar> x, Activations<const Scalar> dy,
                                                  GradientTarget<Scalar> dx,
                                                  const Gradients<Scalar>& gradients) {
  pass.kernels.product({.rows = projection.outputs,
                        .columns = projection.inputs,
                        .depth = x.columns(),
                        .a = dy.block(block),
                        .a_stride = dy.features,
                        .b = x.block(block),
                        .b_row_stride = x.features,
                        .b_column_stride = 1,
                        .c = gradients.of(lane, projection.kernel),
                        .c_stride = projection.outputs,
                        .start = pass.gradient_start(block, lane)});
  pass.kernels.column_sums({projection.outputs, x.columns(), dy.block(block), dy.features,
                            gradients.of(lane, projection.bias), pass.gradient_start(block, lane)});
  if (!dx.wanted()) return;
  pass.kernels.product({.rows = projection.inputs,
                        .columns = x.columns(),
                        .depth = projection.outputs,
                        .a = parameters.packed_transpose(projection.kernel),
                        .a_stride = packed,
                        .b = dy.block(block),
                        .b_row_stride = 1,
                        .b_column_stride = dy.features,
                        .c = dx.to.block(block),
                        .c_stride = dx.to.features,
                        .start = dx.accumulate ? Start::accumulate : Start::zero});
}

/// The head of the sample at `position` of `block`.
template <class Scalar>
AttentionHead<Scalar> MultiHeadAttention<Scalar>::head_of(const Pass<Scalar>& pass, int block, int lane,
                                                          int position, int head, const Cache& cache) const {
  const int d = options_.key_size;
  const auto of = [&](const Activations<Scalar>& tensor) {
    return tensor.column(block, position) + head * d;
  };
  AttentionHead<Scalar> at;
  at.shape = cache.shape;
  const bool padding = position >= pass.batch.samples_in(block);
  at.valid_keys = padding ? cache.shape.key_steps : cache.source.valid_steps(pass.batch, block, position);
  at.step = static_cast<std::ptrdiff_t>(cache.query.features) * block_size;
  at.query = of(cache.query);
  at.key = of(cache.key);
  at.value = of(cache.value);
  at.attended = of(cache.attended);
  at.d_attended = of(cache.d_attended);
  at.d_query = of(cache.d_query);
  at.d_key = of(cache.d_key);
  at.d_value = of(cache.d_value);
  at.scratch = cache.scratch + lane * cache.shape.scratch_size();
  if (cache.shape.keeps_weights()) at.weights = cache.weights + weights_at(cache, block, position, head);
  if (!dropout_.active(pass.mode)) return at;
  if (cache.shape.keeps_weights()) at.mask = cache.mask + weights_at(cache, block, position, head);
  at.dropout = &dropout_;
  at.sample_key = pass.sample_keys[block * block_size + position];
  at.first_unit = static_cast<std::uint64_t>(head) * static_cast<std::uint64_t>(cache.shape.weight_count());
  return at;
}

template <class Scalar>
void MultiHeadAttention<Scalar>::forward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                                         Activations<const Scalar> query, Activations<const Scalar> source,
                                         Cache& cache) const {
  cache.output.lengths = query.lengths;
  cache.source.lengths = source.lengths;
  pass.for_my_blocks([&](int block, int lane) {
    project(pass, parameters, query_, block, query, cache.query);
    project(pass, parameters, key_, block, source, cache.key);
    project(pass, parameters, value_, block, source, cache.value);
    for (int s = 0; s < block_size; ++s)
      for (int head = 0; head < options_.heads; ++head)
        attend(pass.kernels, head_of(pass, block, lane, s, head, cache));
    project(pass, parameters, output_, block, cache.attended, cache.output);
  });
}

template <class Scalar>
void MultiHeadAttention<Scalar>::backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                                          Activations<const Scalar> query, Activations<const Scalar> source,
                                          Cache& cache, Activations<const Scalar> dy,
                                          GradientTarget<Scalar> d_query_input,
                                          GradientTarget<Scalar> d_source,
                                          const Gradients<Scalar>& gradients) const {
  pass.for_my_blocks([&](int block, int lane) {
    project_backward(pass, parameters, output_, block, lane, cache.attended, dy, overwrite(cache.d_attended),
                     gradients);
    for (int s = 0; s < block_size; ++s)
      for (int head = 0; head < options_.heads; ++head)
        attend_backward(pass.kernels, head_of(pass, block, lane, s, head, cache));
    project_backward(pass, parameters, query_, block, lane, query, cache.d_query, d_query_input, gradients);
    project_backward(pass, parameters, key_, block, lane, source, cache.d_key, d_source, gradients);
    const GradientTarget<Scalar> also_d_source{d_source.to, true};
    project_backward(pass, parameters, value_, block, lane, source, cache.d_value, also_d_source, gradients);
  });
}

template <class Scalar>
Scalar MultiHeadAttention<Scalar>::mean_weight(const Cache& cache, int sample, int query_step,
                                               int key_step) const {
  Scalar sum = 0;
  for (int head = 0; head < options_.heads; ++head)
    sum += cache.weights[weights_at(cache, sample / block_size, sample % block_size, head) +
                         static_cast<std::ptrdiff_t>(query_step) * cache.shape.weight_stride() + key_step];
  return sum / static_cast<Scalar>(options_.heads);
}

template class MultiHeadAttention<DEEPMINE_SCALAR>;

}  // namespace deepmine::nn
