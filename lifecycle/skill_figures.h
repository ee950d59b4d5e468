// What the plots of a model's skill show, head by head: who was taken for what, whether probabilities are
// what they say, and the trade between alarms and misses at every threshold.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/stope/thresholds.h"
#include "lifecycle/answers.h"

namespace deepmine::lifecycle {

struct CurvePoint {
  double x = 0, y = 0;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("x", self.x);
    visit("y", self.y);
  }
};

/// The answers whose probability lies in one bin: what they claimed on average, how often it was so.
struct ReliabilityBin {
  double probability = 0, share = 0;
  std::int64_t count = 0;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("probability", self.probability);
    visit("share", self.share);
    visit("count", self.count);
  }
};

struct HeadFigures {
  std::string head;                                    ///< current, future_1d, …
  std::vector<std::vector<std::int64_t>> confusion{};  ///< [label][answer]; current: stable, unstable
  /// Ten equal bins of probability, empty ones left out. Current: of instability, and how often the stope was
  /// unstable. A horizon: of the answered level, and how often it was right.
  std::vector<ReliabilityBin> reliability{};
  /// Current head only: x false positive rate, y true positive rate; x recall, y precision. From the highest
  /// threshold to the lowest, at most `most_curve_points` of the thresholds that change anything.
  std::vector<CurvePoint> roc{}, precision_recall{};

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("head", self.head);
    visit("confusion", self.confusion);
    visit("reliability", self.reliability);
    visit("roc", self.roc);
    visit("precision_recall", self.precision_recall);
  }
};

inline constexpr std::size_t most_curve_points = 200;
inline constexpr std::size_t reliability_bins = 10;

/// One entry a head. Windows with a masked target, or an answer that is no number, do not count in a head.
std::vector<HeadFigures> skill_figures(const JudgedWindows& judged, const Answers& answers, double threshold);

}  // namespace deepmine::lifecycle
