// Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000).
//
//                 ┌──────────────────────────────────────────────┐
//   c(t−1) ──────►│ × f ───────────────► + ──────────────────────┼──► c(t)
//                 │                      ▲             │         │
//                 │              i × g ──┘            tanh       │
//                 │                                    ▼         │
//   h(t−1)·m_h ──►│ i f g o ─────────────────────► o × ──────────┼──► h(t)
//                 └───▲──────────────────────────────────────────┘
//   x(t)·m_x ─────────┘
//
//   [i f g o] = [σ σ tanh σ]( W·(x(t)·m_x) + U·(h(t−1)·m_h) + b )      W (4H × I), U (4H × H), b (4H)
//   c(t) = f·c(t−1) + i·g        h(t) = o·tanh(c(t))                  h(−1) = c(−1) = 0
//
// One dropout mask a sequence: m_x (I) and m_h (H) are shared by the gates and by all steps; m_h multiplies
// h(t−1) before the recurrent product only (Gal and Ghahramani 2016, as Keras does it). After the end of a
// shorter sequence the state is carried on unchanged, so the last column always holds the last state that
// counts.
#pragma once

#include <string>

#include "engine/nn/dropout.h"

namespace deepmine::nn {

struct LstmOptions {
  double input_dropout = 0, recurrent_dropout = 0;
  bool all_steps = true;  ///< output h of every step, or of the last one
};

template <class Scalar>
class Lstm {
 public:
  struct Cache {
    Activations<Scalar> output;        ///< H × (T · block_size), or H × block_size; a window into `hidden`
    Activations<Scalar> masked_input;  ///< x · m_x; only with input dropout
    Activations<Scalar> input_mask, recurrent_mask;  ///< I × block_size, H × block_size
    Scalar* gates = nullptr;                         ///< a block: (4H + padding) × (T · block_size)
    Activations<Scalar> hidden, hidden_masked,
        cell;                       ///< T + 1 steps: the state before each step and after the last
    Activations<Scalar> cell_tanh;  ///< T steps
    Scalar *d_hidden = nullptr, *d_cell = nullptr,
           *carried = nullptr;  ///< a lane: H × block_size (carried: 2H)
  };

  Lstm() = default;
  /// Declares `name/kernel` (4H × I), `name/recurrent_kernel` (4H × H) and `name/bias` (4H).
  Lstm(ParameterLayout& layout, const std::string& name, int inputs, int units, LstmOptions options);

  int inputs() const { return inputs_; }
  int units() const { return units_; }

  void plan(Arena& arena, int blocks, int steps, Cache& cache) const;
  void forward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters, Activations<const Scalar> x,
               Cache& cache) const;
  /// Backpropagation through time; `dy` has the shape of the output. Overwrites gates and masked input in the
  /// cache. A column of dx past the end of its sequence is 0.
  void backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                Activations<const Scalar> x, Cache& cache, Activations<const Scalar> dy,
                GradientTarget<Scalar> dx, const Gradients<Scalar>& gradients) const;

 private:
  // The distance from column to column of the gates stays off powers of two, which would all fall into one
  // cache set.
  std::ptrdiff_t gate_stride() const { return 4 * units_ + 16; }
  Scalar* gates_of(const Cache& cache, int block, int step) const;
  void draw_masks(const Pass<Scalar>& pass, int block, Activations<const Scalar> x, Cache& cache) const;
  void carry_finished(const Pass<Scalar>& pass, int block, int step, const int* lengths,
                      const Cache& cache) const;
  void backward_through_time(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters, int block,
                             int lane, const int* lengths, Cache& cache, Activations<const Scalar> dy) const;
  void input_gradient(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters, int block,
                      const Cache& cache, GradientTarget<Scalar> dx) const;
  void parameter_gradients(const Pass<Scalar>& pass, int block, int lane, Activations<const Scalar> input,
                           const Cache& cache, const Gradients<Scalar>& gradients) const;

  int inputs_ = 0, units_ = 0;
  bool all_steps_ = true;
  DropoutSource input_dropout_, recurrent_dropout_;
  TensorId kernel_ = -1, recurrent_kernel_ = -1, bias_ = -1;
};

}  // namespace deepmine::nn
