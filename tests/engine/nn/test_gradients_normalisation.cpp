// Gradients of batch normalisation and layer normalisation.
#include "engine/nn/batch_norm.h"
#include "engine/nn/layer_norm.h"
#include "tests/engine/nn/gradient_check.h"

using namespace deepmine;
using namespace deepmine::nn;
using namespace deepmine::nn::test;

namespace {

template <template <class> class Normalisation>
struct MakeNormalisation {
  int features;
  template <class Scalar>
  Normalisation<Scalar> operator()(ParameterLayout& layout) const {
    return {layout, "norm", features};
  }
};

/// Statistics of the batch on the way forward, but treated as constants on the way back.
template <class Scalar>
class ForgetfulBatchNorm : public BatchNorm<Scalar> {
 public:
  using BatchNorm<Scalar>::BatchNorm;
  void backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                Activations<const Scalar> x, typename BatchNorm<Scalar>::Cache& cache,
                Activations<const Scalar> dy, GradientTarget<Scalar> dx,
                const Gradients<Scalar>& gradients) const {
    const Pass<Scalar> constant{pass.team, pass.kernels, pass.batch, inference_mode, nullptr, nullptr};
    BatchNorm<Scalar>::backward(constant, parameters, x, cache, dy, dx, gradients);
  }
};

static_assert(Layer<BatchNorm<float>, float> && Layer<BatchNorm<double>, double>);
static_assert(Layer<LayerNorm<float>, float> && Layer<LayerNorm<double>, double>);

}  // namespace

TEST_CASE("batch normalisation: gradients on vectors and sequences, by batch and by running statistics") {
  for (const bool by_batch : {true, false})
    for (const bool accumulate : {false, true}) {
      const Mode mode{.batch_statistics = by_batch};
      for (const int samples : {3, 5, 7, 8, 9, 15, 16, 17, 20, 70})
        check_gradients(MakeNormalisation<BatchNorm>{5},
                        {.samples = samples, .features = 5, .mode = mode, .accumulate = accumulate});
      for (const int samples : {1, 2, 8, 11, 20})
        for (const bool lengths : {false, true})
          check_gradients(MakeNormalisation<BatchNorm>{3},
                          {.samples = samples,
                           .features = 3,
                           .steps = 5,
                           .lengths = lengths ? mixed_lengths(samples, 5) : std::vector<int>(),
                           .mode = mode,
                           .accumulate = accumulate});
    }
}

TEST_CASE("batch normalisation: the gradient check sees forgotten terms of the statistics") {
  const TrialSetup setup{.samples = 20, .mode = {.batch_statistics = true}};
  LayerTrial<double, MakeNormalisation<ForgetfulBatchNorm>> trial({5}, setup, reference_kernels<double>());
  const auto errors = compare_gradients(trial.gradients(), numeric_gradients(trial));
  REQUIRE(errors.size() == 3);
  CHECK(errors[0].error < gradient_tolerance);
  CHECK(errors[1].error < gradient_tolerance);
  CHECK(errors[2].error > 1e-3);
}

TEST_CASE("layer normalisation: gradients") {
  for (const int features : {5, 16, 19})
    for (const bool accumulate : {false, true}) {
      for (const int samples : {1, 8, 9, 20})
        check_gradients(MakeNormalisation<LayerNorm>{features},
                        {.samples = samples, .features = features, .accumulate = accumulate});
      check_gradients(MakeNormalisation<LayerNorm>{features}, {.samples = 11,
                                                               .features = features,
                                                               .steps = 3,
                                                               .lengths = mixed_lengths(11, 3),
                                                               .accumulate = accumulate});
    }
  check_gradients(MakeNormalisation<LayerNorm>{5}, {.samples = 70, .features = 5});
}
