// A relu has no derivative at 0, so a difference over a step that crosses 0 proves nothing. Among tens of
// thousands of relus some always do; here the biases are moved so that none does.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/engine/stope/network_trial.h"

namespace deepmine::stope::test {

/// A Dense layer with relu: its name and what it reads.
template <class Scalar>
struct ReluLayer {
  std::string name;
  nn::Activations<Scalar> input;
};

/// The relu layers in the order of the forward pass; those of one stage don't depend on each other.
template <class Scalar>
std::vector<std::vector<ReluLayer<Scalar>>> relu_stages(const NetworkTrial<Scalar>& trial) {
  const auto& w = trial.workspace();
  std::vector<ReluLayer<Scalar>> firsts{{"current/block_1", w.shared_2.output}}, seconds;
  const std::vector<int>& horizons = trial.network().specification().horizons;
  for (std::size_t h = 0; h < horizons.size(); ++h) {
    const std::string head = "future_" + std::to_string(horizons[h]) + "d";
    firsts.push_back({head + "/block_1", w.shared_2.output});
    seconds.push_back({head + "/block_2", w.future[h].first.output});
  }
  return {{{"static/block_1", trial.statics()}},
          {{"static/block_2", w.static_1.output}},
          {{"static/block_3", w.static_sum}},
          {{"shared/block_1", w.fused}},
          {{"shared/block_2", w.shared_1.output}},
          firsts,
          seconds};
}

inline const nn::Tensor& tensor_named(const nn::ParameterLayout& layout, const std::string& name) {
  const auto found = std::find_if(layout.tensors().begin(), layout.tensors().end(),
                                  [&](const nn::Tensor& tensor) { return tensor.name == name; });
  REQUIRE(found != layout.tensors().end());
  return *found;
}

/// Moves the bias of every unit so that 0 lies in the middle of the widest gap between its values for the
/// samples of the batch, leaving at least a quarter of the samples on either side. Returns the least distance
/// to 0 of all values.
inline double move_off_kinks(NetworkTrial<double>& trial) {
  double least = 1e300;
  double* const values = trial.parameters().values();
  for (const std::vector<ReluLayer<double>>& stage : relu_stages(trial)) {
    trial.forward();
    for (const ReluLayer<double>& layer : stage) {
      const nn::Tensor& kernel = tensor_named(trial.layout(), layer.name + "/dense/kernel");
      double* bias = values + tensor_named(trial.layout(), layer.name + "/dense/bias").offset;
      for (int unit = 0; unit < kernel.rows; ++unit) {
        std::vector<double> z;
        for (int s = 0; s < trial.batch().samples; ++s) {
          const double* x = layer.input.column(s / nn::block_size, s % nn::block_size);
          double& sum = z.emplace_back(bias[unit]);
          for (int i = 0; i < kernel.columns; ++i)
            sum += values[kernel.offset + static_cast<std::size_t>(unit + i * kernel.rows)] * x[i];
        }
        std::sort(z.begin(), z.end());
        std::size_t widest = z.size() / 4;
        for (std::size_t i = widest; i + 1 < z.size() - z.size() / 4; ++i)
          if (z[i + 1] - z[i] > z[widest + 1] - z[widest]) widest = i;
        bias[unit] = static_cast<double>(static_cast<float>(bias[unit] - (z[widest] + z[widest + 1]) / 2));
        least = std::min(least, (z[widest + 1] - z[widest]) / 2);
      }
    }
  }
  trial.parameters().refresh_packed();
  return least;
}

}  // namespace deepmine::stope::test
