// Analytic against numeric gradients of the whole network, in double (tests/engine/nn/gradient_check.h has
// the formula). The differences are taken of every sample's and head's share of the loss before they are
// added up.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "tests/engine/nn/gradient_check.h"
#include "tests/engine/stope/relu_kinks.h"

namespace deepmine::stope::test {

/// How a derivative is taken: Σ weight·f(x + offset·h) / (divisor·h).
struct Stencil {
  struct Point {
    double offset, weight;
  };
  double h, divisor;
  std::vector<Point> points;
};
inline const Stencil fourth_order{1e-4, 12, {{1, 8}, {-1, -8}, {2, -1}, {-2, 1}}};
/// Half the work; error ≈ h²·f‴/6 + ε·|f|/h.
inline const Stencil second_order{3e-6, 2, {{1, 1}, {-1, -1}}};

/// A direction in the space of one gradient's values, of length 1.
struct Direction {
  std::size_t which = 0;  ///< number of the gradient
  std::vector<std::size_t> elements;
  std::vector<double> along;
};

/// A random direction in these elements. Not ±1 in all of them: a softmax doesn't feel a common shift, and
/// such a direction would say nothing about its biases.
inline Direction random_direction(std::size_t which, std::vector<std::size_t> elements,
                                  RandomStream& random) {
  Direction result{which, std::move(elements), {}};
  double squares = 0;
  for (std::size_t i = 0; i < result.elements.size(); ++i) {
    const double value = (random.below(2) == 0 ? -1 : 1) * random.uniform(0.5, 1);
    result.along.push_back(value);
    squares += value * value;
  }
  for (double& value : result.along) value /= std::sqrt(squares);
  return result;
}

inline double analytic_derivative(const GradientSet<double>& gradients, const Direction& direction) {
  double sum = 0;
  for (std::size_t i = 0; i < direction.elements.size(); ++i)
    sum += direction.along[i] * gradients.values[direction.which][direction.elements[i]];
  return sum;
}

/// The head that a tensor belongs to, or -1 if it serves all of them.
inline int head_of(const std::string& tensor, const std::vector<int>& horizons) {
  if (tensor.starts_with("current/")) return 0;
  for (std::size_t h = 0; h < horizons.size(); ++h)
    if (tensor.starts_with("future_" + std::to_string(horizons[h]) + "d/")) return static_cast<int>(h) + 1;
  return -1;
}

/// Directions that are tried in the same forward passes: one, or one for each of several heads, which don't
/// see each other.
using Probe = std::vector<Direction>;

/// One derivative for each direction of the probe.
inline std::vector<double> numeric_derivatives(NetworkTrial<double>& trial,
                                               const std::vector<std::string>& names, const Probe& probe,
                                               const Stencil& stencil) {
  std::vector<std::vector<double>> kept;
  for (const Direction& direction : probe) {
    kept.emplace_back();
    for (const std::size_t element : direction.elements)
      kept.back().push_back(trial.values_of(direction.which)[element]);
  }
  const auto move = [&](double distance) {
    for (std::size_t d = 0; d < probe.size(); ++d)
      for (std::size_t i = 0; i < kept[d].size(); ++i)
        trial.values_of(probe[d].which)[probe[d].elements[i]] = kept[d][i] + distance * probe[d].along[i];
  };
  std::vector<double> difference;
  for (const Stencil::Point& point : stencil.points) {
    move(point.offset * stencil.h);
    trial.forward();
    const std::vector<double> shares = trial.loss_shares();
    difference.resize(shares.size());
    for (std::size_t i = 0; i < shares.size(); ++i) difference[i] += point.weight * shares[i];
  }
  move(0);
  std::vector<double> derivatives;
  const auto samples = static_cast<std::size_t>(trial.batch().samples);
  for (const Direction& direction : probe) {
    const int head = head_of(names[direction.which], trial.network().specification().horizons);
    const std::size_t first = probe.size() == 1 ? 0 : static_cast<std::size_t>(head) * samples;
    const std::size_t end = probe.size() == 1 ? difference.size() : first + samples;
    double& sum = derivatives.emplace_back(0);
    for (std::size_t i = first; i < end; ++i) sum += difference[i];
    sum /= stencil.divisor * stencil.h;
  }
  return derivatives;
}

/// The derivatives of all probes. Every thread has a trial of its own, so the bits don't depend on their
/// number.
inline std::vector<std::vector<double>> numeric_derivatives(const NetworkTrialSetup& setup,
                                                            const NetworkTrial<double>& like,
                                                            const std::vector<std::string>& names,
                                                            const std::vector<Probe>& probes,
                                                            const Stencil& stencil) {
  const unsigned workers = std::clamp(std::thread::hardware_concurrency(), 1u, 16u);
  std::vector<std::unique_ptr<NetworkTrial<double>>> trials;
  for (unsigned i = 0; i < workers; ++i) {
    trials.push_back(std::make_unique<NetworkTrial<double>>(setup, nn::reference_kernels<double>()));
    trials.back()->copy_from(like);
  }
  std::vector<std::vector<double>> result(probes.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&](NetworkTrial<double>& trial) {
    for (std::size_t i = next++; i < probes.size(); i = next++)
      result[i] = numeric_derivatives(trial, names, probes[i], stencil);
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < workers; ++i) threads.emplace_back(work, std::ref(*trials[i]));
  work(*trials[0]);
  for (std::thread& thread : threads) thread.join();
  return result;
}

}  // namespace deepmine::stope::test
