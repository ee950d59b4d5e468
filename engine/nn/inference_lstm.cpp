#include "engine/nn/inference_lstm.h"

#include "engine/nn/instantiate.h"

namespace deepmine::nn {
namespace {

/// Columns of a chunk: as many as make a product of good shape and stay in the second-level cache beside the
/// weights.
constexpr int chunk_size = 48;

}  // namespace

template <class Scalar>
void PredictedLstm<Scalar>::plan(Arena& arena, int inputs, int units, int unit_group) {
  units_ = units;
  unit_group_ = unit_group;
  groups_ = (units + unit_group - 1) / unit_group;
  input_.plan(arena, gate_rows(), inputs);
  recurrent_.plan(arena, gate_rows(), units, false);
  norm_.plan(arena, padded_units());
}

template <class Scalar>
void PredictedLstm<Scalar>::plan_workspace(Arena& arena, int steps, Workspace& workspace) const {
  const auto take = [&](std::ptrdiff_t stride, int columns) {
    return Columns<Scalar>{arena.take<Scalar>(static_cast<std::size_t>(stride * columns)), stride};
  };
  workspace.gates =
      take(column_stride(gate_rows()), std::min(std::max(chunk_size, block_size), steps * block_size));
  for (Columns<Scalar>* state : {&workspace.hidden[0], &workspace.hidden[1], &workspace.cell})
    *state = take(padded_units(), block_size);
}

template <class Scalar>
void PredictedLstm<Scalar>::prepare(const NamedTensors<Scalar>& tensors, const std::string& lstm,
                                    const std::string& norm) {
  // Gate `g` of unit u stands in row g · units + u of the tensors.
  const auto row_of_tensor = [&](int row) {
    const int group = row / (4 * unit_group_), gate = row / unit_group_ % 4;
    const int unit = group * unit_group_ + row % unit_group_;
    return unit < units_ ? gate * units_ + unit : -1;
  };
  input_.pack(tensors(lstm + "/kernel"), 4 * units_, row_of_tensor);
  recurrent_.pack(tensors(lstm + "/recurrent_kernel"), 4 * units_, row_of_tensor);
  const Scalar* bias = tensors(lstm + "/bias");
  for (int row = 0; row < gate_rows(); ++row) {
    const int from = row_of_tensor(row);
    input_.bias[row] = from < 0 ? Scalar(0) : bias[from];
  }
  norm_.prepare(tensors, norm, units_);
}

template <class Scalar>
void PredictedLstm<Scalar>::run(const Kernels<Scalar>& kernels, const Crew& crew, Columns<const Scalar> x,
                                int columns, int steps, const Workspace& workspace, Columns<Scalar> output,
                                bool add) const {
  const Range groups = crew.my_share(groups_);
  const int panels_a_group = 4 * unit_group_ / panel_rows;
  const int chunk = std::max(1, chunk_size / columns);
  for (int first = 0; first < steps; first += chunk) {
    const int count = std::min(chunk, steps - first);
    if (groups.begin < groups.end)
      input_.multiply(kernels, {groups.begin * panels_a_group, groups.end * panels_a_group},
                      x.from(first * columns), count * columns, workspace.gates);
    if (add) crew.meet();  // the output may replace what others still read
    for (int i = 0; i < count; ++i) {
      const int step = first + i;
      const Columns<Scalar> gates = workspace.gates.from(i * columns), out = output.from(step * columns);
      if (groups.begin < groups.end)
        kernels.lstm_step({.first_group = groups.begin,
                           .groups = groups.end - groups.begin,
                           // By turns: what was read last is still in the first-level cache.
                           .backwards = step % 2 == 1,
                           .columns = columns,
                           .depth = units_,
                           .recurrent = recurrent_.values,
                           .before = step > 0 ? workspace.hidden[(step + 1) % 2].data : nullptr,
                           .hidden = workspace.hidden[step % 2].data,
                           .cell = workspace.cell.data,
                           .state_stride = padded_units(),
                           .gates = gates.data,
                           .gate_stride = gates.stride,
                           .scale = norm_.scale,
                           .shift = norm_.shift,
                           .output = out.data,
                           .output_stride = out.stride,
                           .add_to_output = add});
      crew.meet();
    }
  }
}

template class PredictedLstm<DEEPMINE_SCALAR>;

}  // namespace deepmine::nn
