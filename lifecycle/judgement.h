// Judges predictors side by side: point estimates, bootstrap intervals over stopes, and the paired
// differences between the network and everything else.
#pragma once

#include <string>
#include <vector>

#include "io/evaluation_report.h"
#include "lifecycle/predictor_sums.h"

namespace deepmine::lifecycle {

/// The answers of one predictor: one set, or one for each seed; its figures are their means over the seeds.
struct Predictor {
  std::string name;
  std::vector<Answers> runs;
};

struct Bootstrap {
  int draws = 1000;  ///< 0: no intervals
  double level = 0.95;
  std::uint64_t seed = 0;
};

/// Who is judged on what.
struct Contest {
  JudgedWindows windows;
  WarningEvents events;
  stope::AssessmentSettings settings;
  Predictor network;
  std::vector<Predictor> baselines, ablations;
};

/// Fills network, baselines, ablations, differences, and the counts of stopes and windows of the report.
/// Every draw takes the same stopes for all predictors and seeds.
void judge(const Contest& contest, const Bootstrap& bootstrap, io::EvaluationReport& report);

/// Adds what everybody must be told: thin data, labels that are rules, a split that leaks.
void add_remarks(io::EvaluationReport& report);

/// Below these, figures vary strongly with the stopes at hand.
inline constexpr std::size_t thin_below_stopes = 150;
inline constexpr double thin_below_unstable_share = 0.1;

}  // namespace deepmine::lifecycle
