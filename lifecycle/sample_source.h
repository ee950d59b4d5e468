// Windows of a dataset as batches: scaled inputs, targets, class weights.
#pragma once

#include <span>
#include <vector>

#include "engine/stope/dataset.h"
#include "engine/train/training_plan.h"
#include "lifecycle/batch.h"

namespace deepmine::lifecycle {

/// What a network is shown, for ablations: an input that it does not see is 0 everywhere, which is the mean
/// of a scaled column and no category of a one-hot one. The summary goes with the series, the prior with
/// either.
enum class SeenInputs : std::uint8_t { all, statics, series };

class SampleSource {
 public:
  /// Samples are for a network of this specification. Class weights follow from the training windows'
  /// targets. The dataset and the scaler must outlive this.
  SampleSource(const stope::Dataset& dataset, const stope::NetworkSpecification& specification,
               const stope::InputScaler& scaler, const stope::WindowSelection& training,
               train::ClassWeights class_weights, SeenInputs seen = SeenInputs::all);

  /// Replaces what is in the batch by these windows of the dataset. Targets on days from `targets_before` on
  /// are masked.
  void fill(Batch& batch, std::span<const std::uint32_t> windows, stope::Day targets_before);

  const stope::Dataset& dataset() const { return dataset_; }

 private:
  void hide_unseen();

  const stope::Dataset& dataset_;
  stope::NetworkSpecification specification_;
  const stope::InputScaler& scaler_;
  SeenInputs seen_;
  std::vector<double> current_weights_;              // stable, unstable
  std::vector<std::vector<double>> future_weights_;  // one row a horizon
  std::vector<float> features_, series_, weights_;   // of one sample
  std::vector<std::int8_t> targets_;
};

}  // namespace deepmine::lifecycle
