// Does what a model is asked about look like what it learnt from? The distributions that a training keeps,
// and the comparison with the stopes of a prediction (engine/train/population_stability.h has the measure).
// Features: the readings of each sensor in the window, the 15 numbers of the record, the three categories.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/stope/dataset.h"
#include "engine/train/population_stability.h"

namespace deepmine::lifecycle {

/// The distributions over the windows of a selection, each stope weighing the same.
train::TrainingDistributions fit_distributions(const stope::Dataset& dataset,
                                               const stope::WindowSelection& training);

/// A stope as it is now.
struct StopeNow {
  const stope::StaticFeatures& features;
  std::span<const stope::DailyReading> window;  ///< may be short or have missing readings
};

struct FeatureDrift {
  std::string feature, unit;
  bool category = false;
  std::size_t stopes = 0;  ///< that have a value
  double mean_then = 0, mean_now = 0;
  train::Drift drift;
};

struct DriftReport {
  std::size_t training_stopes = 0, stopes = 0;
  /// Why nothing can be said: a model without distributions, or too few stopes. Empty: it can.
  std::string not_measured;
  std::vector<FeatureDrift> features;  ///< the largest index first; all that were compared
  std::vector<std::string> drifted() const;
};

/// Stopes without a single value of a feature don't count for it. Pure.
DriftReport measure_drift(const train::TrainingDistributions& training, std::span<const StopeNow> stopes);

}  // namespace deepmine::lifecycle
