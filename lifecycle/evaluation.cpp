#include "lifecycle/evaluation.h"

#include <algorithm>
#include <limits>

#include "lifecycle/answers.h"

namespace deepmine::lifecycle {
namespace {

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

std::int8_t likeliest_level(const Logits& logits, std::size_t horizon, int levels) {
  const float* z = logits.data() + 1 + static_cast<std::ptrdiff_t>(horizon) * levels;
  return static_cast<std::int8_t>(std::max_element(z, z + levels) - z);
}

std::vector<std::int8_t> visible_targets(const stope::Dataset& dataset, std::uint32_t window,
                                         stope::Day before) {
  std::vector<std::int8_t> targets(dataset.plan().horizons.size());
  dataset.write_future_targets(window, before, targets.data());
  return targets;
}

}  // namespace

SelectionLoss selection_loss(NetworkRunner& runner, const stope::NetworkSpecification& specification,
                             SampleSource& source, const stope::WindowSelection& selection, double penalty) {
  const std::size_t heads = 1 + specification.horizons.size();
  std::vector<NetworkRunner::HeadSums> sums(heads);
  std::vector<double> hits(heads), counts(heads);
  const auto count = [&](std::size_t head, std::int8_t target, std::int8_t answer) {
    if (target < 0) return;
    counts[head] += 1;
    if (target == answer) hits[head] += 1;
  };
  run_in_batches(runner, source, selection, [&](std::span<const std::uint32_t> windows) {
    for (std::size_t i = 0; i < windows.size(); ++i) {
      const Logits logits = runner.logits(static_cast<int>(i));
      count(0, source.dataset().current_target(windows[i]), logits[0] >= 0 ? 1 : 0);
      const auto targets = visible_targets(source.dataset(), windows[i], selection.targets_before);
      for (std::size_t h = 0; h < targets.size(); ++h)
        count(1 + h, targets[h], likeliest_level(logits, h, specification.risk_levels));
    }
    const auto batch_sums = runner.loss_sums();
    for (std::size_t head = 0; head < heads; ++head) {
      sums[head].loss += batch_sums[head].loss;
      sums[head].weight += batch_sums[head].weight;
    }
  });

  SelectionLoss result;
  const bool nothing_to_judge = std::all_of(
      sums.begin(), sums.end(), [](const NetworkRunner::HeadSums& head) { return head.weight <= 0; });
  result.total = nothing_to_judge ? not_known : penalty;
  for (std::size_t head = 0; head < heads; ++head) {
    const double coefficient = head == 0 ? Network::current_coefficient()
                                         : Network::future_coefficient(specification.horizons[head - 1]);
    const double loss = sums[head].weight > 0 ? coefficient * sums[head].loss / sums[head].weight : 0;
    result.total += loss;
    result.heads.push_back(loss);
    result.accuracy.push_back(counts[head] > 0 ? hits[head] / counts[head] : not_known);
  }
  return result;
}

}  // namespace deepmine::lifecycle
