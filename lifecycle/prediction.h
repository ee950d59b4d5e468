// From records and findings to one assessment a stope: checks of the data, the network's answer, words.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/stope/assessment.h"
#include "engine/stope/issue.h"
#include "engine/stope/records.h"
#include "lifecycle/clock.h"
#include "lifecycle/drift.h"
#include "lifecycle/explanation.h"
#include "lifecycle/loaded_model.h"

namespace deepmine::lifecycle {

/// The code of that reason.
inline constexpr std::string_view reason_model_degraded = "model_degraded";

/// Whatever here changes an answer stands in the audit log, too (io::AuditRun): an answer is replayed from
/// it.
struct PredictionRequest {
  /// The stopes to answer for, in the order of the answers; empty: all. A name that is nowhere is
  /// Error(usage).
  std::vector<std::string> names;
  std::optional<stope::Day> as_of;  ///< later readings are not seen
  std::optional<stope::Day> today;  ///< the caller's calendar: later readings can't be true
  /// Of the whole data set, where the records are only a part of it: the age of a reading counts from it.
  std::optional<stope::Day> newest_reading;
  std::optional<double> threshold;              ///< instead of the model's decision threshold
  std::optional<stope::SiteSettings> settings;  ///< instead of the model's thresholds
  std::string timestamp;                        ///< of the prediction, UTC
  /// Not empty: the model is not the one that should answer (an older version stands in for a damaged one),
  /// and why. It becomes a reason of every answer, and no answer is `ok` then.
  std::string degraded;
  /// Monte Carlo dropout (monte_carlo.h): so many draws for each answer; 0: none. At most `most_draws`.
  int draws = 0;
  std::uint64_t draw_seed = 0;
  bool attributions = false;  ///< what moved each answer about the present (explanation.h)
  /// Heads to explain in the findings: 0 the present, else days ahead. Nothing in an answer hangs on it.
  std::vector<int> explained_horizons;
  int threads = 1;
};
inline constexpr int most_draws = 10000;

/// What predictions tell beside the assessments.
struct PredictionFindings {
  DriftReport drift;                                     ///< of all stopes with a record that is not rejected
  std::map<std::string, StopeExplanation> explanations;  ///< by stope
};

/// One assessment a stope, in the order of the records, then stopes that have readings but no record. `model`
/// may be null: then the rules answer, flagged. `issues` are the findings about the files; those of a stope
/// decide about it. Takes the records over. The same bits for any number of threads and of stopes.
/// Draws of a network that drops nothing are Error(usage).
std::vector<stope::Assessment> predict(const LoadedModel* model, std::vector<stope::StopeRecord> records,
                                       std::span<const stope::Issue> issues, const PredictionRequest& request,
                                       PredictionFindings* findings = nullptr);

/// What predict() goes by: the model's settings, else the product's, with what the request sets instead.
stope::SiteSettings settings_in_effect(const LoadedModel* model, const PredictionRequest& request);
/// The windows that the model answers for; without a model, the product's.
stope::WindowPlan window_plan(const LoadedModel* model);

/// Today in local time.
stope::Day local_today();

}  // namespace deepmine::lifecycle
