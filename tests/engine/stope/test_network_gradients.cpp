// Every derivative of a small network, in training and in inference, with all that can differ between
// samples.
#include <numeric>

#include "tests/engine/stope/network_gradient_check.h"

using namespace deepmine;
using namespace deepmine::stope;
using namespace deepmine::stope::test;

namespace {

/// Every element of every tensor.
std::vector<nn::test::TensorError> compare_all(const NetworkTrialSetup& setup) {
  NetworkTrial<double> trial(setup, nn::reference_kernels<double>());
  const double margin = move_off_kinks(trial);
  CHECK(margin > 0.01);
  const GradientSet<double> analytic = trial.gradients();
  for (const int threads : {2, 3}) CHECK(trial.gradients(threads) == analytic);

  double network_loss = 0, plain_loss = 0;
  for (std::size_t head = 0; head < trial.heads(); ++head) network_loss += trial.head_loss(head);
  for (const double share : trial.loss_shares()) plain_loss += share;
  CHECK(std::abs(network_loss - plain_loss) < 1e-13 * plain_loss);

  std::vector<Probe> probes;
  for (std::size_t which = 0; which < analytic.values.size(); ++which)
    for (std::size_t element = 0; element < analytic.values[which].size(); ++element)
      probes.push_back({{which, {element}, {1.0}}});
  const auto derivatives = numeric_derivatives(setup, trial, analytic.names, probes, fourth_order);
  GradientSet<double> numeric{analytic.names, {}};
  std::size_t at = 0;
  for (const auto& values : analytic.values) {
    numeric.values.emplace_back();
    for (std::size_t i = 0; i < values.size(); ++i) numeric.values.back().push_back(derivatives[at++][0]);
  }
  return nn::test::compare_gradients(analytic, numeric);
}

void check_all(const NetworkTrialSetup& setup) {
  const std::set<std::string> negligible = negligible_tensors(setup.specification.cross_attention);
  for (const nn::test::TensorError& tensor : compare_all(setup)) {
    INFO(tensor.name, ": error ", tensor.error);
    CHECK(tensor.negligible == negligible.contains(tensor.name));
    CHECK((tensor.negligible || tensor.error < nn::test::gradient_tolerance));
  }
}

}  // namespace

TEST_CASE("gradients of a small network, every element") {
  struct Variant {
    CrossAttention choice;
    nn::Mode mode;
    bool mixed_lengths;
    bool known_answers = false;
  };
  for (const Variant& v : {Variant{CrossAttention::pooled, nn::training_mode, true},
                           Variant{CrossAttention::days, nn::training_mode, true},
                           Variant{CrossAttention::days, nn::training_mode, false},
                           Variant{CrossAttention::pooled, nn::inference_mode, true},
                           Variant{CrossAttention::days, nn::inference_mode, true},
                           Variant{CrossAttention::days, nn::training_mode, true, true}}) {
    INFO("cross-attention ", std::string(name(v.choice)), ", mixed lengths ", v.mixed_lengths, ", training ",
         v.mode.dropout, ", shortcut and prior ", v.known_answers);
    const NetworkSpecification small = small_specification(v.choice);
    check_all({.specification = v.known_answers ? with_known_answers(small) : small,
               .samples = 11,  // two lanes, the last block partly filled
               .mixed_lengths = v.mixed_lengths,
               .mode = v.mode,
               .seed = 3});
  }
}

TEST_CASE("the check sees a gradient of another loss") {
  const NetworkTrialSetup setup{.specification = small_specification(CrossAttention::days),
                                .samples = 11,
                                .mixed_lengths = true,
                                .seed = 3};
  NetworkTrial<double> trial(setup, nn::reference_kernels<double>());
  move_off_kinks(trial);
  const GradientSet<double> analytic = trial.gradients();
  std::vector<Probe> probes;
  RandomStream random(5);
  for (std::size_t which = 0; which < analytic.values.size(); ++which) {
    std::vector<std::size_t> all(analytic.values[which].size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    probes.push_back({random_direction(which, std::move(all), random)});
  }
  // One sample of the last head counts a little more than the analytic gradient knows of.
  std::span<double> weights = trial.weights(trial.heads() - 1);
  REQUIRE(weights[1] > 0);
  weights[1] *= 1.01;
  const auto derivatives = numeric_derivatives(setup, trial, analytic.names, probes, fourth_order);
  const std::set<std::string> negligible = negligible_tensors(CrossAttention::days);
  for (std::size_t i = 0; i < probes.size(); ++i) {
    const std::string& tensor = analytic.names[i];
    if (negligible.contains(tensor)) continue;
    const double a = analytic_derivative(analytic, probes[i][0]), n = derivatives[i][0];
    INFO(tensor, ": analytic ", a, ", numeric ", n);
    const int head = head_of(tensor, setup.specification.horizons);
    const bool affected = head < 0 || head + 1 == static_cast<int>(trial.heads());
    CHECK((std::abs(a - n) > nn::test::gradient_tolerance * (std::abs(a) + std::abs(n))) == affected);
  }
}

TEST_CASE("a head without a single target has no loss and no gradient") {
  NetworkTrial<double> trial({.specification = small_specification(CrossAttention::days), .samples = 11},
                             nn::reference_kernels<double>());
  for (double& weight : trial.weights(2)) weight = 0;
  const GradientSet<double> gradients = trial.gradients();
  CHECK(trial.head_loss(2) == 0);
  for (std::size_t i = 0; i < gradients.names.size(); ++i)
    CHECK((nn::test::norm(gradients.values[i]) == 0) == gradients.names[i].starts_with("future_7d/"));
}
