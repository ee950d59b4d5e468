// How a network does on a selection of windows, beside what needs no network.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/train/metrics.h"
#include "lifecycle/network_runner.h"
#include "lifecycle/sample_source.h"

namespace deepmine::lifecycle {

/// Loss of a selection: the same objective as in training, over the selection as a whole (so the batch size
/// changes nothing but rounding), and the accuracy of each head. NaN where a head has no target.
struct SelectionLoss {
  double total = 0;  ///< heads and penalty; NaN if no head has a target
  std::vector<double> heads, accuracy;
};
SelectionLoss selection_loss(NetworkRunner& runner, const stope::NetworkSpecification& specification,
                             SampleSource& source, const stope::WindowSelection& selection, double penalty);

/// Metrics by head: `current`, `future_1d`, …
using HeadMetrics = std::vector<std::pair<std::string, train::Metrics>>;

/// Of the network.
HeadMetrics network_metrics(NetworkRunner& runner, const stope::NetworkSpecification& specification,
                            SampleSource& source, const stope::WindowSelection& selection);
/// Of the most frequent class of the training windows.
HeadMetrics majority_metrics(const stope::Dataset& dataset, const stope::WindowSelection& training,
                             const stope::WindowSelection& selection);
/// Of the rule set: today's verdict for the current head, the extrapolated risk for the horizons.
HeadMetrics rule_metrics(const stope::Dataset& dataset, const stope::WindowSelection& selection);

}  // namespace deepmine::lifecycle
