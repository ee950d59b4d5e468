// One walk of a network by one thread: what every layer needs to know beside its parameters and its data.
#pragma once

#include "engine/nn/activations.h"
#include "engine/nn/kernels/kernels.h"
#include "engine/nn/parameter_layout.h"
#include "engine/nn/random.h"
#include "engine/nn/team.h"

namespace deepmine::nn {

/// How batch normalisation and dropout behave.
struct Mode {
  bool batch_statistics = false;  ///< normalise by the batch (training), not by the running statistics
  bool dropout = false;           ///< training, and Monte Carlo dropout in prediction
};
inline constexpr Mode training_mode{true, true};
inline constexpr Mode inference_mode{false, false};

template <class Scalar>
struct Pass {
  const Team& team;
  const Kernels<Scalar>& kernels;
  BatchShape batch;
  Mode mode;
  /// With dropout: one key a sample, for the samples of all blocks (padding too). In training derived from
  /// (seed, step, position in batch), in Monte Carlo dropout from (hash of the case, draw): batch size
  /// changes nothing.
  const RandomKey* sample_keys = nullptr;
  /// In training: the slab whose running statistics are updated; null leaves them alone.
  Scalar* running_statistics = nullptr;

  /// What a block's share of a gradient starts from: the first block of a lane overwrites what is there, the
  /// others add to it. So nobody has to clear the lanes.
  Start gradient_start(int block, int lane) const {
    return block == batch.blocks_of_lane(lane).begin ? Start::zero : Start::accumulate;
  }

  /// Calls `body(block, lane)` for the blocks of this thread, in order.
  template <class Body>
  void for_my_blocks(Body&& body) const {
    const Range lanes = team.my_lanes(batch);
    for (int lane = lanes.begin; lane < lanes.end; ++lane) {
      const Range blocks = batch.blocks_of_lane(lane);
      for (int block = blocks.begin; block < blocks.end; ++block) body(block, lane);
    }
  }
};

}  // namespace deepmine::nn
