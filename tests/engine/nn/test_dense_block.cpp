#include <doctest/doctest.h>

#include "engine/nn/dense_block.h"
#include "tests/engine/nn/gradient_check.h"

using namespace deepmine;
using namespace deepmine::nn;
using namespace deepmine::nn::test;

namespace {

/// The three layers one by one, as a layer of their own with the names of the block.
template <class Scalar>
class ByHand {
 public:
  struct Cache {
    Activations<Scalar> output, d_norm, d_dense;
    typename Dense<Scalar>::Cache dense;
    typename BatchNorm<Scalar>::Cache norm;
    typename Dropout<Scalar>::Cache dropout;
  };
  ByHand() = default;
  explicit ByHand(ParameterLayout& layout)
      : dense_(layout, "block/dense", 5, 7, Activation::relu),
        norm_(layout, "block/norm", 7),
        dropout_("block/dropout", 0.3) {}
  void plan(Arena& arena, int blocks, int steps, Cache& cache) const {
    dense_.plan(arena, blocks, steps, cache.dense);
    norm_.plan(arena, blocks, steps, cache.norm);
    dropout_.plan(arena, blocks, 7, steps, cache.dropout);
    cache.output = cache.dropout.output;
  }
  void forward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters, Activations<const Scalar> x,
               Cache& cache) const {
    dense_.forward(pass, parameters, x, cache.dense);
    norm_.forward(pass, parameters, cache.dense.output, cache.norm);
    dropout_.forward(pass, cache.norm.output, cache.dropout);
  }
  void backward(const Pass<Scalar>&, const ParameterView<Scalar>&, Activations<const Scalar>, Cache&,
                Activations<Scalar>, GradientTarget<Scalar>, const Gradients<Scalar>&) const {}

 private:
  Dense<Scalar> dense_;
  BatchNorm<Scalar> norm_;
  Dropout<Scalar> dropout_;
};

constexpr auto make_block = []<class Scalar>(ParameterLayout& layout) {
  return DenseBlock<Scalar>(layout, "block", 5, 7, 0.3);
};
constexpr auto make_by_hand = []<class Scalar>(ParameterLayout& layout) { return ByHand<Scalar>(layout); };

}  // namespace

TEST_CASE("a block is dense with relu, batch normalisation, dropout, in this order") {
  for (const Mode mode : {training_mode, inference_mode}) {
    const TrialSetup setup{.samples = 11, .features = 5, .mode = mode};
    LayerTrial<double, decltype(make_block)> block(make_block, setup, reference_kernels<double>());
    LayerTrial<double, decltype(make_by_hand)> by_hand(make_by_hand, setup, reference_kernels<double>());
    REQUIRE(block.layout().tensors().size() == 6);
    for (std::size_t i = 0; i < 6; ++i)
      CHECK(block.layout().tensors()[i].name == by_hand.layout().tensors()[i].name);
    block.forward(2);
    by_hand.forward();
    CHECK(block.counting_outputs() == by_hand.counting_outputs());
    std::size_t dropped = 0;
    for (const double value : block.counting_outputs()) dropped += value == 0 ? 1 : 0;
    CHECK((dropped > 0) == mode.dropout);
  }
}

TEST_CASE("gradients of the block") {
  for (const Mode mode : {training_mode, inference_mode})
    for (const bool accumulate : {false, true})
      check_gradients(make_block,
                      {.samples = 11, .features = 5, .mode = mode, .accumulate = accumulate, .seed = 4});
}
