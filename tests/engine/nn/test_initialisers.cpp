#include <doctest/doctest.h>

#include <cmath>
#include <optional>

#include "engine/nn/dense.h"
#include "engine/nn/initialisers.h"
#include "engine/nn/lstm.h"

using namespace deepmine;
using namespace deepmine::nn;

namespace {

template <class Scalar>
struct Initialised {
  explicit Initialised(bool with_more, RandomKey seed = 3) {
    if (with_more) {
      Dense<Scalar>(layout, "before", 3, 4, Activation::none);
      layout.add("norm/running_variance", 9, 1, Role::running_statistic, Initialiser::ones);
    }
    Dense<Scalar>(layout, "dense", 41, 128, Activation::relu);
    Lstm<Scalar>(layout, "lstm", 5, 24, {});
    layout.finish();
    parameters.emplace(layout, true);
    initialise(*parameters, seed);
  }
  std::vector<Scalar> operator[](std::string_view name) const {
    for (const Tensor& tensor : layout.tensors())
      if (tensor.name == name) {
        const Scalar* from = parameters->values() + tensor.offset;
        return {from, from + tensor.size()};
      }
    return {};
  }
  ParameterLayout layout;
  std::optional<Parameters<Scalar>> parameters;
};

}  // namespace

TEST_CASE("glorot: uniform between both limits") {
  const Initialised<float> network(false);
  const std::vector<float> kernel = network["dense/kernel"];
  REQUIRE(kernel.size() == 128 * 41);
  const double limit = std::sqrt(6.0 / (128 + 41));
  double lowest = 0, highest = 0, sum = 0, squares = 0;
  for (const double value : kernel) {
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
    sum += value;
    squares += value * value;
  }
  const auto count = static_cast<double>(kernel.size());
  CHECK(highest <= limit);
  CHECK(lowest >= -limit);
  CHECK(highest > 0.99 * limit);
  CHECK(lowest < -0.99 * limit);
  CHECK(std::abs(sum / count) < 4 * limit / std::sqrt(3 * count));
  CHECK(std::abs(squares / count / (limit * limit / 3) - 1) < 0.05);
  // The LSTM's kernel by the fans of the whole matrix: 5 inputs, 4 · 24 outputs.
  double lstm_highest = 0;
  for (const double value : network["lstm/kernel"]) lstm_highest = std::max(lstm_highest, std::abs(value));
  CHECK(lstm_highest <= std::sqrt(6.0 / (5 + 96)));
  CHECK(lstm_highest > 0.95 * std::sqrt(6.0 / (5 + 96)));
}

TEST_CASE("the recurrent kernel has orthonormal columns as a whole; biases are 0, the forget gate's 1") {
  const Initialised<double> network(false);
  const std::vector<double> u = network["lstm/recurrent_kernel"];
  REQUIRE(u.size() == 96 * 24);
  double worst = 0;
  for (std::size_t a = 0; a < 24; ++a)
    for (std::size_t b = 0; b < 24; ++b) {
      double product = 0;
      for (std::size_t row = 0; row < 96; ++row) product += u[a * 96 + row] * u[b * 96 + row];
      worst = std::max(worst, std::abs(product - (a == b ? 1 : 0)));
    }
  CHECK(worst < 1e-13);
  const std::vector<double> bias = network["lstm/bias"];
  for (std::size_t i = 0; i < 96; ++i) CHECK(bias[i] == (i >= 24 && i < 48 ? 1 : 0));
  for (const double value : network["dense/bias"]) CHECK(value == 0);
}

TEST_CASE("initial values depend on seed and name alone, and are the same in float and double") {
  const Initialised<float> network(false), more(true), other_seed(false, 4);
  const Initialised<double> in_double(false);
  for (const char* name : {"dense/kernel", "lstm/kernel", "lstm/recurrent_kernel"}) {
    const std::vector<float> values = network[name];
    CHECK(values == more[name]);
    CHECK(values != other_seed[name]);
    const std::vector<double> doubles = in_double[name];
    REQUIRE(values.size() == doubles.size());
    for (std::size_t i = 0; i < values.size(); ++i) REQUIRE(values[i] == static_cast<float>(doubles[i]));
  }
  CHECK(more["norm/running_variance"] == std::vector<float>(9, 1.0f));
  const ParameterView<float> view = network.parameters->view();
  CHECK(view.packed(0)[32] == view[0][128]);  // kernel(0, 1)
}
