// Attention in prediction (attention.h has the equations).
#pragma once

#include <vector>

#include "engine/nn/inference.h"

namespace deepmine::nn {

/// Self-attention over the days of one sample, with its residual and layer normalisation:
/// x = LN(x + attention(x)).
template <class Scalar>
class PredictedSelfAttention {
 public:
  struct Workspace {
    Columns<Scalar> projected;  ///< queries (then the heads' outputs), keys and values of all heads
    Columns<Scalar> combined;   ///< the heads' outputs, combined
    // A thread's own:
    Scalar *keys = nullptr, *weights = nullptr;
  };

  void plan(Arena& arena, int features, int heads, int key_size);
  /// For a crew of up to `threads`; the workspace of thread 0 is shared, of the others only their own part.
  void plan_workspace(Arena& arena, int steps, Workspace& workspace) const;
  void prepare(const NamedTensors<Scalar>& tensors, const std::string& attention, const std::string& norm);
  /// The crew shares rows, then heads, then days. `own` is the calling thread's workspace.
  void run(const Kernels<Scalar>& kernels, const Crew& crew, Columns<Scalar> x, int steps,
           const Workspace& shared, const Workspace& own) const;

 private:
  void attend(const Kernels<Scalar>& kernels, int head, int steps, Columns<Scalar> projected,
              const Workspace& own) const;
  void normalise(const Scalar* attended, Scalar* x) const;

  int features_ = 0, heads_ = 0, key_size_ = 0;
  PackedMatrix<Scalar> projection_, output_;
  Scalar *scale_ = nullptr, *shift_ = nullptr;
};

/// Attention of one vector to the days of one sample. There is one query, so keys and values of the days need
/// not be made: q·(K·s + b) = (Kᵀ·q)·s + q·b, where q·b is the same for all days and falls out of the
/// softmax, and Σ p·(V·s + b) = V·(Σ p·s) + b, because the weights add up to 1.
template <class Scalar>
class PredictedCrossAttention {
 public:
  /// A thread's own.
  struct Workspace {
    Scalar *query = nullptr, *key_query = nullptr, *transposed = nullptr, *scores = nullptr;
    Scalar *weights = nullptr, *weighted = nullptr, *value = nullptr;
  };

  /// Attends to days, or to one vector alone (whose weight is 1, whatever query and key say).
  void plan(Arena& arena, int features, int heads, int key_size, bool days);
  void plan_workspace(Arena& arena, int steps, Workspace& workspace) const;
  void prepare(const NamedTensors<Scalar>& tensors, const std::string& name);
  /// y = attention. `day_weights`, if not null, receives the mean over the heads of each day's weight.
  void run(const Kernels<Scalar>& kernels, const Scalar* query, Columns<const Scalar> source, int steps,
           const Workspace& own, Scalar* y, Scalar* day_weights) const;

 private:
  void weigh_days(const Kernels<Scalar>& kernels, const Scalar* query, Columns<const Scalar> source,
                  int steps, const Workspace& own) const;

  int features_ = 0, heads_ = 0, key_size_ = 0;
  bool days_ = true;
  PackedMatrix<Scalar> query_, output_;
  std::vector<PackedMatrix<Scalar>> key_transposes_, values_;  ///< one a head; pooled: all heads' values
};

}  // namespace deepmine::nn
