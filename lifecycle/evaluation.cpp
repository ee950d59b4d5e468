#include "lifecycle/evaluation.h"

#include <algorithm>
#include <limits>

#include "engine/stope/rules.h"
#include "engine/train/binary_metrics.h"
#include "engine/train/level_metrics.h"

namespace deepmine::lifecycle {
namespace {

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

/// Calls `visit(window index, position in the runner's batch)` for every window of the selection, batch by
/// batch; `batch_ended` after each batch.
template <class Visit, class BatchEnded>
void for_each_answer(NetworkRunner& runner, SampleSource& source, const stope::WindowSelection& selection,
                     Visit&& visit, BatchEnded&& batch_ended) {
  const auto capacity = static_cast<std::size_t>(runner.batch().capacity());
  for (std::size_t first = 0; first < selection.windows.size(); first += capacity) {
    const auto part =
        std::span(selection.windows).subspan(first, std::min(capacity, selection.windows.size() - first));
    source.fill(runner.batch(), part, selection.targets_before);
    runner.run();
    for (std::size_t i = 0; i < part.size(); ++i) visit(part[i], static_cast<int>(i));
    batch_ended();
  }
}

std::int8_t likeliest_level(const Logits& logits, std::size_t horizon, int levels) {
  const float* z = logits.data() + 1 + static_cast<std::ptrdiff_t>(horizon) * levels;
  return static_cast<std::int8_t>(std::max_element(z, z + levels) - z);
}

/// Labels and answers of every head, without the masked ones.
struct Answers {
  std::vector<std::int8_t> current_labels;
  std::vector<double> current_probabilities;
  std::vector<std::vector<std::int8_t>> labels, predicted;  ///< by horizon

  explicit Answers(std::size_t horizons) : labels(horizons), predicted(horizons) {}

  void add_current(std::int8_t label, double probability) {
    if (label < 0) return;
    current_labels.push_back(label);
    current_probabilities.push_back(probability);
  }
  void add_level(std::size_t horizon, std::int8_t label, std::int8_t level) {
    if (label < 0) return;
    labels[horizon].push_back(label);
    predicted[horizon].push_back(level);
  }
  HeadMetrics metrics(const std::vector<int>& horizons) const {
    HeadMetrics metrics{{"current", train::binary_metrics(current_labels, current_probabilities)}};
    for (std::size_t h = 0; h < horizons.size(); ++h)
      metrics.emplace_back(
          "future_" + std::to_string(horizons[h]) + "d",
          train::level_metrics(labels[h], predicted[h], static_cast<int>(stope::risk_level_count)));
    return metrics;
  }
};

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
  for_each_answer(
      runner, source, selection,
      [&](std::uint32_t window, int position) {
        const Logits logits = runner.logits(position);
        count(0, source.dataset().current_target(window), logits[0] >= 0 ? 1 : 0);
        const auto targets = visible_targets(source.dataset(), window, selection.targets_before);
        for (std::size_t h = 0; h < targets.size(); ++h)
          count(1 + h, targets[h], likeliest_level(logits, h, specification.risk_levels));
      },
      [&] {
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

HeadMetrics network_metrics(NetworkRunner& runner, const stope::NetworkSpecification& specification,
                            SampleSource& source, const stope::WindowSelection& selection) {
  Answers answers(specification.horizons.size());
  for_each_answer(
      runner, source, selection,
      [&](std::uint32_t window, int position) {
        const Logits logits = runner.logits(position);
        answers.add_current(source.dataset().current_target(window), instability_probability(logits));
        const auto targets = visible_targets(source.dataset(), window, selection.targets_before);
        for (std::size_t h = 0; h < targets.size(); ++h)
          answers.add_level(h, targets[h], likeliest_level(logits, h, specification.risk_levels));
      },
      [] {});
  return answers.metrics(specification.horizons);
}

HeadMetrics majority_metrics(const stope::Dataset& dataset, const stope::WindowSelection& training,
                             const stope::WindowSelection& selection) {
  const stope::ClassCounts counts = dataset.class_counts(training);
  const double labelled = static_cast<double>(counts.current[0] + counts.current[1]);
  const double unstable_share = labelled > 0 ? static_cast<double>(counts.current[1]) / labelled : 0.5;
  Answers answers(dataset.plan().horizons.size());
  for (const std::uint32_t window : selection.windows) {
    answers.add_current(dataset.current_target(window), unstable_share);
    const auto targets = visible_targets(dataset, window, selection.targets_before);
    for (std::size_t h = 0; h < targets.size(); ++h) {
      const auto& levels = counts.future[h];
      answers.add_level(
          h, targets[h],
          static_cast<std::int8_t>(std::max_element(levels.begin(), levels.end()) - levels.begin()));
    }
  }
  return answers.metrics(dataset.plan().horizons);
}

HeadMetrics rule_metrics(const stope::Dataset& dataset, const stope::WindowSelection& selection) {
  const stope::SiteSettings& settings = dataset.settings();
  Answers answers(dataset.plan().horizons.size());
  for (const std::uint32_t number : selection.windows) {
    const stope::Window& window = dataset.windows()[number];
    const stope::PreparedStope& stope = dataset.stopes()[window.stope];
    const auto days = stope.readings.window(window.end, dataset.plan().days);
    if (const auto unstable = stope::rule_unstable(settings.unstable_rules, stope.statics, days.back()))
      answers.add_current(dataset.current_target(number), *unstable ? 1 : 0);
    const auto levels = stope::extrapolated_risks(settings.unstable_rules, settings.risk_rules, stope.statics,
                                                  days, dataset.plan().horizons);
    const auto targets = visible_targets(dataset, number, selection.targets_before);
    for (std::size_t h = 0; h < targets.size(); ++h)
      if (levels[h]) answers.add_level(h, targets[h], static_cast<std::int8_t>(*levels[h]));
  }
  return answers.metrics(dataset.plan().horizons);
}

}  // namespace deepmine::lifecycle
