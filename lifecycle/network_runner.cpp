#include "lifecycle/network_runner.h"

#include <algorithm>
#include <cmath>

namespace deepmine::lifecycle {

NetworkRunner::NetworkRunner(const PredictionNetwork& network, int capacity, int threads)
    : network_(network),
      batch_(network.specification(), capacity),
      workspace_(network, threads),
      logits_(static_cast<std::size_t>(capacity * network.logit_count())) {
  if (network.specification().cross_attention == stope::CrossAttention::days)
    day_weights_.resize(static_cast<std::size_t>(capacity * network.specification().days));
}

void NetworkRunner::run() {
  const Network::Inputs inputs = batch_.inputs();
  network_.run(batch_.samples(), {inputs.statics, inputs.series}, workspace_,
               {logits_.data(), day_weights_.empty() ? nullptr : day_weights_.data()});
}

std::span<const float> NetworkRunner::logits_view(int position) const {
  const auto count = static_cast<std::size_t>(network_.logit_count());
  return std::span(logits_).subspan(static_cast<std::size_t>(position) * count, count);
}

Logits NetworkRunner::logits(int position) const {
  const std::span<const float> view = logits_view(position);
  return {view.begin(), view.end()};
}

std::vector<float> NetworkRunner::day_weights(int position) const {
  if (day_weights_.empty()) return {};
  const int days = network_.specification().days;
  const float* first = day_weights_.data() + static_cast<std::ptrdiff_t>(position) * days;
  return {first, first + days};
}

std::vector<NetworkRunner::HeadSums> NetworkRunner::loss_sums() const {
  const stope::NetworkSpecification& specification = network_.specification();
  const Network::Targets targets = batch_.targets();
  std::vector<HeadSums> sums(1 + specification.horizons.size());
  for (int sample = 0; sample < batch_.samples(); ++sample) {
    const std::span<const float> logits = logits_view(sample);
    if (const auto weight = static_cast<double>(targets.current.weights[sample]); weight > 0) {
      sums[0].loss +=
          weight * nn::binary_sample_loss<float>(logits[0], targets.current.targets[sample], nullptr);
      sums[0].weight += weight;
    }
    for (std::size_t h = 0; h < specification.horizons.size(); ++h) {
      const auto weight = static_cast<double>(targets.future[h].weights[sample]);
      if (weight <= 0) continue;
      const float* levels = logits.data() + 1 + h * static_cast<std::size_t>(specification.risk_levels);
      sums[1 + h].loss +=
          weight * nn::categorical_sample_loss<float>(levels, specification.risk_levels,
                                                      targets.future[h].targets[sample], nullptr);
      sums[1 + h].weight += weight;
    }
  }
  return sums;
}

std::size_t logit_count(const stope::NetworkSpecification& specification) {
  return 1 + specification.horizons.size() * static_cast<std::size_t>(specification.risk_levels);
}

double instability_probability(const Logits& logits, double temperature) {
  const double z = static_cast<double>(logits[0]) / temperature;
  return z >= 0 ? 1 / (1 + std::exp(-z)) : std::exp(z) / (1 + std::exp(z));
}

std::vector<double> level_probabilities(const Logits& logits, int horizon, int levels, double temperature) {
  const float* z = logits.data() + 1 + static_cast<std::ptrdiff_t>(horizon) * levels;
  const double highest = static_cast<double>(*std::max_element(z, z + levels));
  std::vector<double> probabilities(static_cast<std::size_t>(levels));
  double sum = 0;
  for (std::size_t k = 0; k < probabilities.size(); ++k)
    sum += probabilities[k] = std::exp((static_cast<double>(z[k]) - highest) / temperature);
  for (double& probability : probabilities) probability /= sum;
  return probabilities;
}

}  // namespace deepmine::lifecycle
