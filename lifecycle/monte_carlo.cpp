#include "lifecycle/monte_carlo.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "io/sha256.h"

namespace deepmine::lifecycle {
namespace {

constexpr int batch_capacity = 64;

nn::Parameters<float> copy_of(const LoadedModel& model) {
  nn::Parameters<float> parameters(model.network().layout(), false);
  std::copy_n(model.parameters().values, model.network().layout().size(), parameters.values());
  parameters.refresh_packed();
  return parameters;
}

RandomKey key_of(std::span<const float> features, std::span<const float> series, std::uint64_t seed) {
  std::string bytes(reinterpret_cast<const char*>(features.data()), features.size_bytes());
  bytes.append(reinterpret_cast<const char*>(series.data()), series.size_bytes());
  const io::Sha256Digest digest = io::sha256(bytes);
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < 8; ++i) hash = hash << 8 | digest[i];
  return derive_key(derive_key(seed, "monte carlo dropout"), hash);
}

double entropy(std::span<const double> probabilities) {
  double sum = 0;
  for (const double p : probabilities)
    if (p > 0) sum -= p * std::log(p);
  return sum;
}

/// Between the values, as numpy interpolates. `sorted` is not empty.
double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

bool has_dropout(const stope::NetworkSpecification& s) {
  return s.dense_dropout > 0 || s.branch_dropout > 0 || s.lstm_dropout > 0 || s.temporal_dropout > 0 ||
         s.attention_dropout > 0;
}

MonteCarlo::MonteCarlo(const LoadedModel& model)
    : model_(model),
      parameters_(copy_of(model)),
      batch_(model.components().network, batch_capacity),
      keys_(batch_capacity) {
  arena_.build([&](nn::Arena& arena) { model_.network().plan(arena, batch_capacity, workspace_); });
}

std::vector<Logits> MonteCarlo::draw(std::span<const float> features, std::span<const float> series,
                                     int draws, std::uint64_t seed, int threads) {
  const stope::NetworkSpecification& network = model_.components().network;
  const RandomKey key = key_of(features, series, seed);
  std::vector<Logits> answers;
  answers.reserve(static_cast<std::size_t>(draws));
  for (int first = 0; first < draws; first += batch_capacity) {
    const int count = std::min(batch_capacity, draws - first);
    batch_.clear();
    for (int i = 0; i < count; ++i) batch_.add(features, series);
    for (int i = 0; i < batch_capacity; ++i)
      keys_[static_cast<std::size_t>(i)] = derive_key(key, static_cast<std::uint64_t>(first + i));
    const nn::BatchShape shape{count};
    const Network::Inputs inputs = batch_.inputs();
    nn::Team::run(std::min(threads, shape.lanes()), [&](const nn::Team& team) {
      constexpr nn::Mode dropout_alone{.batch_statistics = false, .dropout = true};
      model_.network().forward(
          {team, model_.prediction().kernels(), shape, dropout_alone, keys_.data(), nullptr},
          parameters_.view(), inputs, workspace_);
    });
    for (int i = 0; i < count; ++i) {
      Logits row{model_.network().current_logit(workspace_, i)};
      for (int h = 0; h < static_cast<int>(network.horizons.size()); ++h) {
        const float* levels = model_.network().future_logits(workspace_, h, i);
        row.insert(row.end(), levels, levels + network.risk_levels);
      }
      answers.push_back(std::move(row));
    }
  }
  return answers;
}

stope::Uncertainty uncertainty_of(std::span<const double> probabilities, std::size_t classes,
                                  std::size_t shown) {
  const std::size_t draws = probabilities.size() / classes;
  std::vector<double> of_the_answer, mean(classes), both(2);
  double mean_entropy = 0;
  for (std::size_t draw = 0; draw < draws; ++draw) {
    const std::span<const double> p = probabilities.subspan(draw * classes, classes);
    of_the_answer.push_back(p[shown]);
    for (std::size_t k = 0; k < classes; ++k) mean[k] += p[k] / static_cast<double>(draws);
    both = {p[0], 1 - p[0]};
    mean_entropy += (classes == 1 ? entropy(both) : entropy(p)) / static_cast<double>(draws);
  }
  double squares = 0;
  for (const double p : of_the_answer) squares += (p - mean[shown]) * (p - mean[shown]);
  std::sort(of_the_answer.begin(), of_the_answer.end());
  both = {mean[0], 1 - mean[0]};
  stope::Uncertainty uncertainty;
  uncertainty.samples = static_cast<int>(draws);
  uncertainty.mean = mean[shown];
  uncertainty.standard_deviation = std::sqrt(squares / static_cast<double>(draws));
  uncertainty.low = quantile(of_the_answer, 0.05);
  uncertainty.high = quantile(of_the_answer, 0.95);
  uncertainty.mutual_information =
      std::max(0.0, (classes == 1 ? entropy(both) : entropy(mean)) - mean_entropy);
  return uncertainty;
}

}  // namespace deepmine::lifecycle
