// The smallest checkpoint that passes its checks.
#pragma once

#include "io/checkpoint_file.h"

namespace deepmine::test {

inline io::Checkpoint tiny_checkpoint(const io::RunId& run_id, std::int64_t steps) {
  io::Checkpoint checkpoint;
  checkpoint.run_id = run_id;
  checkpoint.identity.network.horizons = {1};
  io::TrainingProgress& progress = checkpoint.state.progress;
  progress.steps = steps;
  progress.epoch_head_loss_sums = {0, 0};
  progress.schedule.learning_rate = 1e-3;
  checkpoint.state.tensors = {{"dense/bias", 1, 1, nn::Role::bias, {0}, {}, {0}, {0}}};
  return checkpoint;
}

}  // namespace deepmine::test
