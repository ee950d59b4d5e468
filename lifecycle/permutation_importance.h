// Which inputs matter to a model: how much worse its answers get when an input is taken from another stope,
// so that it says nothing about this one any more (Breiman 2001). The raw column is exchanged, and everything
// that follows from it (derived features, window summaries, the rules' prior) is made anew: a property from
// another stope for all windows of a stope; a sensor's 30 days from a window of another stope.
#pragma once

#include <cstdint>

#include "engine/stope/dataset.h"
#include "io/evaluation_report.h"
#include "lifecycle/loaded_model.h"

namespace deepmine::lifecycle {

struct ImportancePlan {
  int repeats = 5;  ///< exchanges of each input; figures are their mean and deviation
  std::uint64_t seed = 0;
  int threads = 1;
};

/// Of the windows of a selection. The same bits for any number of threads. Throws Error(usage) if they are of
/// fewer than two stopes.
io::ImportanceReport permutation_importance(const LoadedModel& model, const stope::Dataset& dataset,
                                            const stope::WindowSelection& selection,
                                            const ImportancePlan& plan = {});

}  // namespace deepmine::lifecycle
