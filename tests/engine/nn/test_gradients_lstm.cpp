// Gradients of the LSTM through time: with and without dropout, with sequences of differing length.
#include "engine/nn/lstm.h"
#include "tests/engine/nn/gradient_check.h"

using namespace deepmine;
using namespace deepmine::nn;
using namespace deepmine::nn::test;

namespace {

struct MakeLstm {
  int inputs, units;
  LstmOptions options;
  template <class Scalar>
  Lstm<Scalar> operator()(ParameterLayout& layout) const {
    return {layout, "lstm", inputs, units, options};
  }
};

static_assert(Layer<Lstm<float>, float> && Layer<Lstm<double>, double>);

}  // namespace

TEST_CASE("lstm: gradients for every combination of output, dropout, lengths and target") {
  for (const bool all_steps : {true, false})
    for (const double input_dropout : {0.0, 0.3})
      for (const double recurrent_dropout : {0.0, 0.4})
        for (const bool lengths : {false, true})
          for (const bool accumulate : {false, true}) {
            const int samples = 11, steps = 4;
            check_gradients(MakeLstm{3, 5, {input_dropout, recurrent_dropout, all_steps}},
                            {.samples = samples,
                             .features = 3,
                             .steps = steps,
                             .lengths = lengths ? mixed_lengths(samples, steps) : std::vector<int>(),
                             .mode = training_mode,
                             .accumulate = accumulate,
                             .seed = all_steps ? 3u : 4u});
          }
}

TEST_CASE("lstm: gradients for all sizes of the last block") {
  for (const int samples : {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 20})
    check_gradients(MakeLstm{2, 3, {.all_steps = samples % 2 == 0}},
                    {.samples = samples,
                     .features = 2,
                     .steps = 3,
                     .lengths = samples % 3 ? mixed_lengths(samples, 3) : std::vector<int>()});
}

TEST_CASE("lstm: gradients of one step, of wider layers, and of lanes with two blocks") {
  check_gradients(MakeLstm{4, 3, {}}, {.samples = 3, .features = 4, .steps = 1},
                  {"lstm/recurrent_kernel"});  // no state before the first step
  check_gradients(MakeLstm{5, 17, {0.2, 0.2, true}},
                  {.samples = 2, .features = 5, .steps = 3, .mode = training_mode});
  check_gradients(
      MakeLstm{2, 2, {0.2, 0.2, false}},
      {.samples = 70, .features = 2, .steps = 2, .lengths = mixed_lengths(70, 2), .mode = training_mode});
}

TEST_CASE("lstm: after the end of a sequence the state stays, so the last column is the last state") {
  const int samples = 11, steps = 5;
  const std::vector<int> lengths = mixed_lengths(samples, steps);
  const TrialSetup setup{.samples = samples, .features = 3, .steps = steps, .lengths = lengths};
  LayerTrial<double, MakeLstm> all({3, 6, {.all_steps = true}}, setup, reference_kernels<double>());
  LayerTrial<double, MakeLstm> last({3, 6, {.all_steps = false}}, setup, reference_kernels<double>());
  for (const int threads : {1, 2, 3}) {
    all.forward(threads);
    last.forward(threads);
    CHECK(last.output().lengths == nullptr);
    for (int s = 0; s < samples; ++s)
      for (int u = 0; u < 6; ++u) {
        const int end = lengths[static_cast<std::size_t>(s)] - 1;
        const double at_end = all.output().column(s / block_size, end * block_size + s % block_size)[u];
        CHECK(last.output().column(s / block_size, s % block_size)[u] == at_end);
      }
  }
}
