#include "lifecycle/sample_source.h"

#include <algorithm>

#include "engine/train/class_weights.h"

namespace deepmine::lifecycle {

SampleSource::SampleSource(const stope::Dataset& dataset, const stope::NetworkSpecification& specification,
                           const stope::InputScaler& scaler, const stope::WindowSelection& training,
                           train::ClassWeights class_weights, SeenInputs seen)
    : dataset_(dataset),
      specification_(specification),
      scaler_(scaler),
      seen_(seen),
      features_(static_cast<std::size_t>(specification.sample_features())),
      series_(stope::sensor_count * static_cast<std::size_t>(dataset.plan().days)),
      weights_(dataset.plan().horizons.size()),
      targets_(dataset.plan().horizons.size()) {
  const stope::ClassCounts counts = dataset.class_counts(training);
  current_weights_ = train::class_weights(class_weights, counts.current);
  for (const auto& level_counts : counts.future)
    future_weights_.push_back(train::class_weights(class_weights, level_counts));
}

/// The prior is made of both, the summary of the series.
void SampleSource::hide_unseen() {
  if (seen_ == SeenInputs::all) return;
  const auto statics_end = features_.begin() + specification_.static_features;
  const auto summary_end = statics_end + specification_.summary_features;
  std::fill(summary_end, features_.end(), 0.0f);
  if (seen_ == SeenInputs::series) {
    std::fill(features_.begin(), statics_end, 0.0f);
  } else {
    std::fill(statics_end, summary_end, 0.0f);
    std::fill(series_.begin(), series_.end(), 0.0f);
  }
}

void SampleSource::fill(Batch& batch, std::span<const std::uint32_t> windows, stope::Day targets_before) {
  batch.clear();
  const auto weight_of = [](const std::vector<double>& weights, std::int8_t target) {
    return target < 0 ? 0.0f : static_cast<float>(weights[static_cast<std::size_t>(target)]);
  };
  for (const std::uint32_t window : windows) {
    dataset_.write_sample(window, specification_, scaler_, features_.data(), series_.data());
    hide_unseen();
    batch.add(features_, series_);
    const std::int8_t current = dataset_.current_target(window);
    dataset_.write_future_targets(window, targets_before, targets_.data());
    for (std::size_t h = 0; h < targets_.size(); ++h)
      weights_[h] = weight_of(future_weights_[h], targets_[h]);
    batch.set_targets(current, weight_of(current_weights_, current), targets_, weights_);
  }
}

}  // namespace deepmine::lifecycle
