// The network as a list of layers, in the order in which a sample passes through them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/stope/network_specification.h"

namespace deepmine::apps {

/// A layer as `summary` shows it. Layers without parameters (dropout, sums) are listed as well.
struct LayerSummary {
  std::string name, type;
  std::vector<int> shape;  ///< of one sample's output: features, or days × features
  std::size_t parameters = 0, trainable = 0;
};

/// Counts come from the network's own list of tensors; every tensor belongs to exactly one layer here (an
/// assertion of this function: it throws Error{failure} otherwise). The specification must have no problem.
std::vector<LayerSummary> list_layers(const stope::NetworkSpecification& specification);

}  // namespace deepmine::apps
