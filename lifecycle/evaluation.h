// How a network does on a selection of windows, in the terms of its training.
#pragma once

#include <vector>

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

}  // namespace deepmine::lifecycle
