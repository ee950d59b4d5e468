#include "lifecycle/judgement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/train/bootstrap.h"

namespace deepmine::lifecycle {
namespace {

/// Metrics of all heads as one list: which metric of which head, and its values.
struct FlatMetrics {
  std::vector<std::pair<std::string, std::string>> names;  ///< head, metric
  std::vector<double> values;
};

FlatMetrics flat(const HeadMetrics& heads) {
  FlatMetrics result;
  for (const auto& [head, metrics] : heads)
    for (const auto& [metric, value] : metrics) {
      result.names.emplace_back(head, metric);
      result.values.push_back(value);
    }
  return result;
}

/// A predictor's sums by seed, its figures, and its figures in every draw.
class Contestant {
 public:
  Contestant(const Contest& contest, const Predictor& predictor) : name_(predictor.name) {
    for (const Answers& answers : predictor.runs)
      sums_.emplace_back(contest.windows, answers, contest.settings, &contest.events);
    const FlatMetrics point = flat(sums_.front().metrics());
    names_ = point.names;
    point_ = mean_over_seeds(std::vector<double>(contest.windows.stopes.size(), 1.0));
  }

  void add_draw(std::span<const double> times) { draws_.push_back(mean_over_seeds(times)); }

  /// Position of a metric, or names().size().
  std::size_t find(const std::pair<std::string, std::string>& metric) const {
    return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), metric) - names_.begin());
  }
  const std::vector<std::pair<std::string, std::string>>& names() const { return names_; }
  const std::string& name() const { return name_; }
  double point(std::size_t metric) const { return point_[metric]; }
  std::vector<double> draws(std::size_t metric) const {
    std::vector<double> values;
    for (const auto& draw : draws_) values.push_back(draw[metric]);
    return values;
  }

 private:
  std::vector<double> mean_over_seeds(std::span<const double> times) const {
    std::vector<double> mean;
    for (const PredictorSums& sums : sums_) {
      const std::vector<double> values = flat(sums.metrics(times)).values;
      mean.resize(values.size());
      for (std::size_t i = 0; i < values.size(); ++i)
        mean[i] += values[i] / static_cast<double>(sums_.size());
    }
    return mean;
  }

  std::string name_;
  std::vector<PredictorSums> sums_;
  std::vector<std::pair<std::string, std::string>> names_;
  std::vector<double> point_;
  std::vector<std::vector<double>> draws_;
};

io::Estimate estimate(double value, std::vector<double> draws, double level) {
  const train::Interval interval = train::percentile_interval(std::move(draws), level);
  return std::isfinite(value) ? io::Estimate{value, interval.low, interval.high} : io::Estimate{};
}

io::PredictorEstimates estimates_of(const Contestant& contestant, double level) {
  io::PredictorEstimates estimates{contestant.name(), {}};
  for (std::size_t i = 0; i < contestant.names().size(); ++i) {
    const auto& [head, metric] = contestant.names()[i];
    if (estimates.heads.empty() || estimates.heads.back().head != head) estimates.heads.push_back({head, {}});
    estimates.heads.back().metrics.emplace_back(metric,
                                                estimate(contestant.point(i), contestant.draws(i), level));
  }
  return estimates;
}

/// Numbers of cases are no quality.
bool is_count(const std::string& metric) {
  return metric == "samples" || metric == "events" || metric == "stope_months";
}

io::Verdict verdict(const io::Estimate& difference, bool more_is_better) {
  if (!std::isfinite(difference.low) || !std::isfinite(difference.high)) return io::Verdict::not_known;
  if (difference.low > 0) return more_is_better ? io::Verdict::better : io::Verdict::worse;
  if (difference.high < 0) return more_is_better ? io::Verdict::worse : io::Verdict::better;
  return io::Verdict::not_told_apart;
}

void add_differences(const Contestant& network, const Contestant& other, double level,
                     std::vector<io::Difference>& differences) {
  for (std::size_t i = 0; i < network.names().size(); ++i) {
    const auto& [head, metric] = network.names()[i];
    const std::size_t j = other.find(network.names()[i]);
    if (j == other.names().size() || is_count(metric)) continue;
    std::vector<double> draws = network.draws(i);
    const std::vector<double> theirs = other.draws(j);
    for (std::size_t d = 0; d < draws.size(); ++d) draws[d] -= theirs[d];
    io::Difference difference{other.name(), head, metric, {}, {}};
    difference.estimate = estimate(network.point(i) - other.point(j), std::move(draws), level);
    difference.network_is = verdict(difference.estimate, train::more_is_better(metric));
    differences.push_back(std::move(difference));
  }
}

std::size_t unstable_stopes(const JudgedWindows& windows) {
  std::vector<bool> unstable(windows.stopes.size());
  for (std::size_t w = 0; w < windows.size(); ++w)
    if (windows.current[w] == 1) unstable[windows.stope[w]] = true;
  return static_cast<std::size_t>(std::count(unstable.begin(), unstable.end(), true));
}

}  // namespace

void judge(const Contest& contest, const Bootstrap& bootstrap, io::EvaluationReport& report) {
  std::vector<Contestant> all{Contestant(contest, contest.network)};
  for (const Predictor& baseline : contest.baselines) all.emplace_back(contest, baseline);
  for (const Predictor& ablation : contest.ablations) all.emplace_back(contest, ablation);
  std::vector<double> times(contest.windows.stopes.size());
  for (int draw = 0; draw < bootstrap.draws; ++draw) {
    train::draw_groups(bootstrap.seed, static_cast<std::uint64_t>(draw), times);
    for (Contestant& contestant : all) contestant.add_draw(times);
  }
  report.bootstrap_draws = bootstrap.draws;
  report.interval_level = bootstrap.level;
  report.stopes = contest.windows.stopes.size();
  report.windows = contest.windows.size();
  report.unstable_stopes = unstable_stopes(contest.windows);
  report.warning_events = contest.events.are_failures ? "failures" : "rule_levels";
  report.network = estimates_of(all.front(), bootstrap.level);
  for (std::size_t i = 1; i < all.size(); ++i) {
    (i <= contest.baselines.size() ? report.baselines : report.ablations)
        .push_back(estimates_of(all[i], bootstrap.level));
    add_differences(all.front(), all[i], bootstrap.level, report.differences);
  }
}

void add_remarks(io::EvaluationReport& report) {
  const double unstable_share =
      report.stopes > 0 ? static_cast<double>(report.unstable_stopes) / static_cast<double>(report.stopes)
                        : 0;
  report.data_is_thin = report.stopes < thin_below_stopes || unstable_share < thin_below_unstable_share;
  if (report.data_is_thin)
    report.remarks.push_back(
        fmt::format("The data is thin: {} stopes were judged, {} of them ({:.0f} %) unstable. With fewer "
                    "than {} stopes or "
                    "{:.0f} % unstable a few stopes decide these figures, and other stopes give others.",
                    report.stopes, report.unstable_stopes, 100 * unstable_share, thin_below_stopes,
                    100 * thin_below_unstable_share));
  report.remarks.emplace_back(
      "Future levels are those of the rule set on later readings, not observed failures.");
  if (report.split == "forward")
    report.remarks.emplace_back(
        "Split forward in time: the same stopes stand in every part, so the figures of the current head say "
        "nothing about stopes that the network has not seen.");
  if (report.split == "random")
    report.remarks.emplace_back(
        "Split at random: neighbouring days of one stope stand in different parts, so all figures are too "
        "good. Use them for comparisons only.");
  if (report.stopes_seen_in_training > 0 && report.split == "stope")
    report.remarks.push_back(fmt::format(
        "{} of the {} stopes judged were in the model's training or validation part: figures on them measure "
        "memory, not skill.",
        report.stopes_seen_in_training, report.stopes));
}

}  // namespace deepmine::lifecycle
