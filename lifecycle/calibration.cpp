#include "lifecycle/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "engine/train/binary_metrics.h"
#include "engine/train/conformal.h"
#include "engine/train/temperature.h"
#include "lifecycle/predictor_sums.h"

namespace deepmine::lifecycle {
namespace {

constexpr std::size_t levels = stope::risk_level_count;

/// The labelled windows of one head. Head 0 is the current one.
struct HeadWindows {
  std::size_t head = 0;
  std::vector<std::size_t> windows, stopes;
  std::vector<std::int8_t> labels;
};

HeadWindows labelled(const JudgedWindows& judged, std::size_t head) {
  HeadWindows found{head, {}, {}, {}};
  for (std::size_t w = 0; w < judged.size(); ++w) {
    const std::int8_t label = head == 0 ? judged.current[w] : judged.future_of(w)[head - 1];
    if (label == stope::masked) continue;
    found.windows.push_back(w);
    found.stopes.push_back(judged.stope[w]);
    found.labels.push_back(label);
  }
  return found;
}

std::size_t count_stopes(const HeadWindows& head) {
  return std::set<std::size_t>(head.stopes.begin(), head.stopes.end()).size();
}

bool enough_to_fit(const HeadWindows& head) {
  std::map<std::int8_t, std::set<std::size_t>> stopes_of;
  for (std::size_t i = 0; i < head.labels.size(); ++i) stopes_of[head.labels[i]].insert(head.stopes[i]);
  const auto classes = std::count_if(stopes_of.begin(), stopes_of.end(),
                                     [](const auto& entry) { return entry.second.size() >= 2; });
  return classes >= 2 && count_stopes(head) >= fewest_calibration_stopes;
}

train::TemperatureFit fit_temperature(const HeadWindows& head, std::span<const Logits> logits) {
  std::vector<double> values;
  for (const std::size_t w : head.windows) {
    const Logits& row = logits[w];
    const std::size_t first = head.head == 0 ? 0 : 1 + (head.head - 1) * levels;
    for (std::size_t k = 0; k < (head.head == 0 ? 1 : levels); ++k)
      values.push_back(static_cast<double>(row[first + k]));
  }
  return head.head == 0 ? train::fit_binary_temperature(values, head.labels)
                        : train::fit_level_temperature(values, levels, head.labels);
}

/// Probabilities of the levels of a horizon's head.
std::vector<double> probabilities_of(const Logits& logits, std::size_t head, double temperature) {
  return level_probabilities(logits, static_cast<int>(head) - 1, static_cast<int>(levels), temperature);
}

struct Fit {
  double log_loss = 0, ece = 0;
};

/// The error of a horizon's head is that of its confidence: of answers given with 0.8, eight of ten are to be
/// right.
Fit measure(const HeadWindows& head, std::span<const Logits> logits, double temperature) {
  if (head.windows.empty()) return {};
  std::vector<std::int8_t> came_true;
  std::vector<double> confidence;
  double loss = 0;
  for (std::size_t i = 0; i < head.windows.size(); ++i) {
    const Logits& row = logits[head.windows[i]];
    if (head.head == 0) {
      came_true.push_back(head.labels[i]);
      confidence.push_back(instability_probability(row, temperature));
      continue;
    }
    const std::vector<double> p = probabilities_of(row, head.head, temperature);
    const auto likeliest = std::max_element(p.begin(), p.end());
    came_true.push_back(likeliest - p.begin() == head.labels[i]);
    confidence.push_back(*likeliest);
    loss -= std::log(std::max(p[static_cast<std::size_t>(head.labels[i])], 0x1p-52));
  }
  const train::Metrics metrics = train::binary_metrics(came_true, confidence);
  return {
      head.head == 0 ? train::value_of(metrics, "log_loss") : loss / static_cast<double>(head.windows.size()),
      train::value_of(metrics, "ece")};
}

io::RiskSetThresholds fit_risk_set(const HeadWindows& head, std::span<const Logits> logits,
                                   double temperature) {
  std::vector<double> of_the_label;
  for (std::size_t i = 0; i < head.windows.size(); ++i)
    of_the_label.push_back(probabilities_of(logits[head.windows[i]], head.head,
                                            temperature)[static_cast<std::size_t>(head.labels[i])]);
  train::ConformalThresholds fitted = train::conformal_thresholds(head.stopes, of_the_label);
  return {static_cast<std::int64_t>(fitted.groups), std::move(fitted.least_probability)};
}

/// How often the sets of a horizon held the label, each stope counting the same, and their mean size.
void measure_sets(const HeadWindows& head, std::span<const Logits> logits, const io::Calibration& calibration,
                  double coverage, io::CalibrationFigures& figures) {
  std::map<std::size_t, double> windows_of;
  for (const std::size_t stope : head.stopes) windows_of[stope] += 1;
  figures.set_coverage = figures.set_size = 0;
  for (std::size_t i = 0; i < head.windows.size(); ++i) {
    const std::vector<stope::RiskLevel> set = risk_set(
        calibration.risk_sets[head.head - 1],
        probabilities_of(logits[head.windows[i]], head.head, calibration.temperatures[head.head]), coverage);
    const double weight = 1 / (windows_of[head.stopes[i]] * static_cast<double>(windows_of.size()));
    if (std::find(set.begin(), set.end(), static_cast<stope::RiskLevel>(head.labels[i])) != set.end())
      figures.set_coverage += weight;
    figures.set_size += weight * static_cast<double>(set.size());
  }
}

std::string days_words(int days) {
  return fmt::format("in {} day{}", days, days == 1 ? "" : "s");
}

}  // namespace

std::vector<Logits> window_logits(NetworkRunner& runner, SampleSource& source,
                                  const stope::WindowSelection& selection) {
  std::vector<Logits> logits;
  logits.reserve(selection.windows.size());
  run_in_batches(runner, source, selection, [&](std::span<const std::uint32_t> windows) {
    for (std::size_t i = 0; i < windows.size(); ++i) logits.push_back(runner.logits(static_cast<int>(i)));
  });
  return logits;
}

io::Calibration calibrate(const JudgedWindows& windows, std::span<const Logits> logits) {
  io::Calibration calibration;
  for (std::size_t h = 0; h <= windows.horizons.size(); ++h) {
    const HeadWindows head = labelled(windows, h);
    io::HeadCalibration fit;
    fit.windows = static_cast<std::int64_t>(head.windows.size());
    fit.stopes = static_cast<std::int64_t>(count_stopes(head));
    fit.fitted = enough_to_fit(head);
    const double temperature = fit.fitted ? fit_temperature(head, logits).temperature : 1;
    const Fit before = measure(head, logits, 1), after = measure(head, logits, temperature);
    fit.log_loss_before = before.log_loss;
    fit.log_loss_after = after.log_loss;
    fit.ece_before = before.ece;
    fit.ece_after = after.ece;
    calibration.temperatures.push_back(temperature);
    calibration.heads.push_back(fit);
    if (h > 0) calibration.risk_sets.push_back(fit_risk_set(head, logits, temperature));
  }
  return calibration;
}

std::vector<io::CalibrationFigures> calibration_figures(const JudgedWindows& windows,
                                                        std::span<const Logits> logits,
                                                        const io::Calibration& calibration, double coverage) {
  std::vector<io::CalibrationFigures> all;
  for (std::size_t h = 0; h <= windows.horizons.size(); ++h) {
    const HeadWindows head = labelled(windows, h);
    io::CalibrationFigures figures;
    figures.head = h == 0 ? head_name(0) : head_name(windows.horizons[h - 1]);
    figures.temperature = calibration.temperatures[h];
    figures.fitted = h < calibration.heads.size() && calibration.heads[h].fitted;
    figures.windows = head.windows.size();
    if (!head.windows.empty()) {
      const Fit before = measure(head, logits, 1), after = measure(head, logits, figures.temperature);
      figures.log_loss_before = before.log_loss;
      figures.log_loss_after = after.log_loss;
      figures.ece_before = before.ece;
      figures.ece_after = after.ece;
      if (h > 0 && !calibration.risk_sets.empty()) measure_sets(head, logits, calibration, coverage, figures);
    }
    all.push_back(std::move(figures));
  }
  return all;
}

std::vector<stope::RiskLevel> risk_set(const io::RiskSetThresholds& thresholds,
                                       std::span<const double> probabilities, double coverage) {
  const double least = thresholds.least_probability[train::coverage_position(coverage)];
  const double highest = *std::max_element(probabilities.begin(), probabilities.end());
  std::vector<stope::RiskLevel> set;
  for (std::size_t level = 0; level < probabilities.size(); ++level)
    if (probabilities[level] >= least || probabilities[level] == highest)
      set.push_back(static_cast<stope::RiskLevel>(level));
  return set;
}

std::vector<std::string> calibration_remarks(const io::Calibration& calibration,
                                             std::span<const int> horizons, double coverage) {
  std::vector<std::string> remarks, unfitted, at_limit, unbounded;
  for (std::size_t h = 0; h < calibration.heads.size(); ++h) {
    const std::string head = h == 0 ? "current" : days_words(horizons[h - 1]);
    if (!calibration.heads[h].fitted)
      unfitted.push_back(head);
    else if (calibration.temperatures[h] <= train::lowest_temperature)
      at_limit.push_back(head);
  }
  for (std::size_t h = 0; h < calibration.risk_sets.size(); ++h)
    if (calibration.risk_sets[h].least_probability[train::coverage_position(coverage)] <= 0)
      unbounded.push_back(days_words(horizons[h]));
  if (!unfitted.empty())
    remarks.push_back(
        fmt::format("Probabilities are not calibrated ({}): that takes a validation part of at least {} "
                    "labelled stopes, with two classes of two stopes each.",
                    fmt::join(unfitted, ", "), fewest_calibration_stopes));
  if (!at_limit.empty())
    remarks.push_back(fmt::format(
        "The validation part has too few errors to tell how certain the probabilities may be ({}): the "
        "temperature is at its limit, {}. Take probabilities near 0 or 1 as too certain.",
        fmt::join(at_limit, ", "), train::lowest_temperature));
  if (!unbounded.empty())
    remarks.push_back(fmt::format(
        "Risk sets of coverage {:.2f} rule nothing out ({}): that takes a validation part of at "
        "least {} labelled stopes.",
        coverage, fmt::join(unbounded, ", "), static_cast<int>(std::ceil(coverage / (1 - coverage) - 1e-9))));
  return remarks;
}

std::vector<std::string> calibration_failures(std::span<const io::CalibrationFigures> figures,
                                              std::span<const int> horizons) {
  std::vector<std::string> worse;
  for (std::size_t h = 0; h < figures.size(); ++h)
    if (figures[h].log_loss_after > figures[h].log_loss_before)
      worse.push_back(fmt::format("{} {:.3f} to {:.3f}", h == 0 ? "current" : days_words(horizons[h - 1]),
                                  figures[h].log_loss_before, figures[h].log_loss_after));
  if (worse.empty()) return {};
  return {fmt::format("Calibration made the log-loss of these stopes worse: {}.", fmt::join(worse, ", "))};
}

}  // namespace deepmine::lifecycle
