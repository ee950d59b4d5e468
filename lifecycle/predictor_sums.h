// All figures of one predictor, kept apart by stope, so that those of any resampling of the stopes cost one
// pass over the stopes.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/train/binary_metrics.h"
#include "engine/train/early_warning.h"
#include "engine/train/level_metrics.h"
#include "engine/train/ranking_metrics.h"
#include "lifecycle/answers.h"
#include "lifecycle/warning_events.h"

namespace deepmine::lifecycle {

/// Metrics by head: `current`, `future_1d`, …
using HeadMetrics = std::vector<std::pair<std::string, train::Metrics>>;

/// `current`, then `future_1d` and so on: the names of heads everywhere.
std::string head_name(int horizon);

class PredictorSums {
 public:
  /// `events` null: no early warning. Windows with a masked target, or without an answer, don't count in that
  /// head.
  PredictorSums(const JudgedWindows& judged, const Answers& answers,
                const stope::AssessmentSettings& settings, const WarningEvents* events = nullptr);

  std::size_t stopes() const { return stopes_; }
  /// The stopes as they are.
  HeadMetrics metrics() const;
  /// Each stope (position in JudgedWindows::stopes) counted so many times.
  HeadMetrics metrics(std::span<const double> times) const;

 private:
  void add_current(const JudgedWindows& judged, const Answers& answers, double threshold);
  void add_ranking(const JudgedWindows& judged, const Answers& answers);
  void add_future(const JudgedWindows& judged, const Answers& answers);
  void add_warnings(const JudgedWindows& judged, const Answers& answers,
                    const stope::AssessmentSettings& settings, const WarningEvents& events);
  train::Metrics current_metrics(std::span<const double> times) const;

  std::size_t stopes_;
  std::vector<int> horizons_;
  std::vector<train::BinarySums> current_;  // by stope; empty: the head has no answers
  struct RankedFold {
    train::Ranking ranking;
    std::vector<std::uint32_t> stopes;  // by ranked window
  };
  std::vector<RankedFold> ranked_;
  std::vector<std::vector<train::LevelSums>> future_;  // by horizon, by stope
  std::vector<train::WarningSums> warnings_;           // by stope; empty: not asked for
};

}  // namespace deepmine::lifecycle
