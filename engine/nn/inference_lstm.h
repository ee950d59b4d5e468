// The LSTM in prediction (lstm.h has the equations). Steps are computed in chunks: the input projection of a
// few steps in one product, then the steps themselves, while the projection is in the cache.
#pragma once

#include "engine/nn/inference.h"

namespace deepmine::nn {

/// An LSTM and the batch normalisation behind it.
template <class Scalar>
class PredictedLstm {
 public:
  struct Workspace {
    Columns<Scalar> gates;      ///< of a chunk of steps
    Columns<Scalar> hidden[2];  ///< before and after a step, in turns
    Columns<Scalar> cell;
  };

  void plan(Arena& arena, int inputs, int units, int unit_group);
  void plan_workspace(Arena& arena, int steps, Workspace& workspace) const;
  void prepare(const NamedTensors<Scalar>& tensors, const std::string& lstm, const std::string& norm);
  /// output (=, +=) norm(lstm(x)) for all steps. With `add`, the output may be x itself. The crew shares the
  /// units.
  void run(const Kernels<Scalar>& kernels, const Crew& crew, Columns<const Scalar> x, int columns, int steps,
           const Workspace& workspace, Columns<Scalar> output, bool add) const;
  /// Units and those that fill the last group: rows of the output.
  int padded_units() const { return groups_ * unit_group_; }

 private:
  int gate_rows() const { return 4 * padded_units(); }

  int units_ = 0, unit_group_ = 1, groups_ = 0;
  PackedMatrix<Scalar> input_, recurrent_;
  FoldedNorm<Scalar> norm_;
};

}  // namespace deepmine::nn
