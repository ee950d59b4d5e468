#include "lifecycle/predictor_sums.h"

#include <algorithm>
#include <map>

#include "engine/stope/assessment.h"

namespace deepmine::lifecycle {
namespace {

constexpr int levels_count = static_cast<int>(stope::risk_level_count);

/// The trend of known levels; nothing if one is masked.
std::optional<stope::RiskTrend> trend_of(std::span<const std::int8_t> levels,
                                         const stope::AssessmentSettings& settings) {
  std::vector<stope::RiskLevel> known;
  for (const std::int8_t level : levels) {
    if (level == stope::masked) return std::nullopt;
    known.push_back(static_cast<stope::RiskLevel>(level));
  }
  return stope::risk_trend(known, settings);
}

}  // namespace

std::string head_name(int horizon) {
  return horizon == 0 ? "current" : "future_" + std::to_string(horizon) + "d";
}

PredictorSums::PredictorSums(const JudgedWindows& judged, const Answers& answers,
                             const stope::AssessmentSettings& settings, const WarningEvents* events)
    : stopes_(judged.stopes.size()), horizons_(judged.horizons) {
  if (!answers.current.empty()) add_current(judged, answers, settings.decision_threshold);
  add_future(judged, answers);
  if (events != nullptr) add_warnings(judged, answers, settings, *events);
}

void PredictorSums::add_current(const JudgedWindows& judged, const Answers& answers, double threshold) {
  current_.resize(stopes_);
  for (std::size_t w = 0; w < judged.size(); ++w)
    if (judged.current[w] != stope::masked)
      current_[judged.stope[w]].add(judged.current[w] == 1, answers.current[w], threshold);
  add_ranking(judged, answers);
}

void PredictorSums::add_ranking(const JudgedWindows& judged, const Answers& answers) {
  struct Fold {
    std::vector<std::int8_t> labels;
    std::vector<double> probabilities;
    std::vector<std::uint32_t> stopes;
  };
  std::map<std::uint32_t, Fold> folds;
  for (std::size_t w = 0; w < judged.size(); ++w) {
    if (judged.current[w] == stope::masked) continue;
    Fold& fold = folds[judged.fold.empty() ? 0 : judged.fold[w]];
    fold.labels.push_back(judged.current[w]);
    fold.probabilities.push_back(answers.current[w]);
    fold.stopes.push_back(judged.stope[w]);
  }
  for (auto& [number, fold] : folds)
    ranked_.push_back({train::Ranking(fold.labels, fold.probabilities), std::move(fold.stopes)});
}

void PredictorSums::add_future(const JudgedWindows& judged, const Answers& answers) {
  const std::size_t horizons = horizons_.size();
  future_.assign(horizons, std::vector<train::LevelSums>(stopes_, train::LevelSums(levels_count)));
  std::array<double, stope::risk_level_count> scores{};
  for (std::size_t w = 0; w < judged.size(); ++w)
    for (std::size_t h = 0; h < horizons; ++h) {
      const std::int8_t label = judged.future_of(w)[h], level = answers.levels_of(w, horizons)[h];
      if (label == stope::masked || level == stope::masked) continue;
      std::optional<bool> second;
      if (!answers.level_scores.empty()) {
        const float* from = answers.level_scores.data() + (w * horizons + h) * scores.size();
        std::copy_n(from, scores.size(), scores.begin());
        second = train::in_top_two(scores, label);
      }
      future_[h][judged.stope[w]].add(label, level, second);
    }
}

void PredictorSums::add_warnings(const JudgedWindows& judged, const Answers& answers,
                                 const stope::AssessmentSettings& settings, const WarningEvents& events) {
  const std::vector<bool> alarm = alarms(judged, answers, settings);
  std::vector<std::vector<train::WatchedDay>> days(stopes_);
  for (std::size_t w = 0; w < judged.size(); ++w)
    days[judged.stope[w]].push_back({judged.days[w], alarm[w], events.quiet[w]});
  for (std::size_t s = 0; s < stopes_; ++s)
    warnings_.push_back(train::watch(days[s], events.event[s], horizons_.back()));
  for (std::size_t w = 0; w < judged.size(); ++w) {
    const auto expected = trend_of(judged.future_of(w), settings);
    if (!expected) continue;
    train::WarningSums& sums = warnings_[judged.stope[w]];
    sums.trends += 1;
    if (trend_of(answers.levels_of(w, horizons_.size()), settings) == expected) sums.trends_hit += 1;
  }
}

HeadMetrics PredictorSums::metrics() const {
  return metrics(std::vector<double>(stopes_, 1.0));
}

train::Metrics PredictorSums::current_metrics(std::span<const double> times) const {
  train::BinarySums sums;
  for (std::size_t s = 0; s < stopes_; ++s)
    if (times[s] > 0) sums.add(current_[s], times[s]);
  train::Metrics metrics = sums.metrics();
  std::vector<train::Ranking::Areas> folds;
  for (const RankedFold& fold : ranked_) {
    std::vector<double> weights(fold.stopes.size());
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = times[fold.stopes[i]];
    folds.push_back(fold.ranking.areas(weights));
  }
  const train::Ranking::Areas areas = train::combined(folds);
  metrics.emplace_back("roc_auc", areas.roc_auc);
  metrics.emplace_back("pr_auc", areas.pr_auc);
  return metrics;
}

HeadMetrics PredictorSums::metrics(std::span<const double> times) const {
  HeadMetrics heads;
  if (!current_.empty()) heads.emplace_back(head_name(0), current_metrics(times));
  for (std::size_t h = 0; h < horizons_.size(); ++h) {
    train::LevelSums sums(levels_count);
    for (std::size_t s = 0; s < stopes_; ++s)
      if (times[s] > 0) sums.add(future_[h][s], times[s]);
    heads.emplace_back(head_name(horizons_[h]), sums.metrics());
  }
  if (warnings_.empty()) return heads;
  train::WarningSums sums;
  for (std::size_t s = 0; s < stopes_; ++s)
    if (times[s] > 0) sums.add(warnings_[s], times[s]);
  heads.emplace_back("early_warning", sums.metrics());
  return heads;
}

}  // namespace deepmine::lifecycle
