#include "lifecycle/network_runner.h"

#include <algorithm>
#include <cmath>

namespace deepmine::lifecycle {
NetworkRunner::NetworkRunner(const Network& network, const nn::Kernels<float>& kernels, int capacity,
                             int threads)
    : network_(network), kernels_(kernels), threads_(threads), batch_(network.specification(), capacity) {
  arena_.build([&](nn::Arena& arena) { network.plan(arena, capacity, workspace_); });
}

void NetworkRunner::run(const nn::ParameterView<float>& parameters) {
  if (batch_.samples() == 0) return;
  const nn::BatchShape shape{batch_.samples()};
  const Network::Inputs inputs = batch_.inputs();
  nn::Team::run(std::min(threads_, shape.lanes()), [&](const nn::Team& team) {
    const nn::Pass<float> pass{team, kernels_, shape, nn::inference_mode};
    network_.forward(pass, parameters, inputs, workspace_);
  });
}

Logits NetworkRunner::logits(int position) const {
  const stope::NetworkSpecification& specification = network_.specification();
  Logits logits{network_.current_logit(workspace_, position)};
  logits.reserve(logit_count(specification));
  for (int h = 0; h < static_cast<int>(specification.horizons.size()); ++h) {
    const float* levels = network_.future_logits(workspace_, h, position);
    logits.insert(logits.end(), levels, levels + specification.risk_levels);
  }
  return logits;
}

std::vector<float> NetworkRunner::day_weights(int position) const {
  if (network_.specification().cross_attention != stope::CrossAttention::days) return {};
  std::vector<float> weights(static_cast<std::size_t>(network_.specification().days));
  network_.day_weights(workspace_, position, weights.data());
  return weights;
}

std::vector<NetworkRunner::HeadSums> NetworkRunner::loss_sums() const {
  const stope::NetworkSpecification& specification = network_.specification();
  const Network::Targets targets = batch_.targets();
  std::vector<HeadSums> sums(static_cast<std::size_t>(network_.heads()));
  for (int sample = 0; sample < batch_.samples(); ++sample) {
    if (const auto weight = static_cast<double>(targets.current.weights[sample]); weight > 0) {
      const float logit = network_.current_logit(workspace_, sample);
      sums[0].loss += weight * nn::binary_sample_loss<float>(logit, targets.current.targets[sample], nullptr);
      sums[0].weight += weight;
    }
    for (std::size_t h = 0; h < specification.horizons.size(); ++h) {
      const auto weight = static_cast<double>(targets.future[h].weights[sample]);
      if (weight <= 0) continue;
      const float* logits = network_.future_logits(workspace_, static_cast<int>(h), sample);
      sums[1 + h].loss +=
          weight * nn::categorical_sample_loss<float>(logits, specification.risk_levels,
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
