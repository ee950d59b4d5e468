// A saved model carries cases with the answers that it gave when it was saved. Whoever loads it replays them:
// bit for bit where the kernel path and the numerics version are the same, to a tolerance otherwise.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/stope/dataset.h"
#include "io/components_file.h"
#include "lifecycle/network_runner.h"

namespace deepmine::lifecycle {

/// Answers may differ by this much where bits can't be compared.
inline constexpr double replay_tolerance = 1e-5;

/// A few windows from all over the data.
std::vector<std::uint32_t> test_case_windows(const stope::Dataset& dataset);

/// Cases from these windows, with the logits of every kernel path that this machine can run.
io::TestCases make_test_cases(const Network& network, const nn::ParameterView<float>& parameters,
                              const stope::Dataset& dataset, const stope::InputScaler& scaler,
                              std::span<const std::uint32_t> windows);

enum class Verified { bit_for_bit, to_tolerance, not_verified };
std::string_view name(Verified verified);

struct ReplayResult {
  Verified verified = Verified::not_verified;
  std::string problem;  ///< of `not_verified`: which case and which output, expected and found
};

/// Replays the cases on the network's kernel path.
ReplayResult replay_test_cases(const io::TestCases& cases, const PredictionNetwork& network);

}  // namespace deepmine::lifecycle
