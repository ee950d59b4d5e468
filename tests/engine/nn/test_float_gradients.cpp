// Double never runs the vector kernels: every float path is compared with the double gradients here.
#include "engine/nn/batch_norm.h"
#include "engine/nn/dense.h"
#include "engine/nn/kernels/select.h"
#include "engine/nn/layer_norm.h"
#include "engine/nn/lstm.h"
#include "tests/engine/nn/gradient_check.h"
#include "tests/engine/nn/layer_adapters.h"

using namespace deepmine;
using namespace deepmine::nn;
using namespace deepmine::nn::test;

namespace {

/// Every tensor's float gradient within `tolerance` of the double one, norm-wise, on every path; tensors of
/// `negligible` are rounding on both sides.
template <class Make>
void compare_paths(const Make& make, const TrialSetup& setup, double tolerance,
                   const std::set<std::string>& negligible = {}) {
  const GradientSet<double> exact =
      LayerTrial<double, Make>(make, setup, reference_kernels<double>()).gradients();
  for (const Kernels<float>* kernels : available_kernels()) {
    LayerTrial<float, Make> trial(make, setup, *kernels);
    const GradientSet<float> single = trial.gradients();
    REQUIRE(single.names == exact.names);
    for (std::size_t i = 0; i < exact.names.size(); ++i) {
      const double error = relative_error(single.values[i], exact.values[i]);
      INFO(std::string(kernels->name), ", ", exact.names[i], ": error ", error);
      if (negligible.contains(exact.names[i]))
        CHECK(norm(single.values[i]) < 1e-6 * whole_norm(exact));
      else
        CHECK(error < tolerance);
    }
    CHECK(trial.gradients(3) == single);
  }
}

}  // namespace

TEST_CASE("float gradients of dense and dropout") {
  for (const Activation activation :
       {Activation::none, Activation::relu, Activation::sigmoid, Activation::tanh})
    for (const int inputs : {5, 41})
      compare_paths(
          [=]<class Scalar>(ParameterLayout& layout) {
            return Dense<Scalar>(layout, "dense", inputs, 37, activation);
          },
          {.samples = 70, .features = inputs}, 1e-6);
  compare_paths([]<class Scalar>(ParameterLayout&) { return DropoutLayer<Scalar>("dropout", 37, 0.3); },
                {.samples = 20, .features = 37, .steps = 3, .mode = training_mode}, 1e-6);
}

TEST_CASE("float gradients of the lstm") {
  for (const int units : {7, 16, 37})
    for (const bool lengths : {false, true})
      compare_paths(
          [=]<class Scalar>(ParameterLayout& layout) {
            return Lstm<Scalar>(layout, "lstm", 5, units, {0.15, 0.15, lengths});
          },
          {.samples = 21,
           .features = 5,
           .steps = 30,
           .lengths = lengths ? mixed_lengths(21, 30) : std::vector<int>(),
           .mode = training_mode},
          2e-6);
}

TEST_CASE("float gradients of the normalisations") {
  for (const bool by_batch : {false, true})
    compare_paths(
        [=]<class Scalar>(ParameterLayout& layout) { return BatchNorm<Scalar>(layout, "norm", 37); },
        {.samples = 21,
         .features = 37,
         .steps = 30,
         .lengths = mixed_lengths(21, 30),
         .mode = {.batch_statistics = by_batch}},
        2e-6);
  compare_paths([=]<class Scalar>(ParameterLayout& layout) { return LayerNorm<Scalar>(layout, "norm", 37); },
                {.samples = 21, .features = 37, .steps = 30, .lengths = mixed_lengths(21, 30)}, 2e-6);
}

TEST_CASE("float gradients of attention") {
  for (const int steps : {30, 8, 5}) {
    const AttentionOptions self{.heads = 3,
                                .key_size = 16,
                                .query_features = 37,
                                .source_features = 37,
                                .outputs = 37,
                                .dropout = 0.15};
    const TrialSetup setup{.samples = 11,
                           .features = 37,
                           .steps = steps,
                           .lengths = mixed_lengths(11, steps),
                           .mode = training_mode};
    compare_paths([=]<class Scalar>(ParameterLayout& layout) { return SelfAttention<Scalar>(layout, self); },
                  setup, 5e-6, {"attention/key_bias"});
    const AttentionOptions cross{.heads = 2,
                                 .key_size = 5,
                                 .query_features = 20,
                                 .source_features = 17,
                                 .outputs = 9,
                                 .dropout = 0.15};
    compare_paths(
        [=]<class Scalar>(ParameterLayout& layout) { return CrossAttention<Scalar>(layout, cross, 1); },
        setup, 5e-6, {"attention/key_bias"});
  }
}
