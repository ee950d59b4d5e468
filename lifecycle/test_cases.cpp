#include "lifecycle/test_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/nn/kernels/select.h"
#include "engine/nn/numerics_version.h"

namespace deepmine::lifecycle {
namespace {

std::vector<std::vector<float>> answers(const std::vector<io::TestInput>& inputs,
                                        const PredictionNetwork& network) {
  NetworkRunner runner(network, static_cast<int>(inputs.size()), 1);
  for (const io::TestInput& input : inputs) runner.batch().add(input.statics, input.series);
  runner.run();
  std::vector<std::vector<float>> outputs;
  for (int i = 0; i < static_cast<int>(inputs.size()); ++i) outputs.push_back(runner.logits(i));
  return outputs;
}

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

bool close(float a, float b) {
  // Relative for large logits, absolute for small ones; not a number is never close.
  return std::abs(static_cast<double>(a) - static_cast<double>(b)) <=
         replay_tolerance * std::max(1.0, std::abs(static_cast<double>(a)));
}

}  // namespace

std::vector<std::uint32_t> test_case_windows(const stope::Dataset& dataset) {
  constexpr std::size_t wanted = 8;
  const std::size_t available = dataset.windows().size(), count = std::min(wanted, available);
  std::vector<std::uint32_t> windows;
  for (std::size_t i = 0; i < count; ++i)
    windows.push_back(static_cast<std::uint32_t>(i * available / count));
  return windows;
}

io::TestCases make_test_cases(const Network& network, const nn::ParameterView<float>& parameters,
                              const stope::Dataset& dataset, const stope::InputScaler& scaler,
                              std::span<const std::uint32_t> windows) {
  const stope::NetworkSpecification& specification = network.specification();
  io::TestCases cases;
  cases.numerics_version = nn::numerics_version;
  for (const std::uint32_t window : windows) {
    io::TestInput input;
    input.statics.resize(static_cast<std::size_t>(specification.sample_features()));
    input.series.resize(static_cast<std::size_t>(specification.sensors * specification.days));
    dataset.write_sample(window, specification, scaler, input.statics.data(), input.series.data());
    cases.inputs.push_back(std::move(input));
  }
  for (const nn::Kernels<float>* kernels : nn::available_kernels()) {
    PredictionNetwork prediction(specification, *kernels);
    prediction.take(parameters);
    cases.expected.push_back({kernels->name, answers(cases.inputs, prediction)});
  }
  return cases;
}

std::string_view name(Verified verified) {
  switch (verified) {
    case Verified::bit_for_bit:
      return "verified bit for bit";
    case Verified::to_tolerance:
      return "verified to tolerance";
    case Verified::not_verified:
      return "not verified";
  }
  return "not verified";
}

ReplayResult replay_test_cases(const io::TestCases& cases, const PredictionNetwork& network) {
  const nn::Kernels<float>& kernels = network.kernels();
  if (cases.inputs.empty() || cases.expected.empty())
    return {Verified::not_verified, "the model has no test cases"};
  const auto of_path =
      std::find_if(cases.expected.begin(), cases.expected.end(),
                   [&](const io::ExpectedOutputs& expected) { return expected.kernel_path == kernels.name; });
  const bool bits = of_path != cases.expected.end() && cases.numerics_version == nn::numerics_version;
  const io::ExpectedOutputs& expected = of_path != cases.expected.end() ? *of_path : cases.expected.front();
  const auto found = answers(cases.inputs, network);
  for (std::size_t i = 0; i < found.size(); ++i)
    for (std::size_t j = 0; j < found[i].size(); ++j) {
      const float wanted = expected.outputs[i][j];
      if (bits ? same_bits(wanted, found[i][j]) : close(wanted, found[i][j])) continue;
      return {
          Verified::not_verified,
          fmt::format("test case {} output {}: expected {:.9g} ({} kernels), found {:.9g} ({} kernels, {})",
                      i + 1, j + 1, wanted, expected.kernel_path, found[i][j], kernels.name,
                      bits ? "bit for bit" : "to tolerance")};
    }
  return {bits ? Verified::bit_for_bit : Verified::to_tolerance, {}};
}

}  // namespace deepmine::lifecycle
