// Adam against the formulas of adam.h, one scalar after the other.
#include <doctest/doctest.h>

#include <cmath>

#include "engine/nn/adam.h"
#include "engine/nn/initialisers.h"
#include "engine/nn/kernels/select.h"

using namespace deepmine;
using namespace deepmine::nn;

namespace {

/// Tensors of every role; the kernel has more than one piece (4096) and no multiple of 16.
struct Fixture {
  Fixture() {
    layout.add("norm/running_mean", 7, 1, Role::running_statistic, Initialiser::ones);
    layout.add("dense/kernel", 61, 83, Role::kernel, Initialiser::glorot_uniform);
    layout.add("dense/bias", 61, 1, Role::bias, Initialiser::ones);
    layout.add("lstm/recurrent_kernel", 20, 5, Role::recurrent_kernel, Initialiser::orthogonal);
    layout.add("attention/query_kernel", 9, 3, Role::attention_kernel, Initialiser::glorot_uniform);
    layout.add("norm/scale", 7, 1, Role::scale, Initialiser::ones);
    layout.add("norm/shift", 7, 1, Role::shift, Initialiser::ones);
    layout.add_packed(1);
    layout.finish();
  }
  ParameterLayout layout;
};

/// Gradient of lane `lane` in step `step`, around `size`.
template <class Scalar>
void fill_lanes(const Fixture& fixture, int lanes, int step, double size, std::vector<Scalar>& slab) {
  slab.assign(fixture.layout.trainable_size() * static_cast<std::size_t>(lanes), Scalar(0));
  RandomStream random(derive_key(9, static_cast<std::uint64_t>(step)));
  for (int lane = 0; lane < lanes; ++lane)
    for (const Tensor& tensor : fixture.layout.tensors())
      if (is_trainable(tensor.role))
        for (std::size_t i = 0; i < tensor.size(); ++i)
          slab[static_cast<std::size_t>(lane) * fixture.layout.trainable_size() + tensor.offset + i] =
              static_cast<Scalar>(size * random.normal());
}

/// The formulas, in double and without any structure.
struct PlainAdam {
  AdamSettings settings;
  std::vector<double> values, m, v;
  int steps = 0;
  bool clipped = false, unclipped = false;

  void step(const ParameterLayout& layout, int lanes, const auto& gradients, double learning_rate) {
    ++steps;
    for (const Tensor& tensor : layout.tensors()) {
      if (!is_trainable(tensor.role)) continue;
      std::vector<double> g(tensor.size());
      double squares = 0;
      for (std::size_t i = 0; i < g.size(); ++i) {
        for (int lane = 0; lane < lanes; ++lane)
          g[i] += static_cast<double>(
              gradients[static_cast<std::size_t>(lane) * layout.trainable_size() + tensor.offset + i]);
        if (tensor.role == Role::kernel) g[i] += 2 * settings.l2 * values[tensor.offset + i];
        squares += g[i] * g[i];
      }
      const double norm = std::sqrt(squares);
      const bool clip = settings.clip_norm > 0 && norm > settings.clip_norm;
      (clip ? clipped : unclipped) = true;
      for (std::size_t i = 0; i < g.size(); ++i) {
        const std::size_t at = tensor.offset + i;
        const double gradient = clip ? g[i] * settings.clip_norm / norm : g[i];
        m[at] = settings.beta1 * m[at] + (1 - settings.beta1) * gradient;
        v[at] = settings.beta2 * v[at] + (1 - settings.beta2) * gradient * gradient;
        values[at] -= learning_rate * std::sqrt(1 - std::pow(settings.beta2, steps)) /
                      (1 - std::pow(settings.beta1, steps)) * m[at] / (std::sqrt(v[at]) + settings.epsilon);
      }
    }
  }
};

template <class Scalar>
void compare_with_formulas(const Kernels<Scalar>& kernels, AdamSettings settings, double gradient_size,
                           double tolerance, bool expect_clipped, bool expect_unclipped) {
  const Fixture fixture;
  const ParameterLayout& layout = fixture.layout;
  Parameters<Scalar> parameters(layout, true);
  initialise(parameters, 4);
  PlainAdam plain{settings, {parameters.values(), parameters.values() + layout.size()}, {}, {}};
  plain.m.resize(layout.size());
  plain.v.resize(layout.size());
  const std::vector<double> start = plain.values;
  Adam<Scalar> adam(layout, settings);
  std::vector<Scalar> slab;
  for (int step = 0; step < 6; ++step) {
    const double learning_rate = step < 3 ? 0.01 : 0.005;
    fill_lanes(fixture, 3, step, gradient_size, slab);
    plain.step(layout, 3, slab, learning_rate);
    const double penalty = l2_penalty(parameters, settings.l2);
    Team::run(step % 3 + 1, [&](const Team& team) {
      adam.step(team, kernels, 3, {&layout, slab.data()}, parameters, learning_rate);
    });
    CHECK(std::abs(adam.penalty() - penalty) <= 1e-12 * penalty);
  }
  CHECK(adam.steps_made() == 6);
  CHECK(plain.clipped == expect_clipped);
  CHECK(plain.unclipped == expect_unclipped);
  double worst = 0, smallest_move = 1;
  for (const Tensor& tensor : layout.tensors())
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
      worst = std::max(worst, std::abs(static_cast<double>(parameters.values()[i]) - plain.values[i]));
      const double moved = std::abs(static_cast<double>(parameters.values()[i]) - start[i]);
      if (is_trainable(tensor.role))
        smallest_move = std::min(smallest_move, moved);
      else
        CHECK(moved == 0);
    }
  INFO(std::string(kernels.name), ": worst difference ", worst);
  CHECK(worst < tolerance);
  CHECK(smallest_move > 0);
  const Scalar* packed = parameters.view().packed(1);
  for (int row = 0; row < 61; ++row)
    for (int column = 0; column < 83; ++column)
      REQUIRE(packed[row / 32 * 32 * 83 + column * 32 + row % 32] == parameters[1][column * 61 + row]);
}

}  // namespace

TEST_CASE("adam follows its formulas: clipping active, inactive and switched off, with and without decay") {
  const auto compare = [](const auto& kernels, double tolerance) {
    compare_with_formulas(kernels, {}, 0.5, tolerance, true, false);
    compare_with_formulas(kernels, {}, 0.05, tolerance, true, true);
    compare_with_formulas(kernels, {.l2 = 0.1}, 1e-3, tolerance, true, true);
    compare_with_formulas(kernels, {.clip_norm = 0}, 0.5, tolerance, false, true);
    compare_with_formulas(kernels, {.beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .clip_norm = 30, .l2 = 0},
                          0.5, tolerance, true, true);
  };
  compare(reference_kernels<double>(), 1e-13);
  for (const Kernels<float>* kernels : available_kernels()) compare(*kernels, 1e-6);
}

TEST_CASE("adam's first step is the learning rate, whatever the size of the gradient") {
  ParameterLayout layout;
  layout.add("bias", 2, 1, Role::bias, Initialiser::zeros);
  layout.finish();
  Parameters<double> parameters(layout, true);
  Adam<double> adam(layout, {});
  std::vector<double> slab(layout.trainable_size());
  slab[0] = 3e-2;
  slab[1] = -4e-5;
  Team::run(1, [&](const Team& team) {
    adam.step(team, reference_kernels<double>(), 1, {&layout, slab.data()}, parameters, 0.001);
  });
  // √(1 − β2)/(1 − β1) · (1 − β1)·g / (√((1 − β2)·g²) + ε) = g / (|g| + ε/√(1 − β2))
  const double shift = 1e-7 / std::sqrt(0.001);
  CHECK(std::abs(parameters[0][0] + 0.001 * 3e-2 / (3e-2 + shift)) < 1e-15);
  CHECK(std::abs(parameters[0][1] - 0.001 * 4e-5 / (4e-5 + shift)) < 1e-15);
}

TEST_CASE("clipping is by named tensor: a huge gradient leaves the other tensors alone") {
  ParameterLayout layout;
  const TensorId a = layout.add("a", 5000, 1, Role::bias, Initialiser::zeros);  // two pieces
  const TensorId b = layout.add("b", 2, 1, Role::bias, Initialiser::zeros);
  layout.finish();
  Parameters<double> parameters(layout, true);
  Adam<double> adam(layout, {});
  std::vector<double> slab(layout.trainable_size());
  for (std::size_t i = 0; i < 5000; ++i) slab[i] = 10;
  slab[layout[b].offset] = 0.6;
  slab[layout[b].offset + 1] = -0.7;
  Team::run(2, [&](const Team& team) {
    adam.step(team, reference_kernels<double>(), 1, {&layout, slab.data()}, parameters, 0.001);
  });
  const double* m = adam.first_moment();
  CHECK(std::abs(m[layout[a].offset + 4999] - 0.1 / std::sqrt(5000.0)) < 1e-15);
  CHECK(std::abs(m[layout[b].offset] - 0.1 * 0.6) < 1e-16);
  CHECK(std::abs(m[layout[b].offset + 1] + 0.1 * 0.7) < 1e-16);
}
