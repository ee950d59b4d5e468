// Samples in the layout that the network wants, with their targets and weights.
#pragma once

#include <span>
#include <vector>

#include "engine/stope/dual_branch_network.h"

namespace deepmine::lifecycle {

using Network = stope::DualBranchNetwork<float>;

/// A batch of up to `capacity` samples. Memory is planned once; not thread-safe.
class Batch {
 public:
  Batch(const stope::NetworkSpecification& specification, int capacity);

  int capacity() const { return capacity_; }
  int samples() const { return samples_; }

  void clear();
  /// Adds a sample; returns its position. `features`: sample_features() numbers; `series`: sensors × days,
  /// one day after the other.
  int add(std::span<const float> features, std::span<const float> series);
  /// Targets of the sample last added; `future_targets` one a horizon. A negative target or a weight of 0 is
  /// masked.
  void set_targets(std::int8_t current, float current_weight, std::span<const std::int8_t> future,
                   std::span<const float> future_weights);

  /// Views of the samples so far; the rest of the last block is zero.
  Network::Inputs inputs();
  Network::Targets targets() const;

 private:
  void zero_padding();

  int sample_features_, sensors_, days_, horizons_, capacity_, samples_ = 0;
  nn::Arena arena_;
  nn::Activations<float> features_, series_;
  std::vector<std::int8_t> targets_;  // heads × capacity
  std::vector<float> weights_;        // heads × capacity
};

}  // namespace deepmine::lifecycle
