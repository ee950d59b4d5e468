#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "lifecycle/permutation_importance.h"
#include "tests/io/expect_error.h"
#include "tests/lifecycle/small_networks.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

stope::WindowSelection all_of(const stope::Dataset& dataset) {
  stope::WindowSelection all;
  all.windows.resize(dataset.windows().size());
  std::iota(all.windows.begin(), all.windows.end(), 0U);
  return all;
}

std::vector<double> numbers_of(const io::ImportanceReport& report) {
  std::vector<double> numbers;
  for (const io::InputImportance& input : report.inputs)
    for (const io::HeadImportance& head : input.heads) {
      CHECK(std::isfinite(head.log_loss_increase));
      for (const double value : {head.log_loss_increase, head.deviation, head.accuracy_decrease})
        numbers.push_back(value);
    }
  return numbers;
}

bool is_sensor(const std::string& name) {
  return std::any_of(stope::sensor_columns.begin(), stope::sensor_columns.end(),
                     [&](const auto& column) { return column.name == name; });
}

}  // namespace

TEST_CASE("an input that the network can't see matters exactly nothing, one that it lives on matters most") {
  // Without the first kernel of the static branch, statics are invisible.
  const auto blind = changed(saved_plain(), [](io::NamedTensor& tensor) {
    if (tensor.name == "static/block_1/dense/kernel")
      std::fill(tensor.values.begin(), tensor.values.end(), 0.0f);
  });
  const Samples samples(*blind);
  const io::ImportanceReport report =
      permutation_importance(*blind, samples.dataset, all_of(samples.dataset), {.repeats = 2});
  REQUIRE(report.inputs.size() == 15);
  CHECK(report.repeats == 2);
  double sensors = 0;
  for (const io::InputImportance& input : report.inputs) {
    CAPTURE(input.input);
    REQUIRE(input.heads.size() == 3);
    for (const io::HeadImportance& head : input.heads) {
      if (is_sensor(input.input))
        sensors += std::abs(head.log_loss_increase);
      else
        CHECK(head.log_loss_increase == 0);
    }
  }
  CHECK(sensors > 0);
}

TEST_CASE("what the rules look at matters to a network that begins from them") {
  const Samples samples(compact_model());
  const io::ImportanceReport report =
      permutation_importance(compact_model(), samples.dataset, all_of(samples.dataset), {.repeats = 2});
  double rule_inputs = 0, humidity = 0;
  for (const io::InputImportance& input : report.inputs) {
    if (input.input == "deformation_rate" || input.input == "vibration_velocity" || input.input == "stress")
      rule_inputs += input.heads[1].log_loss_increase;
    if (input.input == "humidity") humidity = input.heads[1].log_loss_increase;
  }
  CHECK(rule_inputs > 0.05);
  CHECK(humidity < rule_inputs);
}

TEST_CASE("the same seed gives the same bits for any number of threads, another seed other exchanges") {
  const Samples samples(plain_model());
  const auto all = all_of(samples.dataset);
  const auto run = [&](std::uint64_t seed, int threads) {
    return numbers_of(permutation_importance(plain_model(), samples.dataset, all,
                                             {.repeats = 1, .seed = seed, .threads = threads}));
  };
  const std::vector<double> expected = run(1, 1);
  CHECK(run(1, 3) == expected);
  CHECK(run(2, 1) != expected);
}

TEST_CASE("one stope has nobody to exchange with") {
  const Samples samples(plain_model());
  expect_error(ErrorCode::usage, "takes two stopes", [&] {
    (void)permutation_importance(plain_model(), samples.dataset, {.windows = {0, 1}});
  });
}
