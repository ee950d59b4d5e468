#include "lifecycle/batch.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "engine/stope/records.h"

namespace deepmine::lifecycle {

Batch::Batch(const stope::NetworkSpecification& specification, int capacity)
    : sample_features_(specification.sample_features()),
      sensors_(specification.sensors),
      days_(specification.days),
      horizons_(static_cast<int>(specification.horizons.size())),
      capacity_(capacity),
      targets_(static_cast<std::size_t>((1 + horizons_) * capacity)),
      weights_(targets_.size()) {
  const int blocks = nn::BatchShape{capacity}.blocks();
  arena_.build([&](nn::Arena& arena) {
    features_ = arena.activations<float>(blocks, sample_features_, 1);
    series_ = arena.activations<float>(blocks, sensors_, days_);
  });
}

void Batch::clear() {
  samples_ = 0;
  std::fill(weights_.begin(), weights_.end(), 0.0f);
}

int Batch::add(std::span<const float> features, std::span<const float> series) {
  assert(samples_ < capacity_);
  assert(static_cast<int>(features.size()) == sample_features_ &&
         static_cast<int>(series.size()) == sensors_ * days_);
  const int block = samples_ / nn::block_size, position = samples_ % nn::block_size;
  std::copy(features.begin(), features.end(), features_.column(block, position));
  const float* next = series.data();
  for (int day = 0; day < days_; ++day, next += sensors_) {
    float* const column = series_.column(block, day * nn::block_size + position);
    if (sensors_ == static_cast<int>(stope::sensor_count))  // a number that the compiler knows: no call
      std::memcpy(column, next, stope::sensor_count * sizeof *next);
    else
      std::copy_n(next, sensors_, column);
  }
  return samples_++;
}

void Batch::set_targets(std::int8_t current, float current_weight, std::span<const std::int8_t> future,
                        std::span<const float> future_weights) {
  assert(samples_ > 0 && static_cast<int>(future.size()) == horizons_);
  const auto put = [&](int head, std::int8_t target, float weight) {
    const auto at = static_cast<std::size_t>(head * capacity_ + samples_ - 1);
    targets_[at] = std::max<std::int8_t>(target, 0);
    weights_[at] = target < 0 ? 0.0f : weight;
  };
  put(0, current, current_weight);
  for (int h = 0; h < horizons_; ++h)
    put(1 + h, future[static_cast<std::size_t>(h)], future_weights[static_cast<std::size_t>(h)]);
}

void Batch::zero_padding() {
  const int blocks = nn::BatchShape{samples_}.blocks();
  for (int padding = samples_; padding < blocks * nn::block_size; ++padding) {
    const int block = padding / nn::block_size, position = padding % nn::block_size;
    std::fill_n(features_.column(block, position), sample_features_, 0.0f);
    for (int day = 0; day < days_; ++day)
      std::fill_n(series_.column(block, day * nn::block_size + position), sensors_, 0.0f);
  }
}

Network::Inputs Batch::inputs() {
  zero_padding();
  return {features_, series_};
}

Network::Targets Batch::targets() const {
  const auto head = [&](int number) -> nn::LossTargets<float> {
    const auto at = static_cast<std::size_t>(number * capacity_);
    return {targets_.data() + at, weights_.data() + at};
  };
  Network::Targets targets;
  targets.current = head(0);
  for (int h = 0; h < horizons_; ++h) targets.future[static_cast<std::size_t>(h)] = head(1 + h);
  return targets;
}

}  // namespace deepmine::lifecycle
