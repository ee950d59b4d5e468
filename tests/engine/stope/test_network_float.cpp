// Every float path of the whole network against double, and against each other: double never runs the vector
// kernels.
#include "engine/nn/kernels/select.h"
#include "tests/engine/nn/gradient_check.h"
#include "tests/engine/stope/relu_kinks.h"

using namespace deepmine;
using namespace deepmine::stope;
using namespace deepmine::stope::test;

namespace {

constexpr double tolerance = 1e-5;

/// ‖a − b‖ / ‖b‖.
template <class ScalarA, class ScalarB>
double distance(const std::vector<ScalarA>& a, const std::vector<ScalarB>& b) {
  return nn::test::relative_error(a, b) * (nn::test::norm(a) + nn::test::norm(b)) / nn::test::norm(b);
}

template <class Scalar>
std::vector<Scalar> all_logits(const NetworkTrial<Scalar>& trial) {
  std::vector<Scalar> result;
  for (int s = 0; s < trial.batch().samples; ++s)
    for (const Scalar logit : trial.logits(s)) result.push_back(logit);
  return result;
}

struct FloatOutcome {
  std::string kernels;
  GradientSet<float> gradients;
  std::vector<float> logits;
};

template <class Scalar>
void compare(const GradientSet<float>& found, const GradientSet<Scalar>& expected,
             const std::set<std::string>& negligible) {
  REQUIRE(found.names == expected.names);
  for (std::size_t i = 0; i < expected.names.size(); ++i) {
    const std::string& tensor = expected.names[i];
    if (negligible.contains(tensor)) {
      INFO(tensor);
      CHECK(nn::test::norm(found.values[i]) <= 1e-6 * nn::test::whole_norm(expected));
      continue;
    }
    const double error = distance(found.values[i], expected.values[i]);
    INFO(tensor, ": error ", error);
    CHECK(error <= tolerance);
  }
}

void check_paths(CrossAttention choice) {
  NetworkTrialSetup setup{.specification = {}, .samples = 37, .seed = 3};
  setup.specification.cross_attention = choice;
  NetworkTrial<double> exact(setup, nn::reference_kernels<double>());
  move_off_kinks(exact);
  const GradientSet<double> gradients = exact.gradients(2);
  const std::vector<double> logits = all_logits(exact);
  const std::set<std::string> negligible = negligible_tensors(choice);
  std::vector<FloatOutcome> outcomes;
  for (const nn::Kernels<float>* kernels : nn::available_kernels()) {
    INFO("kernels ", std::string(kernels->name), " against double, cross-attention ",
         std::string(name(choice)));
    NetworkTrial<float> trial(setup, *kernels);
    trial.copy_from(exact);
    outcomes.push_back({kernels->name, trial.gradients(2), all_logits(trial)});
    compare(outcomes.back().gradients, gradients, negligible);
    CHECK(distance(outcomes.back().logits, logits) <= tolerance);
    for (std::size_t head = 0; head < trial.heads(); ++head)
      CHECK(std::abs(trial.head_loss(head) - exact.head_loss(head)) <= tolerance * exact.head_loss(head));
    CHECK(trial.gradients(3) == outcomes.back().gradients);
  }
  for (std::size_t a = 0; a < outcomes.size(); ++a)
    for (std::size_t b = a + 1; b < outcomes.size(); ++b) {
      INFO("kernels ", outcomes[a].kernels, " against ", outcomes[b].kernels);
      compare(outcomes[a].gradients, outcomes[b].gradients, negligible);
      CHECK(distance(outcomes[a].logits, outcomes[b].logits) <= tolerance);
    }
}

}  // namespace

TEST_CASE("float gradients of the full network, pooled") {
  check_paths(CrossAttention::pooled);
}

TEST_CASE("float gradients of the full network, days") {
  check_paths(CrossAttention::days);
}
