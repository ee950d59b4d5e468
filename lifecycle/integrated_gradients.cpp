#include "lifecycle/integrated_gradients.h"

#include <algorithm>
#include <cmath>

#include "engine/stope/feature_table.h"

namespace deepmine::lifecycle {
namespace {

constexpr int batch_capacity = 64;
constexpr int fewest_steps = 64, most_steps = 4096;

nn::Parameters<float> copy_of(const LoadedModel& model) {
  nn::Parameters<float> parameters(model.network().layout(), true);
  std::copy_n(model.parameters().values, model.network().layout().size(), parameters.values());
  parameters.refresh_packed();
  return parameters;
}

/// The shares of a category's values in training; of a model that kept none, the same for each that it saw.
void write_category_shares(const io::Components& components, const std::string& name, std::size_t first,
                           std::size_t count, std::vector<float>& features) {
  for (const train::FeatureDistribution& feature : components.distributions.features)
    if (feature.name == name && feature.shares.size() == count) {
      for (std::size_t i = 0; i < count; ++i) features[first + i] = static_cast<float>(feature.shares[i]);
      return;
    }
  const auto seen = components.scaler.categories_seen.begin() + static_cast<std::ptrdiff_t>(first);
  const auto known = std::count(seen, seen + static_cast<std::ptrdiff_t>(count), std::uint8_t{1});
  for (std::size_t i = 0; i < count && known > 0; ++i)
    features[first + i] = seen[static_cast<std::ptrdiff_t>(i)] == 1 ? 1.0f / static_cast<float>(known) : 0.0f;
}

}  // namespace

bool InputAttributions::complete() const {
  return completeness_error <=
         std::max(completeness_absolute, completeness_relative * std::abs(output - baseline_output));
}

std::vector<float> attribution_baseline(const io::Components& components) {
  const stope::NetworkSpecification& network = components.network;
  std::vector<float> features(static_cast<std::size_t>(network.sample_features()));
  std::size_t first = 0;
  for (const auto& [name, count] :
       {std::pair{"direction", stope::directions.size()}, std::pair{"rock_type", stope::rock_types.size()},
        std::pair{"support_type", stope::support_types.size()}}) {
    write_category_shares(components, name, first, count, features);
    first += count;
  }
  if (network.rule_prior) {
    const auto prior = features.end() - static_cast<std::ptrdiff_t>(network.horizons.size()) *
                                            static_cast<std::ptrdiff_t>(network.risk_levels);
    std::fill(prior, features.end(), -std::log(static_cast<float>(network.risk_levels)));
  }
  return features;
}

IntegratedGradients::IntegratedGradients(const LoadedModel& model)
    : model_(model),
      parameters_(copy_of(model)),
      baseline_features_(attribution_baseline(model.components())),
      baseline_series_(static_cast<std::size_t>(model.components().network.sensors) *
                       static_cast<std::size_t>(model.components().network.days)),
      batch_(model.components().network, batch_capacity) {
  const stope::NetworkSpecification& network = model.components().network;
  const nn::BatchShape largest{batch_capacity};
  arena_.build([&](nn::Arena& arena) {
    model_.network().plan(arena, batch_capacity, workspace_);
    const nn::ParameterLayout& layout = model_.network().layout();
    gradients_ = {&layout,
                  arena.take<float>(layout.trainable_size() * static_cast<std::size_t>(largest.lanes()))};
    d_features_ = arena.activations<float>(largest.blocks(), network.sample_features(), 1);
    d_series_ = arena.activations<float>(largest.blocks(), network.sensors, network.days);
  });
}

void IntegratedGradients::forward(int samples) {
  const Network::Inputs inputs = batch_.inputs();
  nn::Team::run(1, [&](const nn::Team& team) {
    model_.network().forward({team, model_.prediction().kernels(), {samples}, nn::inference_mode},
                             parameters_.view(), inputs, workspace_);
  });
}

void IntegratedGradients::backward(int samples) {
  const Network::Inputs inputs = batch_.inputs();
  nn::Team::run(1, [&](const nn::Team& team) {
    model_.network().backward({team, model_.prediction().kernels(), {samples}, nn::inference_mode},
                              parameters_.view(), inputs, workspace_, gradients_,
                              {nn::overwrite(d_features_), nn::overwrite(d_series_)});
  });
}

/// p, or Σ k·p_k.
double IntegratedGradients::output_of(int sample, int head) const {
  const double temperature = model_.components().calibration.temperatures[static_cast<std::size_t>(head)];
  if (head == 0)
    return instability_probability({model_.network().current_logit(workspace_, sample)}, temperature);
  const int levels = model_.components().network.risk_levels;
  const float* logits = model_.network().future_logits(workspace_, head - 1, sample);
  // As if it were the first horizon's.
  Logits row(static_cast<std::size_t>(1 + levels));
  std::copy_n(logits, levels, row.begin() + 1);
  const std::vector<double> p = level_probabilities(row, 0, levels, temperature);
  double expected = 0;
  for (std::size_t k = 0; k < p.size(); ++k) expected += static_cast<double>(k) * p[k];
  return expected;
}

/// ∂F/∂z: p·(1 − p)/T of the current head; p_k·(k − Σ j·p_j)/T of a level.
void IntegratedGradients::set_output_gradients(int samples, int head) {
  const auto clear = [&](const nn::Activations<float>& d_logits) {
    for (int b = 0; b < nn::BatchShape{samples}.blocks(); ++b)
      std::fill_n(d_logits.block(b), d_logits.features * nn::block_size, 0.0f);
  };
  clear(workspace_.current.d_logits);
  for (Network::HeadCache& cache : workspace_.future) clear(cache.d_logits);
  const double temperature = model_.components().calibration.temperatures[static_cast<std::size_t>(head)];
  const int levels = model_.components().network.risk_levels;
  for (int sample = 0; sample < samples; ++sample) {
    const int block = sample / nn::block_size, position = sample % nn::block_size;
    const double output = output_of(sample, head);
    if (head == 0) {
      *workspace_.current.d_logits.column(block, position) =
          static_cast<float>(output * (1 - output) / temperature);
      continue;
    }
    Logits row(static_cast<std::size_t>(1 + levels));
    std::copy_n(model_.network().future_logits(workspace_, head - 1, sample), levels, row.begin() + 1);
    const std::vector<double> p = level_probabilities(row, 0, levels, temperature);
    float* d = workspace_.future[static_cast<std::size_t>(head - 1)].d_logits.column(block, position);
    for (std::size_t k = 0; k < p.size(); ++k)
      d[k] = static_cast<float>(p[k] * (static_cast<double>(k) - output) / temperature);
  }
}

void IntegratedGradients::add_gradients(int samples, std::vector<double>& features,
                                        std::vector<double>& series) const {
  const auto sensors = static_cast<std::size_t>(d_series_.features);
  for (int sample = 0; sample < samples; ++sample) {
    const int block = sample / nn::block_size, position = sample % nn::block_size;
    const float* d = d_features_.column(block, position);
    for (std::size_t i = 0; i < features.size(); ++i) features[i] += static_cast<double>(d[i]);
    for (int day = 0; day < d_series_.steps; ++day) {
      const float* of_day = d_series_.column(block, day * nn::block_size + position);
      for (std::size_t s = 0; s < sensors; ++s)
        series[static_cast<std::size_t>(day) * sensors + s] += static_cast<double>(of_day[s]);
    }
  }
}

InputAttributions IntegratedGradients::explain(std::span<const float> features, std::span<const float> series,
                                               int head) {
  std::vector<float> at_features(features.size()), at_series(series.size());
  const auto add_point = [&](double alpha) {
    const auto part = static_cast<float>(alpha);
    for (std::size_t i = 0; i < features.size(); ++i)
      at_features[i] = baseline_features_[i] + part * (features[i] - baseline_features_[i]);
    for (std::size_t i = 0; i < series.size(); ++i)
      at_series[i] = baseline_series_[i] + part * (series[i] - baseline_series_[i]);
    batch_.add(at_features, at_series);
  };
  InputAttributions result;
  batch_.clear();
  add_point(0);
  add_point(1);
  forward(2);
  result.baseline_output = output_of(0, head);
  result.output = output_of(1, head);
  for (result.steps = fewest_steps;; result.steps *= 2) {
    result.features.assign(features.size(), 0);
    result.series.assign(series.size(), 0);
    for (int first = 0; first < result.steps; first += batch_capacity) {
      batch_.clear();
      for (int i = 0; i < batch_capacity; ++i) add_point((first + i + 0.5) / result.steps);
      forward(batch_capacity);
      set_output_gradients(batch_capacity, head);
      backward(batch_capacity);
      add_gradients(batch_capacity, result.features, result.series);
    }
    double sum = 0;
    for (std::size_t i = 0; i < features.size(); ++i)
      sum += result.features[i] *= static_cast<double>(features[i] - baseline_features_[i]) / result.steps;
    for (std::size_t i = 0; i < series.size(); ++i)
      sum += result.series[i] *= static_cast<double>(series[i] - baseline_series_[i]) / result.steps;
    result.completeness_error = std::abs(sum - (result.output - result.baseline_output));
    // Half of what is promised, so that nobody's own sum falls on the other side.
    const double change = std::abs(result.output - result.baseline_output);
    if (result.completeness_error <= 0.5 * std::max(completeness_absolute, completeness_relative * change) ||
        result.steps >= most_steps)
      return result;
  }
}

}  // namespace deepmine::lifecycle
