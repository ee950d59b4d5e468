// Gradients of multi-head attention. Adding the same vector to all keys moves all scores of a query equally,
// which softmax does not see: the gradient of the key bias is 0, and of query and key of pooled attention
// (one key only) altogether.
#include "engine/nn/kernels/select.h"
#include "tests/engine/nn/gradient_check.h"
#include "tests/engine/nn/layer_adapters.h"

using namespace deepmine;
using namespace deepmine::nn;
using namespace deepmine::nn::test;

namespace {

struct MakeSelf {
  AttentionOptions options;
  template <class Scalar>
  SelfAttention<Scalar> operator()(ParameterLayout& layout) const {
    return {layout, options};
  }
};
struct MakeCross {
  AttentionOptions options;
  int query_steps;
  template <class Scalar>
  CrossAttention<Scalar> operator()(ParameterLayout& layout) const {
    return {layout, options, query_steps};
  }
};

const std::set<std::string> key_bias = {"attention/key_bias"};

static_assert(Layer<SelfAttention<float>, float> && Layer<CrossAttention<double>, double>);

}  // namespace

TEST_CASE("self-attention: gradients with lengths, dropout of the weights, both targets") {
  for (const double dropout : {0.0, 0.3})
    for (const bool lengths : {false, true})
      for (const bool accumulate : {false, true}) {
        const int samples = 9, steps = 5;
        const AttentionOptions options{.heads = 2,
                                       .key_size = 3,
                                       .query_features = 5,
                                       .source_features = 5,
                                       .outputs = 4,
                                       .dropout = dropout};
        check_gradients(MakeSelf{options},
                        {.samples = samples,
                         .features = 5,
                         .steps = steps,
                         .lengths = lengths ? mixed_lengths(samples, steps) : std::vector<int>(),
                         .mode = training_mode,
                         .accumulate = accumulate},
                        key_bias);
      }
}

TEST_CASE("self-attention: gradients for several sizes of batch and sequence") {
  const AttentionOptions options{
      .heads = 3, .key_size = 2, .query_features = 3, .source_features = 3, .outputs = 3};
  for (const int samples : {1, 3, 8, 11, 20})
    check_gradients(MakeSelf{options}, {.samples = samples, .features = 3, .steps = 3}, key_bias);
  check_gradients(MakeSelf{options},
                  {.samples = 3, .features = 3, .steps = 11, .lengths = mixed_lengths(3, 11)}, key_bias);
  check_gradients(MakeSelf{options}, {.samples = 2, .features = 3, .steps = 8}, key_bias);
  check_gradients(MakeSelf{options}, {.samples = 70, .features = 3, .steps = 2}, key_bias);
}

TEST_CASE("cross attention: gradients with one query step and with many") {
  for (const int query_steps : {1, 3, 5})
    for (const double dropout : {0.0, 0.25})
      for (const bool lengths : {false, true}) {
        const AttentionOptions options{.heads = 2,
                                       .key_size = 3,
                                       .query_features = 3,
                                       .source_features = 4,
                                       .outputs = 5,
                                       .dropout = dropout};
        check_gradients(MakeCross{options, query_steps},
                        {.samples = 10,
                         .features = 7,
                         .steps = 5,
                         .lengths = lengths ? mixed_lengths(10, 5) : std::vector<int>(),
                         .mode = training_mode,
                         .accumulate = query_steps == 3},
                        key_bias);
      }
}

TEST_CASE("attention to one pooled key: query and key never learn") {
  const AttentionOptions options{
      .heads = 2, .key_size = 3, .query_features = 3, .source_features = 4, .outputs = 5};
  check_gradients(
      MakeCross{options, 1}, {.samples = 9, .features = 7, .steps = 1},
      {"attention/query_kernel", "attention/query_bias", "attention/key_kernel", "attention/key_bias"});
}

TEST_CASE("attention weights: those that count sum to 1, those past the end are 0") {
  const AttentionOptions options{
      .heads = 2, .key_size = 3, .query_features = 5, .source_features = 5, .outputs = 4};
  const std::vector<int> lengths = mixed_lengths(11, 6);
  LayerTrial<double, MakeSelf> trial(
      {options}, {.samples = 11, .features = 5, .steps = 6, .lengths = lengths}, reference_kernels<double>());
  trial.forward();
  for (int sample = 0; sample < 11; ++sample)
    for (int query = 0; query < 6; ++query) {
      double sum = 0;
      for (int key = 0; key < 6; ++key) {
        const double weight = trial.layer().attention().mean_weight(trial.cache(), sample, query, key);
        sum += weight;
        CHECK((weight > 0) == (key < lengths[static_cast<std::size_t>(sample)]));
      }
      CHECK(std::abs(sum - 1) < 1e-14);
    }
}

TEST_CASE("dropout of attention weights: every head, query and key has a multiplier of its own") {
  const int heads = 2, steps = 16;
  const AttentionOptions options{
      .heads = heads, .key_size = 3, .query_features = 5, .source_features = 5, .outputs = 4, .dropout = 0.5};
  LayerTrial<double, MakeSelf> trial({options},
                                     {.samples = 2, .features = 5, .steps = steps, .mode = training_mode},
                                     reference_kernels<double>());
  trial.forward();
  const std::ptrdiff_t count = steps * steps;
  const double* mask = trial.cache().mask;  // sample by sample, head by head, query by query
  const auto agreeing = [&](std::ptrdiff_t distance) {
    int equal = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) equal += mask[i] == mask[i + distance];
    return equal;
  };
  // Of 256 fair coins 128 ± 4 · 8 agree: another key, another query, another head, another sample.
  for (const std::ptrdiff_t distance : {std::ptrdiff_t{1}, std::ptrdiff_t{steps}, count, heads * count}) {
    CHECK(agreeing(distance) > 96);
    CHECK(agreeing(distance) < 160);
  }
}

TEST_CASE("self-attention: weights that are made again give the bits of those that were kept") {
  const int samples = 9, steps = 70;  // three chunks of queries, the last one short
  for (const double dropout : {0.0, 0.3}) {
    AttentionOptions options{.heads = 2,
                             .key_size = 3,
                             .query_features = 5,
                             .source_features = 5,
                             .outputs = 4,
                             .dropout = dropout};
    const TrialSetup setup{.samples = samples,
                           .features = 5,
                           .steps = steps,
                           .lengths = mixed_lengths(samples, steps),
                           .mode = training_mode};
    options.most_kept_weights = 72 * steps;  // with padding: just enough
    LayerTrial<float, MakeSelf> kept(MakeSelf{options}, setup, default_kernels());
    options.most_kept_weights -= 1;
    LayerTrial<float, MakeSelf> made_again(MakeSelf{options}, setup, default_kernels());
    REQUIRE(kept.cache().weights != nullptr);
    REQUIRE(made_again.cache().weights == nullptr);
    CHECK(kept.gradients() == made_again.gradients());
    CHECK(kept.counting_outputs() == made_again.counting_outputs());
  }
}

TEST_CASE("self-attention: gradients where weights are made again") {
  AttentionOptions options{.heads = 2,
                           .key_size = 3,
                           .query_features = 3,
                           .source_features = 3,
                           .outputs = 2,
                           .dropout = 0.2,
                           .most_kept_weights = 0};
  check_gradients(MakeSelf{options},
                  {.samples = 2, .features = 3, .steps = 35, .lengths = {35, 33}, .mode = training_mode},
                  key_bias);
}
