// What is asked of a predictor, and what it says: the windows of a selection with their targets, and the
// answers of the network and of what needs no network, all in the same form, so that they are judged alike.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/stope/dataset.h"
#include "lifecycle/network_runner.h"
#include "lifecycle/sample_source.h"

namespace deepmine::lifecycle {

/// The windows that are judged, one after the other, ascending by stope and day.
struct JudgedWindows {
  std::vector<int> horizons;
  std::vector<std::uint32_t> stopes;  ///< index into Dataset::stopes() of every stope that has a window
  std::vector<std::uint32_t> stope;   ///< by window: index into `stopes`
  /// By window: the fold that it belongs to, where several models answer; empty: one model. Scores of
  /// different models are not put in one order.
  std::vector<std::uint32_t> fold;
  std::vector<stope::Day> days;      ///< day t
  std::vector<std::int8_t> current;  ///< 1 unstable, 0 stable, or stope::masked
  std::vector<std::int8_t> future;   ///< windows × horizons: a level or stope::masked

  std::size_t size() const { return days.size(); }
  std::span<const std::int8_t> future_of(std::size_t window) const {
    return std::span(future).subspan(window * horizons.size(), horizons.size());
  }
};
JudgedWindows judged_windows(const stope::Dataset& dataset, const stope::WindowSelection& selection);

/// The answers to the windows of a selection, in its order.
struct Answers {
  std::vector<double> current;      ///< probability of instability; empty: this head has no answers
  std::vector<std::int8_t> levels;  ///< windows × horizons; stope::masked where there is no answer
  std::vector<float> level_scores;  ///< windows × horizons × levels; empty: levels only, no second choice

  std::span<const std::int8_t> levels_of(std::size_t window, std::size_t horizons) const {
    return std::span(levels).subspan(window * horizons, horizons);
  }
  /// Room for the answers to `windows` windows.
  static Answers room_for(std::size_t windows, std::size_t horizons, const Answers& like);
  /// Puts the answers to some windows at their places: answer i to place `places[i]`.
  void put(std::span<const std::uint32_t> places, const Answers& part);
};

/// Adds the answer that logits (network_runner.h) give, divided by the temperatures.
void add_answer(Answers& answers, const Logits& logits, std::size_t horizons,
                std::span<const double> temperatures);

/// The answers that the raw ones come to with these temperatures (current head first; empty: 1 each).
Answers answers_of(std::span<const Logits> logits, const stope::NetworkSpecification& specification,
                   std::span<const double> temperatures);

/// Runs the windows of a selection, batch by batch. Behind each run, `ran` gets the windows of the batch:
/// number i is sample i of the runner.
void run_in_batches(NetworkRunner& runner, SampleSource& source, const stope::WindowSelection& selection,
                    const std::function<void(std::span<const std::uint32_t>)>& ran);

/// Probabilities are calibrated with the temperatures (io::Calibration), current head first; empty: 1 each.
Answers network_answers(NetworkRunner& runner, const stope::NetworkSpecification& specification,
                        SampleSource& source, const stope::WindowSelection& selection,
                        std::span<const double> temperatures = {});
/// The most frequent class of the training windows; its frequencies as probabilities.
Answers majority_answers(const stope::Dataset& dataset, const stope::WindowSelection& training,
                         const stope::WindowSelection& selection);
/// The rule set: today's verdict for the current head (probability 0 or 1), its extrapolated risk.
Answers rule_answers(const stope::Dataset& dataset, const stope::WindowSelection& selection);
/// That nothing changes: the rules' level at each horizon if the readings of day t+h are today's. No current
/// head.
Answers persistence_answers(const stope::Dataset& dataset, const stope::WindowSelection& selection);
/// What the rules expect where readings scatter as they did in the window (stope/rule_prior.h): what a
/// network with a prior says before it has learnt anything. No current head.
Answers prior_answers(const stope::Dataset& dataset, const stope::WindowSelection& selection);

}  // namespace deepmine::lifecycle
