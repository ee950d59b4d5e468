// Analytic gradients against differences of fourth order, in double:
//
//   f'(x) ≈ (8·(f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h))) / 12h        error ≈ h⁴·f⁽⁵⁾/30 + ε·|f|/h
//
// With h = 5e-4 the first term is near 2e-15·f⁽⁵⁾ and the second near 4e-13·|f|: four to five digits below
// the 1e-7 that is asked for. The differences are taken of every output element before the loss adds them up,
// so |f| is an element, not the whole loss.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "tests/engine/nn/layer_trial.h"

namespace deepmine::nn::test {

inline constexpr double gradient_tolerance = 1e-7;
/// Below this part of the whole gradient's norm a tensor's gradient is nothing but rounding.
inline constexpr double negligible_part = 1e-10;

template <class Scalar>
double norm(const std::vector<Scalar>& values) {
  double squares = 0;
  for (const Scalar value : values) squares += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(squares);
}

template <class Scalar>
double whole_norm(const GradientSet<Scalar>& gradients) {
  double squares = 0;
  for (const auto& values : gradients.values) squares += norm(values) * norm(values);
  return std::sqrt(squares);
}

/// ‖a − b‖ / (‖a‖ + ‖b‖).
template <class ScalarA, class ScalarB>
double relative_error(const std::vector<ScalarA>& a, const std::vector<ScalarB>& b) {
  REQUIRE(a.size() == b.size());
  std::vector<double> difference(a.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    difference[i] = static_cast<double>(a[i]) - static_cast<double>(b[i]);
  return norm(difference) / (norm(a) + norm(b));
}

/// d loss / d value for one number that the forward pass reads.
template <class Trial>
double numeric_derivative(Trial& trial, double& value, const std::vector<double>& loss_weights) {
  constexpr double h = 5e-4;
  struct Point {
    double offset, weight;
  };
  std::vector<double> difference(loss_weights.size(), 0.0);
  const double kept = value;
  for (const Point point : {Point{h, 8}, Point{-h, -8}, Point{2 * h, -1}, Point{-2 * h, 1}}) {
    value = kept + point.offset;
    trial.forward();
    std::size_t i = 0;
    const auto& y = trial.output();
    for (int b = 0; b < trial.batch().blocks(); ++b)
      for (int j = 0; j < y.features * y.columns(); ++j, ++i) difference[i] += point.weight * y.block(b)[j];
  }
  value = kept;
  double sum = 0;
  for (std::size_t i = 0; i < difference.size(); ++i) sum += loss_weights[i] * difference[i];
  return sum / (12 * h);
}

/// Same order as trial.gradients(): trainable tensors, then the input (padding too).
template <class Trial>
GradientSet<double> numeric_gradients(Trial& trial) {
  trial.forward();  // cache.output knows its lengths from here on
  std::vector<double> loss_weights;
  for (int b = 0; b < trial.batch().blocks(); ++b)
    for (int c = 0; c < trial.output().columns(); ++c)
      for (int f = 0; f < trial.output().features; ++f) loss_weights.push_back(trial.loss_weight(b, c, f));
  GradientSet<double> result;
  const auto add = [&](const std::string& name, double* values, std::size_t count) {
    result.names.push_back(name);
    std::vector<double>& derivatives = result.values.emplace_back(count);
    for (std::size_t i = 0; i < count; ++i)
      derivatives[i] = numeric_derivative(trial, values[i], loss_weights);
  };
  for (const Tensor& tensor : trial.layout().tensors())
    if (is_trainable(tensor.role))
      add(tensor.name, trial.parameters().values() + tensor.offset, tensor.size());
  add("input", trial.input().data, trial.input_size());
  return result;
}

struct TensorError {
  std::string name;
  double error = 0;
  bool negligible = false;  ///< both norms are rounding
};

inline std::vector<TensorError> compare_gradients(const GradientSet<double>& analytic,
                                                  const GradientSet<double>& numeric) {
  REQUIRE(analytic.names == numeric.names);
  const double nothing = negligible_part * std::max(whole_norm(analytic), whole_norm(numeric));
  std::vector<TensorError> errors;
  for (std::size_t i = 0; i < analytic.names.size(); ++i) {
    const std::vector<double>&a = analytic.values[i], &n = numeric.values[i];
    errors.push_back({analytic.names[i], relative_error(a, n), norm(a) <= nothing && norm(n) <= nothing});
  }
  return errors;
}

/// Checks a layer: every tensor within the tolerance, those of `negligible` negligible, and the same bits
/// from 1, 2 and 3 threads.
template <class Make>
void check_gradients(const Make& make, const TrialSetup& setup,
                     const std::set<std::string>& negligible = {}) {
  LayerTrial<double, Make> trial(make, setup, reference_kernels<double>());
  const GradientSet<double> numeric = numeric_gradients(trial), analytic = trial.gradients(1);
  INFO("samples ", setup.samples, ", features ", setup.features, ", steps ", setup.steps, ", lengths ",
       setup.lengths.size(), ", accumulate ", setup.accumulate, ", seed ", setup.seed);
  for (const TensorError& tensor : compare_gradients(analytic, numeric)) {
    INFO(tensor.name, ": error ", tensor.error);
    CHECK(tensor.negligible == negligible.contains(tensor.name));
    CHECK((tensor.negligible || tensor.error < gradient_tolerance));
  }
  for (const int threads : {2, 3}) CHECK(trial.gradients(threads) == analytic);
}

}  // namespace deepmine::nn::test
