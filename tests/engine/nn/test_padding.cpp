// Neither the other samples of a batch, nor padding samples, nor steps past the end of a sequence change
// anything.
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

constexpr int features = 13;
constexpr AttentionOptions attention{
    .heads = 2, .key_size = 5, .query_features = 13, .source_features = 13, .outputs = 9, .dropout = 0.15};
constexpr AttentionOptions cross{
    .heads = 2, .key_size = 5, .query_features = 6, .source_features = 7, .outputs = 9, .dropout = 0.15};

/// Calls `test` with the maker of every layer.
template <class Test>
void for_every_layer(Test&& test) {
  for (const Activation activation : {Activation::relu, Activation::sigmoid, Activation::tanh})
    test("dense", [=]<class Scalar>(ParameterLayout& layout) {
      return Dense<Scalar>(layout, "dense", features, 10, activation);
    });
  for (const bool all_steps : {true, false})
    test(all_steps ? "lstm, all steps" : "lstm, last step", [=]<class Scalar>(ParameterLayout& layout) {
      return Lstm<Scalar>(layout, "lstm", features, 6, {0.15, 0.15, all_steps});
    });
  test("batch normalisation",
       []<class Scalar>(ParameterLayout& layout) { return BatchNorm<Scalar>(layout, "norm", features); });
  test("layer normalisation",
       []<class Scalar>(ParameterLayout& layout) { return LayerNorm<Scalar>(layout, "norm", features); });
  test("dropout",
       []<class Scalar>(ParameterLayout&) { return DropoutLayer<Scalar>("dropout", features, 0.3); });
  test("self-attention",
       []<class Scalar>(ParameterLayout& layout) { return SelfAttention<Scalar>(layout, attention); });
  test("cross attention",
       []<class Scalar>(ParameterLayout& layout) { return CrossAttention<Scalar>(layout, cross, 1); });
}

/// Puts `value` at every feature of the input's columns that don't count.
template <class Trial>
void fill_padding(Trial& trial, float value) {
  const auto& x = trial.input();
  for (int b = 0; b < trial.batch().blocks(); ++b)
    for (int c = 0; c < x.columns(); ++c)
      if (!x.column_counts(trial.batch(), b, c)) std::fill_n(x.column(b, c), x.features, value);
}

/// The input's gradient has to be 0 in columns that don't count.
template <class Trial>
bool padding_is_zero(const Trial& trial, const std::vector<float>& dx) {
  const auto& x = trial.input();
  for (int b = 0; b < trial.batch().blocks(); ++b)
    for (int c = 0; c < x.columns(); ++c)
      for (int f = 0; f < x.features; ++f)
        if (!x.column_counts(trial.batch(), b, c) &&
            dx[static_cast<std::size_t>(b * x.block_stride + c * x.features + f)] != 0)
          return false;
  return true;
}

}  // namespace

TEST_CASE("a sample's output has the same bits in a batch of 1, 9, 16 and 70, with Monte Carlo dropout too") {
  for (const Kernels<float>* kernels : available_kernels())
    for_every_layer([&](const std::string& name, const auto& make) {
      for (const Mode mode : {inference_mode, Mode{.batch_statistics = false, .dropout = true}}) {
        const TrialSetup all{
            .samples = 70, .features = features, .steps = 5, .lengths = mixed_lengths(70, 5), .mode = mode};
        LayerTrial<float, std::remove_cvref_t<decltype(make)>> large(make, all, *kernels);
        large.forward(2);
        const std::vector<float> expected = large.counting_outputs();
        for (const int samples : {1, 9, 16}) {
          TrialSetup some = all;
          some.samples = samples;
          LayerTrial<float, std::remove_cvref_t<decltype(make)>> small(make, some, *kernels);
          fill_padding(small, -2.5f);
          small.forward();
          const std::vector<float> outputs = small.counting_outputs();
          INFO(std::string(kernels->name), ", ", name, ", ", samples, " samples");
          REQUIRE(outputs.size() < expected.size());
          CHECK(std::equal(outputs.begin(), outputs.end(), expected.begin()));
        }
      }
    });
}

TEST_CASE("rubbish in padding samples and past the ends changes no output that counts and no gradient") {
  for (const Kernels<float>* kernels : available_kernels())
    for_every_layer([&](const std::string& name, const auto& make) {
      for (const bool lengths : {false, true}) {
        const TrialSetup setup{.samples = 11,
                               .features = features,
                               .steps = 5,
                               .lengths = lengths ? mixed_lengths(11, 5) : std::vector<int>(),
                               .mode = training_mode};
        LayerTrial<float, std::remove_cvref_t<decltype(make)>> trial(make, setup, *kernels);
        INFO(std::string(kernels->name), ", ", name, lengths ? ", lengths" : "");
        fill_padding(trial, 0);
        const GradientSet<float> expected = trial.gradients();
        const std::vector<float> outputs = trial.counting_outputs();
        CHECK(padding_is_zero(trial, expected.values.back()));
        for (const float rubbish : {-3.0f, 1e4f, -1e4f}) {
          fill_padding(trial, rubbish);
          CHECK((trial.gradients() == expected));
          CHECK((trial.counting_outputs() == outputs));
        }
      }
    });
}

TEST_CASE("what is not a number stays visible behind every layer") {
  for (const Kernels<float>* kernels : available_kernels())
    for_every_layer([&](const std::string& name, const auto& make) {
      const TrialSetup setup{.samples = 3, .features = features, .steps = 2};
      LayerTrial<float, std::remove_cvref_t<decltype(make)>> trial(make, setup, *kernels);
      for (int step = 0; step < 2; ++step)
        for (const int feature : {2, features - 1})  // of the query and of the source
          trial.input().column(0, step * block_size + 1)[feature] = std::nanf("");
      trial.forward();
      const auto& y = trial.output();
      int found = 0;
      for (int f = 0; f < y.features; ++f) found += std::isnan(y.column(0, 1)[f]);
      INFO(std::string(kernels->name), ", ", name, ": ", found, " of ", y.features);
      CHECK(found > 0);
      for (int f = 0; f < y.features; ++f) CHECK(std::isfinite(y.column(0, 0)[f]));
    });
}
