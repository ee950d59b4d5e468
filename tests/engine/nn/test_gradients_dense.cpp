// Gradients of Dense and Dropout, and the proof that the check can fail.
#include "engine/nn/dense.h"
#include "tests/engine/nn/gradient_check.h"
#include "tests/engine/nn/layer_adapters.h"

using namespace deepmine;
using namespace deepmine::nn;
using namespace deepmine::nn::test;

namespace {

struct MakeDense {
  int inputs, outputs;
  Activation activation;
  template <class Scalar>
  Dense<Scalar> operator()(ParameterLayout& layout) const {
    return {layout, "dense", inputs, outputs, activation};
  }
};

/// The first seed for which no pre-activation comes near the kink of relu, so that no difference crosses it:
/// a parameter or input moves a pre-activation by less than 2 · 5e-4 · 2.
RandomKey seed_off_the_kink(MakeDense make, TrialSetup setup) {
  make.activation = Activation::none;
  for (setup.seed = 1; setup.seed < 200; ++setup.seed) {
    LayerTrial<double, MakeDense> trial(make, setup, reference_kernels<double>());
    trial.forward();
    double nearest = 1;
    for (const double z : trial.counting_outputs()) nearest = std::min(nearest, std::abs(z));
    if (nearest > 4e-3) return setup.seed;
  }
  FAIL("no such seed");
  return 0;
}

/// Dense with a gradient that is wrong on purpose.
enum class Fault { none, bias_forgotten, input_off_by_a_millionth, one_weight_off };
template <class Scalar>
class FaultyDense : public Dense<Scalar> {
 public:
  FaultyDense(ParameterLayout& layout, Fault fault)
      : Dense<Scalar>(layout, "dense", 5, 6, Activation::tanh), fault_(fault) {}
  void backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                Activations<const Scalar> x, const typename Dense<Scalar>::Cache& cache,
                Activations<Scalar> dy, GradientTarget<Scalar> dx, const Gradients<Scalar>& gradients) const {
    Dense<Scalar>::backward(pass, parameters, x, cache, dy, dx, gradients);
    pass.for_my_blocks([&](int block, int lane) {
      if (fault_ == Fault::bias_forgotten) std::fill_n(gradients.of(lane, 1), 6, Scalar(0));
      if (fault_ == Fault::one_weight_off) gradients.of(lane, 0)[17] *= Scalar(1 + 1e-4);
      if (fault_ == Fault::input_off_by_a_millionth)
        for (int i = 0; i < 5 * block_size; ++i) dx.to.block(block)[i] *= Scalar(1 + 1e-6);
    });
  }

 private:
  Fault fault_;
};
struct MakeFaulty {
  Fault fault;
  template <class Scalar>
  FaultyDense<Scalar> operator()(ParameterLayout& layout) const {
    return {layout, fault};
  }
};

std::string tensors_off(Fault fault) {
  const TrialSetup setup{.samples = 11};
  LayerTrial<double, MakeFaulty> trial({fault}, setup, reference_kernels<double>());
  std::string off;
  for (const TensorError& tensor : compare_gradients(trial.gradients(), numeric_gradients(trial)))
    if (tensor.error >= gradient_tolerance) off += tensor.name + " ";
  return off;
}

static_assert(Layer<Dense<float>, float> && Layer<Dense<double>, double>);
static_assert(Layer<DropoutLayer<float>, float> && !Layer<Dropout<float>, float>);

}  // namespace

TEST_CASE("dense: gradients of all activations, for full and partial blocks") {
  for (const Activation activation :
       {Activation::none, Activation::relu, Activation::sigmoid, Activation::tanh})
    for (const int samples : {1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 20}) {
      const MakeDense make{samples % 2 ? 5 : 18, samples % 3 ? 7 : 17, activation};
      TrialSetup setup{.samples = samples, .features = make.inputs, .accumulate = samples % 4 == 1};
      if (activation == Activation::relu) setup.seed = seed_off_the_kink(make, setup);
      check_gradients(make, setup);
    }
}

TEST_CASE("dense: gradients over time, and of lanes with two blocks") {
  for (const bool accumulate : {false, true}) {
    check_gradients(MakeDense{3, 5, Activation::tanh}, {.samples = 11,
                                                        .features = 3,
                                                        .steps = 4,
                                                        .lengths = mixed_lengths(11, 4),
                                                        .accumulate = accumulate});
    check_gradients(MakeDense{3, 2, Activation::sigmoid},
                    {.samples = 70, .features = 3, .accumulate = accumulate});
  }
}

TEST_CASE("dropout: gradients under fixed masks") {
  const auto make = []<class Scalar>(ParameterLayout&) { return DropoutLayer<Scalar>("dropout", 7, 0.3); };
  for (const int samples : {1, 8, 11})
    for (const bool accumulate : {false, true})
      for (const Mode mode : {inference_mode, training_mode})
        check_gradients(
            make, {.samples = samples, .features = 7, .steps = 3, .mode = mode, .accumulate = accumulate});
}

TEST_CASE("the gradient check finds what is wrong, and nothing else") {
  CHECK(tensors_off(Fault::none) == "");
  CHECK(tensors_off(Fault::bias_forgotten) == "dense/bias ");
  CHECK(tensors_off(Fault::one_weight_off) == "dense/kernel ");
  CHECK(tensors_off(Fault::input_off_by_a_millionth) == "input ");
}
