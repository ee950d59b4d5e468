// The hot loops, behind one table of functions. The plain version (reference.cpp) runs anywhere and is what
// the others are tested against; vector versions are chosen at run time by what the processor can do. Raw
// pointers only: kernel files are compiled with special flags and may not include Eigen or instantiate
// library templates.
//
// Promise of every version: an output element of a product is one chain, depth index ascending, starting from
// zero, from what is there or from the bias, and depends on its own row of A and its own column of B alone.
// So the answer for a sample does not depend on its neighbours in the batch or on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace deepmine::nn {

/// A packed matrix is cut into panels of this many rows, the last one filled up with zeros. Inside a panel
/// column follows column without a gap: element (r, k) of a matrix with `depth` columns is at
///   r div 32 · 32 · depth + k · 32 + r mod 32.
/// A panel is read from start to end, and no two of its columns share a place in the cache.
inline constexpr int panel_rows = 32;

/// Elements of a packed rows × columns matrix.
constexpr int panel_count(int rows) {
  return (rows + panel_rows - 1) / panel_rows;
}
constexpr std::ptrdiff_t packed_size(int rows, int columns) {
  return std::ptrdiff_t{columns} * panel_count(rows) * panel_rows;
}

/// The stride of a matrix that is packed.
inline constexpr std::ptrdiff_t packed = 0;

/// What an output element of a product starts from.
enum class Start : int { zero, accumulate, bias };

/// C (rows × columns) = start + A (rows × depth) · B (depth × columns). A and C are column-major with leading
/// dimensions, or A is packed; element B(k, j) is at b[k · b_row_stride + j · b_column_stride], so B may be
/// transposed or strided. The bias has `rows` elements. Nothing may overlap C.
template <class Scalar>
struct Product {
  int rows, columns, depth;
  const Scalar* a;
  std::ptrdiff_t a_stride;
  const Scalar* b;
  std::ptrdiff_t b_row_stride, b_column_stride;
  Scalar* c;
  std::ptrdiff_t c_stride;
  Start start = Start::zero;
  const Scalar* bias = nullptr;
};

/// One step of an LSTM for `columns` samples of `units` units (equations in lstm.h). `gates` holds the
/// pre-activations of i, f, g, o one below the other, `gate_stride` from column to column, and receives the
/// activated gates. The others are units × columns without gaps.
template <class Scalar>
struct LstmCellForward {
  int units, columns;
  Scalar* gates;
  std::ptrdiff_t gate_stride;
  const Scalar* cell_before;
  Scalar* cell;
  Scalar* cell_tanh;
  Scalar* hidden;
  const Scalar* recurrent_mask;  ///< null: no recurrent dropout
  Scalar* hidden_masked;         ///< receives hidden · recurrent_mask; ignored without a mask
};

/// The way back through one step. What arrives at its hidden state is
///   d_hidden · recurrent_mask + from_above      from the next step, and from the layer above.
/// `gates` holds the activated gates and receives the gradients of the pre-activations; `d_cell` holds the
/// gradient from the next step and receives the one for the step before.
template <class Scalar>
struct LstmCellBackward {
  int units, columns;
  Scalar* gates;
  std::ptrdiff_t gate_stride;
  const Scalar* cell_before;
  const Scalar* cell_tanh;
  const Scalar* d_hidden;
  const Scalar* recurrent_mask;  ///< null: no recurrent dropout
  const Scalar* from_above;      ///< null: nothing
  Scalar* d_cell;
};

/// One step of an LSTM where no gradient will be asked for, for `columns` samples: the recurrent product, the
/// gates and the normalisation behind the layer. Units go in groups of Kernels::unit_group; the units of the
/// last group that do not exist have zero weights. The rows of a group's gates follow each other: i of its
/// units, then f, g, o. So a group's product and its gates are one piece of work, and threads share a step by
/// groups.
template <class Scalar>
struct LstmStep {
  int first_group, groups;      ///< those to be computed
  bool backwards;               ///< the last group first
  int columns, depth;           ///< depth: units that are fed back
  const Scalar* recurrent;      ///< packed, (4 · unit_group · all groups) × depth
  const Scalar* before;         ///< hidden state of the step before; null: hidden and cell state are zero
  Scalar *hidden, *cell;        ///< hidden: not where `before` is; cell: the state before, replaced
  std::ptrdiff_t state_stride;  ///< from column to column of the three
  Scalar* gates;                ///< W·x + b; overwritten with something
  std::ptrdiff_t gate_stride;
  const Scalar *scale, *shift;  ///< output = hidden · scale + shift, added to what is there if so wanted
  Scalar* output;
  std::ptrdiff_t output_stride;
  bool add_to_output;
};

/// Softmax of each column of a rows × columns matrix, in place, after multiplying by `scale`; rows from
/// `valid_rows` on become 0.
template <class Scalar>
struct SoftmaxColumns {
  int rows, columns, valid_rows;
  Scalar* values;
  std::ptrdiff_t stride;
  Scalar scale;
};

/// The way back through the softmax of each column, and through dropout of its result:
///   d ← d · mask      dropped = weights · mask      d ← weights · (d − Σ_rows weights · d) · scale
/// All matrices are rows × columns with the same stride.
template <class Scalar>
struct SoftmaxBackward {
  int rows, columns;
  std::ptrdiff_t stride;
  const Scalar* weights;
  const Scalar* mask;  ///< null: no dropout
  Scalar* dropped;     ///< ignored without a mask
  Scalar* d;
  Scalar scale;
};

/// to = a · b, element by element, or added to what is there.
template <class Scalar>
struct Multiply {
  std::size_t count;
  const Scalar *a, *b;
  Scalar* to;
  bool accumulate = false;
};

/// to(c, r) = from(r, c), column-major both.
template <class Scalar>
struct Transpose {
  int rows, columns;  ///< of `from`
  const Scalar* from;
  std::ptrdiff_t from_stride;
  Scalar* to;
  std::ptrdiff_t to_stride;
};

/// Σ over the columns of a matrix, ascending, after `start` (zero or accumulate).
template <class Scalar>
struct ColumnSums {
  int rows, columns;
  const Scalar* values;
  std::ptrdiff_t stride;
  Scalar* sums;  ///< `rows`
  Start start;
};

/// Normalisation of each feature over columns; features × columns without gaps (equations in batch_norm.h).
/// Every kernel reads and writes what its comment in Kernels names.
template <class Scalar>
struct FeatureNorm {
  int features, columns;
  const Scalar* x;
  const Scalar *mean, *inverse_deviation;
  const Scalar *scale = nullptr, *shift = nullptr;
  const Scalar* dy = nullptr;
  Scalar *sum = nullptr, *second_sum = nullptr;
  Scalar* to = nullptr;
  bool accumulate = false;
};

/// gradient = Σ lanes, ascending, + decay · values: lane l of the gradient is at gradient + l · lane_stride.
/// Squares are summed in double in sixteen interleaved chains, folded in halves.
template <class Scalar>
struct GradientSum {
  std::size_t count;
  int lanes;
  std::ptrdiff_t lane_stride;
  Scalar* gradient;
  const Scalar* values;
  Scalar decay;              ///< 0: none
  double* gradient_squares;  ///< receives Σ gradient², after decay
  double* value_squares;     ///< receives Σ values² if decayed, else 0
};

/// One Adam update of `count` parameters (equations in adam.h). `gradient` is multiplied by `gradient_factor`
/// first. What the moments keep is given as 1 − β, rounded once: 1 − 0.999f would be off by 1.3e-5.
template <class Scalar>
struct AdamUpdate {
  std::size_t count;
  Scalar* value;
  Scalar* first_moment;
  Scalar* second_moment;
  const Scalar* gradient;
  Scalar gradient_factor, step_size, one_minus_beta1, one_minus_beta2, epsilon;
};

/// Inverted-dropout multipliers: mask[i] = 0 with probability `rate`, else 1/(1 − rate), for the `count`
/// units that start at unit `first` (a multiple of 4). The word for unit u is word u mod 4 of philox(key, u
/// div 4, stream).
template <class Scalar>
struct DropoutMask {
  std::uint64_t key, stream;
  std::uint64_t first;
  std::size_t count;
  std::uint32_t threshold;  ///< words below it drop the unit: round(rate · 2³²)
  Scalar keep;              ///< 1/(1 − rate)
  Scalar* mask;
};

template <class Scalar>
struct Kernels {
  const char* name;  ///< `reference`, `avx2`, `avx512`: stands in files and reports
  void (*product)(const Product<Scalar>&);
  void (*lstm_cell_forward)(const LstmCellForward<Scalar>&);
  void (*lstm_cell_backward)(const LstmCellBackward<Scalar>&);
  void (*softmax_columns)(const SoftmaxColumns<Scalar>&);
  void (*softmax_backward)(const SoftmaxBackward<Scalar>&);
  void (*sigmoid)(Scalar* values, std::size_t count);  ///< in place
  void (*tanh)(Scalar* values, std::size_t count);     ///< in place
  void (*multiply)(const Multiply<Scalar>&);
  void (*transpose)(const Transpose<Scalar>&);
  void (*column_sums)(const ColumnSums<Scalar>&);
  void (*squared_deviations)(const FeatureNorm<Scalar>&);  ///< sum += Σ (x − mean)²
  void (*normalise)(const FeatureNorm<Scalar>&);           ///< to = scale · x̂ + shift
  /// sum += Σ dy, second_sum += Σ dy · x̂
  void (*norm_gradient_sums)(const FeatureNorm<Scalar>&);
  /// to (+)= scale · inverse_deviation · (dy − sum − x̂ · second_sum), the sums being means here
  void (*norm_input_gradient)(const FeatureNorm<Scalar>&);
  void (*gradient_sum)(const GradientSum<Scalar>&);
  void (*adam)(const AdamUpdate<Scalar>&);
  void (*dropout_mask)(const DropoutMask<Scalar>&);
  int unit_group;  ///< of lstm_step; its four gates are whole panels
  void (*lstm_step)(const LstmStep<Scalar>&);
};

/// The plain version, for any processor and any scalar.
template <class Scalar>
const Kernels<Scalar>& reference_kernels();

}  // namespace deepmine::nn
