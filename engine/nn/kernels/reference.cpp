// The plain kernels: portable C++ and the standard library's functions. The version to read, the one that
// runs on any processor, and the one that the vector versions are tested against.
//
// Not Eigen's product: that one allocates, picks another order of summation for thin matrices than for wide
// ones, and starts its chains at zero (docs/architecture.md, Kernels).
#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/nn/instantiate.h"
#include "engine/nn/kernels/kernels.h"
#include "engine/nn/random.h"
#include "engine/nn/sums.h"

namespace deepmine::nn {
namespace {

/// A few scalars that the compiler keeps in one register; 16 bytes is what every 64-bit processor has.
template <class Scalar>
struct VectorOf {
  typedef Scalar Type __attribute__((vector_size(16)));
  static constexpr int width = 16 / sizeof(Scalar);
};

template <class Scalar>
Scalar start_value(const Product<Scalar>& p, int row, int column) {
  switch (p.start) {
    case Start::zero:
      return Scalar(0);
    case Start::accumulate:
      return p.c[row + column * p.c_stride];
    case Start::bias:
      return p.bias[row];
  }
  return Scalar(0);
}

/// Where A is read: row `row` at depth 0, and how far the next depth lies.
template <class Scalar>
struct LeftFactor {
  const Scalar* a;
  std::ptrdiff_t stride;
};

template <class Scalar>
LeftFactor<Scalar> left_factor(const Product<Scalar>& p, int row) {
  if (p.a_stride != packed) return {p.a + row, p.a_stride};
  return {p.a + std::ptrdiff_t{row} / panel_rows * panel_rows * p.depth + row % panel_rows, panel_rows};
}

/// A tile of `vectors` · width rows by `Columns` columns, its sums held in registers. A panel of a packed A
/// is a multiple of it.
template <class Scalar, int vectors, int Columns>
void product_tile(const Product<Scalar>& p, int row, int column) {
  using Vector = typename VectorOf<Scalar>::Type;
  constexpr int width = VectorOf<Scalar>::width;
  Vector sums[Columns][vectors];
  for (int j = 0; j < Columns; ++j)
    for (int v = 0; v < vectors; ++v)
      for (int i = 0; i < width; ++i) sums[j][v][i] = start_value(p, row + v * width + i, column + j);
  static_assert(panel_rows % (vectors * width) == 0);
  const LeftFactor<Scalar> left = left_factor(p, row);
  const Scalar* a = left.a;
  const Scalar* b = p.b + column * p.b_column_stride;
  for (int k = 0; k < p.depth; ++k, a += left.stride, b += p.b_row_stride) {
    Vector rows[vectors];
    std::memcpy(rows, a, sizeof rows);
    for (int j = 0; j < Columns; ++j) {
      const Scalar factor = b[j * p.b_column_stride];
      for (int v = 0; v < vectors; ++v) sums[j][v] += rows[v] * factor;
    }
  }
  for (int j = 0; j < Columns; ++j)
    std::memcpy(p.c + row + (column + j) * p.c_stride, sums[j], sizeof sums[j]);
}

template <class Scalar>
void product_element(const Product<Scalar>& p, int row, int column) {
  Scalar sum = start_value(p, row, column);
  const LeftFactor<Scalar> left = left_factor(p, row);
  for (int k = 0; k < p.depth; ++k)
    sum += left.a[k * left.stride] * p.b[k * p.b_row_stride + column * p.b_column_stride];
  p.c[row + column * p.c_stride] = sum;
}

template <class Scalar>
void product(const Product<Scalar>& p) {
  constexpr int vectors = 2, columns = 4;
  constexpr int rows = vectors * VectorOf<Scalar>::width;
  int row = 0;
  for (; row + rows <= p.rows; row += rows) {
    int column = 0;
    for (; column + columns <= p.columns; column += columns)
      product_tile<Scalar, vectors, columns>(p, row, column);
    for (; column < p.columns; ++column) product_tile<Scalar, vectors, 1>(p, row, column);
  }
  for (; row < p.rows; ++row)
    for (int column = 0; column < p.columns; ++column) product_element(p, row, column);
}

template <class Scalar>
Scalar logistic(Scalar x) {
  // Both branches keep exp's argument negative: no overflow, full precision on both sides.
  if (x >= 0) return Scalar(1) / (Scalar(1) + std::exp(-x));
  const Scalar e = std::exp(x);
  return e / (Scalar(1) + e);
}

template <class Scalar>
void lstm_cell_forward(const LstmCellForward<Scalar>& s) {
  for (int column = 0; column < s.columns; ++column) {
    Scalar* i = s.gates + column * s.gate_stride;
    Scalar *f = i + s.units, *g = f + s.units, *o = g + s.units;
    for (int u = 0; u < s.units; ++u) {
      const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(column) * s.units + u;
      i[u] = logistic(i[u]);
      f[u] = logistic(f[u]);
      g[u] = std::tanh(g[u]);
      o[u] = logistic(o[u]);
      s.cell[at] = f[u] * s.cell_before[at] + i[u] * g[u];
      s.cell_tanh[at] = std::tanh(s.cell[at]);
      s.hidden[at] = o[u] * s.cell_tanh[at];
      if (s.recurrent_mask != nullptr) s.hidden_masked[at] = s.hidden[at] * s.recurrent_mask[at];
    }
  }
}

template <class Scalar>
void lstm_cell_backward(const LstmCellBackward<Scalar>& s) {
  for (int column = 0; column < s.columns; ++column) {
    Scalar* gate_i = s.gates + column * s.gate_stride;
    Scalar *gate_f = gate_i + s.units, *gate_g = gate_f + s.units, *gate_o = gate_g + s.units;
    for (int u = 0; u < s.units; ++u) {
      const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(column) * s.units + u;
      const Scalar i = gate_i[u], f = gate_f[u], g = gate_g[u], o = gate_o[u], t = s.cell_tanh[at];
      Scalar d_hidden = s.d_hidden[at];
      if (s.recurrent_mask != nullptr) d_hidden *= s.recurrent_mask[at];
      if (s.from_above != nullptr) d_hidden += s.from_above[at];
      const Scalar d_cell = s.d_cell[at] + d_hidden * o * (1 - t * t);
      gate_i[u] = d_cell * g * i * (1 - i);
      gate_f[u] = d_cell * s.cell_before[at] * f * (1 - f);
      gate_g[u] = d_cell * i * (1 - g * g);
      gate_o[u] = d_hidden * t * o * (1 - o);
      s.d_cell[at] = d_cell * f;
    }
  }
}

template <class Scalar>
void softmax_columns(const SoftmaxColumns<Scalar>& s) {
  for (int column = 0; column < s.columns; ++column) {
    Scalar* values = s.values + column * s.stride;
    Scalar highest = values[0];
    for (int row = 1; row < s.valid_rows; ++row) highest = std::max(highest, values[row]);
    Scalar sum = 0;
    for (int row = 0; row < s.valid_rows; ++row) {
      values[row] = std::exp((values[row] - highest) * s.scale);
      sum += values[row];
    }
    for (int row = 0; row < s.valid_rows; ++row) values[row] /= sum;
    for (int row = s.valid_rows; row < s.rows; ++row) values[row] = 0;
  }
}

template <class Scalar>
void softmax_backward(const SoftmaxBackward<Scalar>& s) {
  for (std::ptrdiff_t first = 0; first < s.columns * s.stride; first += s.stride) {
    const Scalar* weights = s.weights + first;
    Scalar* d = s.d + first;
    if (s.mask != nullptr)
      for (int row = 0; row < s.rows; ++row) {
        s.dropped[first + row] = weights[row] * s.mask[first + row];
        d[row] *= s.mask[first + row];
      }
    const Scalar mean = ordered_sum(s.rows, [&](int row) { return weights[row] * d[row]; });
    for (int row = 0; row < s.rows; ++row) d[row] = weights[row] * (d[row] - mean) * s.scale;
  }
}

template <class Scalar>
void multiply(const Multiply<Scalar>& s) {
  for (std::size_t i = 0; i < s.count; ++i)
    s.to[i] = s.accumulate ? s.to[i] + s.a[i] * s.b[i] : s.a[i] * s.b[i];
}

template <class Scalar>
void transpose(const Transpose<Scalar>& s) {
  for (std::ptrdiff_t column = 0; column < s.columns; ++column)
    for (std::ptrdiff_t row = 0; row < s.rows; ++row)
      s.to[row * s.to_stride + column] = s.from[column * s.from_stride + row];
}

template <class Scalar>
void column_sums(const ColumnSums<Scalar>& s) {
  if (s.start == Start::zero) std::fill_n(s.sums, s.rows, Scalar(0));
  for (std::ptrdiff_t column = 0; column < s.columns; ++column)
    for (int row = 0; row < s.rows; ++row) s.sums[row] += s.values[column * s.stride + row];
}

/// body(f, place of x) for every feature of every column, columns ascending.
template <class Scalar, class Body>
void for_each_feature(const FeatureNorm<Scalar>& s, Body&& body) {
  for (std::ptrdiff_t column = 0; column < s.columns; ++column)
    for (int f = 0; f < s.features; ++f) body(f, column * s.features + f);
}

template <class Scalar>
Scalar normalised(const FeatureNorm<Scalar>& s, int f, std::ptrdiff_t at) {
  return (s.x[at] - s.mean[f]) * s.inverse_deviation[f];
}

template <class Scalar>
void squared_deviations(const FeatureNorm<Scalar>& s) {
  for_each_feature(
      s, [&](int f, std::ptrdiff_t at) { s.sum[f] += (s.x[at] - s.mean[f]) * (s.x[at] - s.mean[f]); });
}

template <class Scalar>
void normalise(const FeatureNorm<Scalar>& s) {
  for_each_feature(
      s, [&](int f, std::ptrdiff_t at) { s.to[at] = s.scale[f] * normalised(s, f, at) + s.shift[f]; });
}

template <class Scalar>
void norm_gradient_sums(const FeatureNorm<Scalar>& s) {
  for_each_feature(s, [&](int f, std::ptrdiff_t at) {
    s.sum[f] += s.dy[at];
    s.second_sum[f] += s.dy[at] * normalised(s, f, at);
  });
}

template <class Scalar>
void norm_input_gradient(const FeatureNorm<Scalar>& s) {
  for_each_feature(s, [&](int f, std::ptrdiff_t at) {
    const Scalar gradient =
        s.scale[f] * s.inverse_deviation[f] * (s.dy[at] - s.sum[f] - normalised(s, f, at) * s.second_sum[f]);
    s.to[at] = s.accumulate ? s.to[at] + gradient : gradient;
  });
}

template <class Scalar>
double sum_of_squares(const Scalar* values, std::size_t count) {
  return ordered_sum(static_cast<int>(count),
                     [&](int i) { return static_cast<double>(values[i]) * static_cast<double>(values[i]); });
}

template <class Scalar>
void gradient_sum(const GradientSum<Scalar>& s) {
  for (std::size_t i = 0; i < s.count; ++i) {
    for (int lane = 1; lane < s.lanes; ++lane)
      s.gradient[i] += s.gradient[lane * s.lane_stride + static_cast<std::ptrdiff_t>(i)];
    if (s.decay != 0) s.gradient[i] += s.decay * s.values[i];
  }
  *s.gradient_squares = sum_of_squares(s.gradient, s.count);
  *s.value_squares = s.decay != 0 ? sum_of_squares(s.values, s.count) : 0;
}

template <class Scalar>
void sigmoid_in_place(Scalar* values, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) values[i] = logistic(values[i]);
}

template <class Scalar>
void tanh_in_place(Scalar* values, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) values[i] = std::tanh(values[i]);
}

template <class Scalar>
void adam(const AdamUpdate<Scalar>& s) {
  for (std::size_t i = 0; i < s.count; ++i) {
    const Scalar gradient = s.gradient[i] * s.gradient_factor;
    s.first_moment[i] += s.one_minus_beta1 * (gradient - s.first_moment[i]);
    s.second_moment[i] += s.one_minus_beta2 * (gradient * gradient - s.second_moment[i]);
    s.value[i] -= s.step_size * s.first_moment[i] / (std::sqrt(s.second_moment[i]) + s.epsilon);
  }
}

template <class Scalar>
void dropout_mask(const DropoutMask<Scalar>& s) {
  for (std::size_t i = 0; i < s.count; i += 4) {
    const auto words = philox(s.key, (s.first + i) / 4, s.stream);
    for (std::size_t j = 0; j < std::min<std::size_t>(4, s.count - i); ++j)
      s.mask[i + j] = words[j] < s.threshold ? Scalar(0) : s.keep;
  }
}

constexpr int group = 8;  // of units: its four gates fill a panel

template <class Scalar>
void lstm_step(const LstmStep<Scalar>& s) {
  for (int n = 0; n < s.groups; ++n) {
    const int number = s.first_group + (s.backwards ? s.groups - 1 - n : n);
    Scalar* gates = s.gates + number * 4 * group;
    if (s.before != nullptr)
      product<Scalar>({.rows = 4 * group,
                       .columns = s.columns,
                       .depth = s.depth,
                       .a = s.recurrent + std::ptrdiff_t{number} * 4 * group * s.depth,
                       .a_stride = packed,
                       .b = s.before,
                       .b_row_stride = 1,
                       .b_column_stride = s.state_stride,
                       .c = gates,
                       .c_stride = s.gate_stride,
                       .start = Start::accumulate});
    for (int column = 0; column < s.columns; ++column, gates += s.gate_stride)
      for (int u = 0; u < group; ++u) {
        const int unit = number * group + u;
        Scalar& cell = s.cell[unit + column * s.state_stride];
        const Scalar before = s.before != nullptr ? cell : Scalar(0);
        cell = logistic(gates[group + u]) * before + logistic(gates[u]) * std::tanh(gates[2 * group + u]);
        const Scalar hidden = logistic(gates[3 * group + u]) * std::tanh(cell);
        s.hidden[unit + column * s.state_stride] = hidden;
        Scalar& output = s.output[unit + column * s.output_stride];
        const Scalar normalised = hidden * s.scale[unit] + s.shift[unit];
        output = s.add_to_output ? normalised + output : normalised;
      }
  }
}

}  // namespace

template <class Scalar>
const Kernels<Scalar>& reference_kernels() {
  static const Kernels<Scalar> kernels{"reference",
                                       product<Scalar>,
                                       lstm_cell_forward<Scalar>,
                                       lstm_cell_backward<Scalar>,
                                       softmax_columns<Scalar>,
                                       softmax_backward<Scalar>,
                                       sigmoid_in_place<Scalar>,
                                       tanh_in_place<Scalar>,
                                       multiply<Scalar>,
                                       transpose<Scalar>,
                                       column_sums<Scalar>,
                                       squared_deviations<Scalar>,
                                       normalise<Scalar>,
                                       norm_gradient_sums<Scalar>,
                                       norm_input_gradient<Scalar>,
                                       gradient_sum<Scalar>,
                                       adam<Scalar>,
                                       dropout_mask<Scalar>,
                                       group,
                                       lstm_step<Scalar>};
  return kernels;
}

template const Kernels<DEEPMINE_SCALAR>& reference_kernels<DEEPMINE_SCALAR>();

}  // namespace deepmine::nn
