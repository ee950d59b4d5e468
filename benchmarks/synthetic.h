// Standardised samples and parameters drawn at random: the same ones for the same seed, on any machine.
#pragma once

#include <vector>

#include "lifecycle/batch.h"

namespace deepmine::benchmarks {

/// Samples whose inputs are standard normal, with targets that follow from the inputs in part; one future
/// target in ten is masked.
class SyntheticSamples {
 public:
  SyntheticSamples(const stope::NetworkSpecification& specification, int count);

  int count() const { return count_; }
  /// Replaces the content of the batch by `samples` samples from number `first` on, with their targets; after
  /// the last comes the first again.
  void fill(lifecycle::Batch& batch, int first, int samples) const;

  // Everything, one sample after the other.
  const std::vector<float>& statics() const { return statics_; }  ///< static features
  const std::vector<float>& series() const { return series_; }    ///< days × sensors
  const std::vector<std::int8_t>& current_targets() const { return current_; }
  const std::vector<std::int8_t>& future_targets() const { return future_; }  ///< horizons; -1 is masked

 private:
  int count_, static_size_, series_size_, horizons_;
  std::vector<float> statics_, series_;
  std::vector<std::int8_t> current_, future_;
};

/// First values as a training starts from, and every vector that would be all 0 or all 1 (biases, scales,
/// shifts, running statistics) moved away from it, so that a fault in using it shows.
nn::Parameters<float> synthetic_parameters(const lifecycle::Network& network);

}  // namespace deepmine::benchmarks
