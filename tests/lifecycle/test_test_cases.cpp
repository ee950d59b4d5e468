#include <doctest/doctest.h>

#include <cstring>
#include <limits>

#include "engine/nn/initialisers.h"
#include "engine/nn/kernels/select.h"
#include "engine/nn/numerics_version.h"
#include "lifecycle/test_cases.h"
#include "tests/lifecycle/tiny_training.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

struct ReplayCase {
  TinyTraining tiny;
  Network network{tiny_network()};
  nn::Parameters<float> parameters{network.layout(), false};
  io::TestCases cases;

  ReplayCase() {
    nn::initialise(parameters, 3);
    cases = make_test_cases(network, parameters.view(), tiny.dataset, tiny.scaler,
                            std::vector<std::uint32_t>{0, 20, 40});
  }
  ReplayResult replay(const nn::Kernels<float>& kernels = nn::default_kernels()) const {
    PredictionNetwork prediction(network.specification(), kernels);
    prediction.take(parameters.view());
    return replay_test_cases(cases, prediction);
  }
};

void flip_bit(float& value, unsigned bit) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  bits ^= 1u << bit;
  std::memcpy(&value, &bits, sizeof bits);
}

}  // namespace

TEST_CASE("every kernel path gives its own bits again") {
  const ReplayCase test;
  CHECK(test.cases.inputs.size() == 3);
  CHECK(test.cases.expected.size() == nn::available_kernels().size());
  CHECK(test.cases.numerics_version == nn::numerics_version);
  for (const nn::Kernels<float>* kernels : nn::available_kernels()) {
    const ReplayResult result = test.replay(*kernels);
    CHECK_MESSAGE(result.verified == Verified::bit_for_bit, result.problem);
  }
}

TEST_CASE("a changed bit of a weight is found") {
  ReplayCase test;
  for (const char* name : {"static/block_1/dense/kernel", "temporal/lstm_1/recurrent_kernel",
                           "temporal/self_attention/value_kernel", "temporal/norm_3/running_variance",
                           "future_7d/logits/kernel", "current/logits/kernel"}) {
    for (nn::TensorId id = 0; id < static_cast<nn::TensorId>(test.network.layout().tensors().size()); ++id) {
      if (test.network.layout()[id].name != name) continue;
      float& weight = test.parameters[id][0];
      const float kept = weight;
      flip_bit(weight, 22);  // the highest bit of the mantissa
      test.parameters.refresh_packed();
      const ReplayResult result = test.replay();
      CAPTURE(std::string(name));
      CHECK(result.verified == Verified::not_verified);
      CHECK(result.problem.find("expected") != std::string::npos);
      weight = kept;
      test.parameters.refresh_packed();
    }
  }
  CHECK(test.replay().verified == Verified::bit_for_bit);
}

TEST_CASE("the lowest bit of an answer is enough") {
  ReplayCase test;
  for (io::ExpectedOutputs& expected : test.cases.expected) flip_bit(expected.outputs[2][4], 0);
  const ReplayResult result = test.replay();
  CHECK(result.verified == Verified::not_verified);
  CHECK(result.problem.find("test case 3 output 5") != std::string::npos);
}

TEST_CASE("other numerics, or an unknown kernel path, are compared to a tolerance") {
  ReplayCase test;
  for (io::ExpectedOutputs& expected : test.cases.expected) flip_bit(expected.outputs[2][4], 0);
  test.cases.numerics_version += 1;
  CHECK(test.replay().verified == Verified::to_tolerance);
  for (io::ExpectedOutputs& expected : test.cases.expected) expected.outputs[2][4] += 1e-4f;
  CHECK(test.replay().verified == Verified::not_verified);

  ReplayCase other;
  for (io::ExpectedOutputs& expected : other.cases.expected) expected.kernel_path = "made by another machine";
  CHECK(other.replay().verified == Verified::to_tolerance);
  other.cases.expected.front().outputs[0][0] = std::numeric_limits<float>::quiet_NaN();
  CHECK(other.replay().verified == Verified::not_verified);
}

TEST_CASE("without cases nothing is verified") {
  ReplayCase test;
  test.cases.inputs.clear();
  CHECK(test.replay().verified == Verified::not_verified);
}
