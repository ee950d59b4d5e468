#include "benchmarks/synthetic.h"

#include <array>
#include <span>

#include "engine/nn/initialisers.h"

namespace deepmine::benchmarks {
namespace {

constexpr RandomKey seed = 5;

std::vector<float> normal_values(std::string_view purpose, std::size_t count) {
  RandomStream random(derive_key(seed, purpose));
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

}  // namespace

SyntheticSamples::SyntheticSamples(const stope::NetworkSpecification& s, int count)
    : count_(count),
      static_size_(s.static_features),
      series_size_(s.sensors * s.days),
      horizons_(static_cast<int>(s.horizons.size())),
      statics_(normal_values("statics", static_cast<std::size_t>(count * static_size_))),
      series_(normal_values("series", static_cast<std::size_t>(count * series_size_))) {
  RandomStream random(derive_key(seed, "targets"));
  for (int sample = 0; sample < count; ++sample) {
    const float first = statics_[static_cast<std::size_t>(sample * static_size_)];
    current_.push_back(first > 0 ? 1 : 0);
    for (int h = 0; h < horizons_; ++h) {
      const auto level = static_cast<std::int8_t>(random.below(static_cast<std::uint64_t>(s.risk_levels)));
      const bool masked = random.uniform() < 0.1, follows = random.uniform() < 0.5;
      future_.push_back(masked ? std::int8_t{-1} : follows ? current_.back() : level);
    }
  }
}

void SyntheticSamples::fill(lifecycle::Batch& batch, int first, int samples) const {
  const auto piece = [](const auto& all, int number, int size) {
    return std::span(all).subspan(static_cast<std::size_t>(number * size), static_cast<std::size_t>(size));
  };
  constexpr std::array<float, stope::max_horizons> weights = [] {
    std::array<float, stope::max_horizons> ones{};
    ones.fill(1);
    return ones;
  }();
  batch.clear();
  for (int i = 0; i < samples; ++i) {
    const int sample = (first + i) % count_;
    batch.add(piece(statics_, sample, static_size_), piece(series_, sample, series_size_));
    batch.set_targets(current_[static_cast<std::size_t>(sample)], 1, piece(future_, sample, horizons_),
                      std::span(weights).first(static_cast<std::size_t>(horizons_)));
  }
}

nn::Parameters<float> synthetic_parameters(const lifecycle::Network& network) {
  nn::Parameters<float> parameters(network.layout(), true);
  nn::initialise(parameters, seed);
  for (nn::TensorId id = 0; id < static_cast<int>(network.layout().tensors().size()); ++id) {
    const nn::Tensor& tensor = network.layout()[id];
    if (tensor.columns > 1) continue;
    RandomStream random(derive_key(derive_key(seed, "vectors"), tensor.name));
    for (std::size_t i = 0; i < tensor.size(); ++i)
      parameters[id][i] += static_cast<float>(random.uniform(-0.25, 0.25));
  }
  parameters.refresh_packed();
  return parameters;
}

}  // namespace deepmine::benchmarks
