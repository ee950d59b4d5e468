#include "lifecycle/skill_figures.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/stope/risk_level.h"
#include "lifecycle/predictor_sums.h"

namespace deepmine::lifecycle {
namespace {

class Reliability {
 public:
  void add(double probability, bool happened) {
    const auto bin = std::min(static_cast<std::size_t>(probability * reliability_bins), reliability_bins - 1);
    sums_[bin] += probability;
    happened_[bin] += happened ? 1 : 0;
    ++counts_[bin];
  }
  std::vector<ReliabilityBin> bins() const {
    std::vector<ReliabilityBin> bins;
    for (std::size_t i = 0; i < reliability_bins; ++i)
      if (const auto count = static_cast<double>(counts_[i]); count > 0)
        bins.push_back({sums_[i] / count, static_cast<double>(happened_[i]) / count, counts_[i]});
    return bins;
  }

 private:
  std::array<double, reliability_bins> sums_{};
  std::array<std::int64_t, reliability_bins> happened_{}, counts_{};
};

struct Scored {
  double probability;
  bool unstable;
};

/// Every `step`-th point and the last one, so that no more than most_curve_points are left.
std::vector<CurvePoint> thinned(const std::vector<CurvePoint>& points) {
  if (points.size() <= most_curve_points) return points;
  std::vector<CurvePoint> kept;
  for (std::size_t i = 0; i < most_curve_points; ++i)
    kept.push_back(points[i * (points.size() - 1) / (most_curve_points - 1)]);
  return kept;
}

/// Both curves from one walk, the most suspicious window first; equal probabilities are one step.
void add_curves(HeadFigures& figures, std::vector<Scored> scored) {
  std::sort(scored.begin(), scored.end(),
            [](const Scored& a, const Scored& b) { return a.probability > b.probability; });
  const auto positives = static_cast<double>(
      std::count_if(scored.begin(), scored.end(), [](const Scored& s) { return s.unstable; }));
  const double negatives = static_cast<double>(scored.size()) - positives;
  if (positives == 0 || negatives == 0) return;
  std::vector<CurvePoint> roc{{0, 0}}, precision_recall{{0, 1}};
  double hits = 0, false_alarms = 0;
  for (std::size_t i = 0; i < scored.size(); ++i) {
    (scored[i].unstable ? hits : false_alarms) += 1;
    if (i + 1 < scored.size() && scored[i + 1].probability == scored[i].probability) continue;
    roc.push_back({false_alarms / negatives, hits / positives});
    precision_recall.push_back({hits / positives, hits / (hits + false_alarms)});
  }
  figures.roc = thinned(roc);
  figures.precision_recall = thinned(precision_recall);
}

HeadFigures current_figures(const JudgedWindows& judged, const Answers& answers, double threshold) {
  HeadFigures figures{.head = "current", .confusion = {{0, 0}, {0, 0}}};
  Reliability reliability;
  std::vector<Scored> scored;
  for (std::size_t w = 0; w < judged.size() && w < answers.current.size(); ++w) {
    const double probability = answers.current[w];
    if (judged.current[w] == stope::masked || !std::isfinite(probability)) continue;
    const bool unstable = judged.current[w] == 1;
    ++figures.confusion[unstable ? 1 : 0][probability >= threshold ? 1 : 0];
    reliability.add(probability, unstable);
    scored.push_back({probability, unstable});
  }
  figures.reliability = reliability.bins();
  add_curves(figures, std::move(scored));
  return figures;
}

HeadFigures horizon_figures(const JudgedWindows& judged, const Answers& answers, std::size_t horizon) {
  constexpr std::size_t levels = stope::risk_level_count;
  const std::size_t horizons = judged.horizons.size();
  HeadFigures figures{.head = head_name(judged.horizons[horizon]),
                      .confusion = std::vector(levels, std::vector<std::int64_t>(levels, 0))};
  Reliability reliability;
  for (std::size_t w = 0; w < judged.size(); ++w) {
    const int label = judged.future_of(w)[horizon], answer = answers.levels_of(w, horizons)[horizon];
    if (label == stope::masked || answer == stope::masked) continue;
    ++figures.confusion[static_cast<std::size_t>(label)][static_cast<std::size_t>(answer)];
    if (answers.level_scores.empty()) continue;
    const double confidence =
        answers.level_scores[(w * horizons + horizon) * levels + static_cast<std::size_t>(answer)];
    if (std::isfinite(confidence)) reliability.add(confidence, label == answer);
  }
  figures.reliability = reliability.bins();
  return figures;
}

}  // namespace

std::vector<HeadFigures> skill_figures(const JudgedWindows& judged, const Answers& answers,
                                       double threshold) {
  std::vector<HeadFigures> figures{current_figures(judged, answers, threshold)};
  for (std::size_t h = 0; h < judged.horizons.size(); ++h)
    figures.push_back(horizon_figures(judged, answers, h));
  return figures;
}

}  // namespace deepmine::lifecycle
