// The network as the product uses it, in training: for every named tensor derivatives along three directions:
// its largest derivatives, others at random, and the whole tensor.
#include <cstdlib>
#include <map>
#include <numeric>

#include "tests/engine/stope/network_gradient_check.h"

using namespace deepmine;
using namespace deepmine::stope;
using namespace deepmine::stope::test;

namespace {

/// Eight elements each, among the largest derivatives and among the others, and all of them.
std::vector<Direction> directions(const GradientSet<double>& gradients, std::size_t which) {
  const std::vector<double>& values = gradients.values[which];
  RandomStream random(derive_key(17, gradients.names[which]));
  std::vector<std::size_t> all(values.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::vector<std::size_t> order = all;
  random.shuffle(order);
  std::stable_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(order.size() / 2),
                   [&](std::size_t a, std::size_t b) { return std::abs(values[a]) > std::abs(values[b]); });
  const auto some = static_cast<std::ptrdiff_t>(std::min<std::size_t>(8, order.size()));
  return {random_direction(which, {order.begin(), order.begin() + some}, random),
          random_direction(which, {order.end() - some, order.end()}, random),
          random_direction(which, all, random)};
}

/// Three probes for each tensor that all heads share; the heads' own tensors are probed side by side.
std::vector<Probe> probes_for(const GradientSet<double>& gradients, const std::vector<int>& horizons,
                              std::size_t every) {
  std::vector<Probe> probes;
  std::map<int, std::vector<Direction>> of_heads;
  for (std::size_t which = 0; which < gradients.names.size(); which += every) {
    const int head = head_of(gradients.names[which], horizons);
    for (Direction& direction : directions(gradients, which)) {
      if (head < 0)
        probes.push_back({std::move(direction)});
      else
        of_heads[head].push_back(std::move(direction));
    }
  }
  for (bool any = true; any;) {
    Probe probe;
    for (auto& [head, waiting] : of_heads) {
      if (waiting.empty()) continue;
      probe.push_back(std::move(waiting.back()));
      waiting.pop_back();
    }
    any = !probe.empty();
    if (any) probes.push_back(std::move(probe));
  }
  return probes;
}

void check_full(CrossAttention choice) {
  NetworkTrialSetup setup{.specification = {}, .samples = 8, .seed = 3};
  setup.specification.cross_attention = choice;
  NetworkTrial<double> trial(setup, nn::reference_kernels<double>());
  CHECK(move_off_kinks(trial) > 0.01);
  const GradientSet<double> analytic = trial.gradients();
  const std::set<std::string> negligible = negligible_tensors(choice);
  const double nothing = nn::test::negligible_part * nn::test::whole_norm(analytic);

  // Sanitizer builds are many times slower and set DEEPMINE_QUICK: every sixth tensor will do there.
  const std::size_t every = std::getenv("DEEPMINE_QUICK") != nullptr ? 6 : 1;
  const std::vector<Probe> probes = probes_for(analytic, setup.specification.horizons, every);
  const auto derivatives = numeric_derivatives(setup, trial, analytic.names, probes, second_order);
  std::map<std::string, std::pair<std::vector<double>, std::vector<double>>> by_tensor;
  for (std::size_t p = 0; p < probes.size(); ++p)
    for (std::size_t d = 0; d < probes[p].size(); ++d) {
      auto& [a, n] = by_tensor[analytic.names[probes[p][d].which]];
      a.push_back(analytic_derivative(analytic, probes[p][d]));
      n.push_back(derivatives[p][d]);
    }
  CHECK(by_tensor.size() == (analytic.names.size() + every - 1) / every);
  for (const auto& [tensor, both] : by_tensor) {
    const auto& [a, n] = both;
    REQUIRE(a.size() == 3);
    const double error = nn::test::relative_error(a, n);
    INFO(tensor, ": error ", error, ", analytic ", nn::test::norm(a), ", numeric ", nn::test::norm(n));
    if (negligible.contains(tensor))
      CHECK((nn::test::norm(a) <= nothing && nn::test::norm(n) <= nothing));
    else
      CHECK(error < nn::test::gradient_tolerance);
  }
  for (std::size_t i = 0; i < analytic.names.size(); ++i) {
    CAPTURE(analytic.names[i]);
    CHECK((nn::test::norm(analytic.values[i]) <= nothing) == negligible.contains(analytic.names[i]));
  }
}

}  // namespace

TEST_CASE("gradients of the full network, static vector attends to the pooled series") {
  check_full(CrossAttention::pooled);
}

TEST_CASE("gradients of the full network, static vector attends to the days") {
  check_full(CrossAttention::days);
}
