#include "engine/nn/lstm.h"

#include <algorithm>

#include "engine/nn/dense.h"
#include "engine/nn/instantiate.h"

namespace deepmine::nn {

template <class Scalar>
Lstm<Scalar>::Lstm(ParameterLayout& layout, const std::string& name, int inputs, int units,
                   LstmOptions options)
    : inputs_(inputs),
      units_(units),
      all_steps_(options.all_steps),
      input_dropout_(name + "/input_dropout", options.input_dropout),
      recurrent_dropout_(name + "/recurrent_dropout", options.recurrent_dropout),
      kernel_(layout.add(name + "/kernel", 4 * units, inputs, Role::kernel, Initialiser::glorot_uniform)),
      recurrent_kernel_(layout.add(name + "/recurrent_kernel", 4 * units, units, Role::recurrent_kernel,
                                   Initialiser::orthogonal)),
      bias_(layout.add(name + "/bias", 4 * units, 1, Role::bias, Initialiser::lstm_bias)) {
  layout.add_packed(kernel_);
  layout.add_packed(recurrent_kernel_);
}

template <class Scalar>
void Lstm<Scalar>::plan(Arena& arena, int blocks, int steps, Cache& cache) const {
  if (input_dropout_.rate() > 0) {
    cache.masked_input = arena.activations<Scalar>(blocks, inputs_, steps);
    cache.input_mask = arena.activations<Scalar>(blocks, inputs_, 1);
  }
  cache.hidden = arena.activations<Scalar>(blocks, units_, steps + 1);
  if (recurrent_dropout_.rate() > 0) {
    cache.hidden_masked = arena.activations<Scalar>(blocks, units_, steps + 1);
    cache.recurrent_mask = arena.activations<Scalar>(blocks, units_, 1);
  }
  cache.cell = arena.activations<Scalar>(blocks, units_, steps + 1);
  cache.cell_tanh = arena.activations<Scalar>(blocks, units_, steps);
  cache.gates = arena.take<Scalar>(static_cast<std::size_t>(gate_stride() * steps * block_size * blocks));
  const auto lane_size = static_cast<std::size_t>(units_) * block_size * max_lanes;
  cache.d_hidden = arena.take<Scalar>(lane_size);
  cache.d_cell = arena.take<Scalar>(lane_size);
  cache.carried = arena.take<Scalar>(2 * lane_size);

  cache.output = cache.hidden;
  cache.output.steps = all_steps_ ? steps : 1;
  if (cache.output.data != nullptr)
    cache.output.data += static_cast<std::ptrdiff_t>(units_) * block_size * (all_steps_ ? 1 : steps);
}

template <class Scalar>
Scalar* Lstm<Scalar>::gates_of(const Cache& cache, int block, int step) const {
  return cache.gates +
         gate_stride() * block_size * (static_cast<std::ptrdiff_t>(block) * cache.cell_tanh.steps + step);
}

template <class Scalar>
void Lstm<Scalar>::draw_masks(const Pass<Scalar>& pass, int block, Activations<const Scalar> x,
                              Cache& cache) const {
  if (!input_dropout_.active(pass.mode) && !recurrent_dropout_.active(pass.mode)) return;  // no keys then
  for (int s = 0; s < block_size; ++s) {
    const RandomKey key = pass.sample_keys[block * block_size + s];
    if (input_dropout_.active(pass.mode))
      input_dropout_.draw(pass.kernels, key, 0, static_cast<std::size_t>(inputs_),
                          cache.input_mask.column(block, s));
    if (recurrent_dropout_.active(pass.mode))
      recurrent_dropout_.draw(pass.kernels, key, 0, static_cast<std::size_t>(units_),
                              cache.recurrent_mask.column(block, s));
  }
  if (!input_dropout_.active(pass.mode)) return;
  const std::ptrdiff_t step_size = static_cast<std::ptrdiff_t>(inputs_) * block_size;
  for (int t = 0; t < x.steps; ++t)
    pass.kernels.multiply({static_cast<std::size_t>(step_size), x.block(block) + t * step_size,
                           cache.input_mask.block(block), cache.masked_input.block(block) + t * step_size});
}

/// The state of sequences that ended before `step` goes on unchanged.
template <class Scalar>
void Lstm<Scalar>::carry_finished(const Pass<Scalar>& pass, int block, int step, const int* lengths,
                                  const Cache& cache) const {
  for (int s = 0; s < pass.batch.samples_in(block); ++s) {
    if (step < lengths[block * block_size + s]) continue;
    for (const Activations<Scalar>* state : {&cache.hidden, &cache.hidden_masked, &cache.cell}) {
      if (!state->wanted()) continue;
      const Scalar* before = state->column(block, step * block_size + s);
      std::copy(before, before + units_, state->column(block, (step + 1) * block_size + s));
    }
  }
}

template <class Scalar>
void Lstm<Scalar>::forward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                           Activations<const Scalar> x, Cache& cache) const {
  const int* lengths = x.lengths;
  // Other threads may be ahead or behind: what stands in the shared cache never changes during a pass.
  cache.output.lengths = all_steps_ ? lengths : nullptr;  // the last step counts for every sample
  const bool recurrent_mask = recurrent_dropout_.active(pass.mode);
  const Activations<Scalar>& fed_back = recurrent_mask ? cache.hidden_masked : cache.hidden;
  pass.for_my_blocks([&](int block, int) {
    draw_masks(pass, block, x, cache);
    const Scalar* input = input_dropout_.active(pass.mode) ? cache.masked_input.block(block) : x.block(block);
    pass.kernels.product({.rows = 4 * units_,
                          .columns = x.columns(),
                          .depth = inputs_,  // W·x + b, all steps at once
                          .a = parameters.packed(kernel_),
                          .a_stride = packed,
                          .b = input,
                          .b_row_stride = 1,
                          .b_column_stride = inputs_,
                          .c = gates_of(cache, block, 0),
                          .c_stride = gate_stride(),
                          .start = Start::bias,
                          .bias = parameters[bias_]});
    for (int t = 0; t < x.steps; ++t) {
      Scalar* gates = gates_of(cache, block, t);
      const int before = t * block_size, after = before + block_size;
      if (t > 0)  // + U·h(t−1); h(−1) = 0
        pass.kernels.product({.rows = 4 * units_,
                              .columns = block_size,
                              .depth = units_,
                              .a = parameters.packed(recurrent_kernel_),
                              .a_stride = packed,
                              .b = fed_back.column(block, before),
                              .b_row_stride = 1,
                              .b_column_stride = units_,
                              .c = gates,
                              .c_stride = gate_stride(),
                              .start = Start::accumulate});
      pass.kernels.lstm_cell_forward(
          {.units = units_,
           .columns = block_size,
           .gates = gates,
           .gate_stride = gate_stride(),
           .cell_before = cache.cell.column(block, before),
           .cell = cache.cell.column(block, after),
           .cell_tanh = cache.cell_tanh.column(block, before),
           .hidden = cache.hidden.column(block, after),
           .recurrent_mask = recurrent_mask ? cache.recurrent_mask.block(block) : nullptr,
           .hidden_masked = recurrent_mask ? cache.hidden_masked.column(block, after) : nullptr});
      if (lengths != nullptr) carry_finished(pass, block, t, lengths, cache);
    }
  });
}

template <class Scalar>
void Lstm<Scalar>::backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                            Activations<const Scalar> x, Cache& cache, Activations<const Scalar> dy,
                            GradientTarget<Scalar> dx, const Gradients<Scalar>& gradients) const {
  const Activations<const Scalar> input =
      input_dropout_.active(pass.mode) ? Activations<const Scalar>(cache.masked_input) : x;
  pass.for_my_blocks([&](int block, int lane) {
    backward_through_time(pass, parameters, block, lane, x.lengths, cache, dy);
    parameter_gradients(pass, block, lane, input, cache, gradients);
    if (dx.wanted()) input_gradient(pass, parameters, block, cache, dx);
  });
}

/// Turns the gates of all steps into the gradients of their pre-activations, last step first:
///   dh = dy(t) + m_h · Uᵀ·dz(t+1)      dc = dh·o·(1 − tanh²c) + dc(t+1)·f(t+1)
///   dz_i = dc·g·i(1 − i)   dz_f = dc·c(t−1)·f(1 − f)   dz_g = dc·i·(1 − g²)   dz_o = dh·tanh(c)·o(1 − o)
template <class Scalar>
void Lstm<Scalar>::backward_through_time(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                                         int block, int lane, const int* lengths, Cache& cache,
                                         Activations<const Scalar> dy) const {
  const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(units_) * block_size;
  Scalar* d_hidden = cache.d_hidden + lane * size;
  Scalar* d_cell = cache.d_cell + lane * size;
  Scalar* carried = cache.carried + lane * 2 * size;  // dh, then dc, of sequences that have ended
  std::fill_n(d_hidden, size, Scalar(0));
  std::fill_n(d_cell, size, Scalar(0));
  const int steps = cache.cell_tanh.steps;
  const Scalar* recurrent_mask =
      recurrent_dropout_.active(pass.mode) ? cache.recurrent_mask.block(block) : nullptr;
  // Where sequences end early, their gradients are kept aside, complete: the cells are then handed the sum.
  const bool any_ended = lengths != nullptr || pass.batch.samples_in(block) < block_size;
  for (int t = steps - 1; t >= 0; --t) {
    const bool arrives = all_steps_ || t == steps - 1;
    const Scalar* from_above = arrives ? dy.block(block) + (all_steps_ ? t * size : 0) : nullptr;
    Scalar* gates = gates_of(cache, block, t);
    const auto ended = [&](int s) {
      return s >= pass.batch.samples_in(block) ||
             (lengths != nullptr && t >= lengths[block * block_size + s]);
    };
    if (any_ended) {
      for (std::ptrdiff_t i = 0; arrives && i < size; ++i) d_hidden[i] += from_above[i];
      std::copy_n(d_hidden, size, carried);
      std::copy_n(d_cell, size, carried + size);
    }
    pass.kernels.lstm_cell_backward({.units = units_,
                                     .columns = block_size,
                                     .gates = gates,
                                     .gate_stride = gate_stride(),
                                     .cell_before = cache.cell.column(block, t * block_size),
                                     .cell_tanh = cache.cell_tanh.column(block, t * block_size),
                                     .d_hidden = d_hidden,
                                     .recurrent_mask = any_ended ? nullptr : recurrent_mask,
                                     .from_above = any_ended ? nullptr : from_above,
                                     .d_cell = d_cell});
    if (any_ended)  // nothing was computed at this step: no gradient of the gates, the state's goes straight
                    // through
      for (int s = 0; s < block_size; ++s)
        if (ended(s)) std::fill_n(gates + s * gate_stride(), 4 * units_, Scalar(0));
    if (t > 0)
      pass.kernels.product({.rows = units_,
                            .columns = block_size,
                            .depth = 4 * units_,
                            .a = parameters.packed_transpose(recurrent_kernel_),
                            .a_stride = packed,
                            .b = gates,
                            .b_row_stride = 1,
                            .b_column_stride = gate_stride(),
                            .c = d_hidden,
                            .c_stride = units_});
    if (any_ended && recurrent_mask != nullptr)
      for (std::ptrdiff_t i = 0; i < size; ++i) d_hidden[i] *= recurrent_mask[i];
    if (any_ended)
      for (int s = 0; s < block_size; ++s) {
        if (!ended(s)) continue;
        std::copy_n(carried + s * units_, units_, d_hidden + s * units_);
        std::copy_n(carried + size + s * units_, units_, d_cell + s * units_);
      }
  }
}

/// dx = m_x · Wᵀ·dz. With a mask the product is made in the place of x·m_x, which nobody needs any more.
template <class Scalar>
void Lstm<Scalar>::input_gradient(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                                  int block, const Cache& cache, GradientTarget<Scalar> dx) const {
  const bool masked = input_dropout_.active(pass.mode);
  Scalar* product = masked ? cache.masked_input.block(block) : dx.to.block(block);
  pass.kernels.product({.rows = inputs_,
                        .columns = dx.to.columns(),
                        .depth = 4 * units_,
                        .a = parameters.packed_transpose(kernel_),
                        .a_stride = packed,
                        .b = gates_of(cache, block, 0),
                        .b_row_stride = 1,
                        .b_column_stride = gate_stride(),
                        .c = product,
                        .c_stride = inputs_,
                        .start = dx.accumulate && !masked ? Start::accumulate : Start::zero});
  if (!masked) return;
  const Scalar* mask = cache.input_mask.block(block);
  const std::ptrdiff_t step_size = static_cast<std::ptrdiff_t>(inputs_) * block_size;
  for (int t = 0; t < dx.to.steps; ++t)
    pass.kernels.multiply({static_cast<std::size_t>(step_size), product + t * step_size, mask,
                           dx.to.block(block) + t * step_size, dx.accumulate});
}

/// dW += dZ·(x·m_x)ᵀ, dU += dZ·(h·m_h)ᵀ, db += Σ dZ: one product over all steps each (of which step 0 has no
/// state before it).
template <class Scalar>
void Lstm<Scalar>::parameter_gradients(const Pass<Scalar>& pass, int block, int lane,
                                       Activations<const Scalar> input, const Cache& cache,
                                       const Gradients<Scalar>& gradients) const {
  const int rows = 4 * units_, columns = input.columns();
  const Scalar* dz = gates_of(cache, block, 0);
  const Start start = pass.gradient_start(block, lane);
  pass.kernels.product({.rows = rows,
                        .columns = inputs_,
                        .depth = columns,
                        .a = dz,
                        .a_stride = gate_stride(),
                        .b = input.block(block),
                        .b_row_stride = inputs_,
                        .b_column_stride = 1,
                        .c = gradients.of(lane, kernel_),
                        .c_stride = rows,
                        .start = start});
  const Activations<Scalar>& fed_back =
      recurrent_dropout_.active(pass.mode) ? cache.hidden_masked : cache.hidden;
  pass.kernels.product({.rows = rows,
                        .columns = units_,
                        .depth = columns - block_size,
                        .a = gates_of(cache, block, 1),
                        .a_stride = gate_stride(),
                        .b = fed_back.column(block, block_size),
                        .b_row_stride = units_,
                        .b_column_stride = 1,
                        .c = gradients.of(lane, recurrent_kernel_),
                        .c_stride = rows,
                        .start = start});
  pass.kernels.column_sums({rows, columns, dz, gate_stride(), gradients.of(lane, bias_), start});
}

template class Lstm<DEEPMINE_SCALAR>;

}  // namespace deepmine::nn
