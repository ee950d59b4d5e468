// How many floating-point operations the network takes, counted from its specification: what GFLOP/s figures
// are made of.
//
// Counted are the matrix products as the equations have them, 2·m·n·k for m × k times k × n: the input and
// recurrent products of the LSTM layers (all days, the first one's zero state included), the projections,
// scores and weighted sums of the attention layers, the Dense layers. Not counted is all the rest (gates,
// softmax, normalisation, dropout, the optimiser): a few per cent of the operations, though more of the time.
// It is the work that has to be done, whatever a program does to get there; shortcuts earn no operations.
#pragma once

#include "engine/stope/network_specification.h"

namespace deepmine::benchmarks {

/// Operations for one sample.
struct OperationCount {
  double forward = 0;
  /// Forward; the gradient of the weights, which takes as much; and the gradient of the layer's input, which
  /// takes as much again and is not needed for the inputs of the network.
  double training_step = 0;
};

OperationCount operation_count(const stope::NetworkSpecification& specification);

}  // namespace deepmine::benchmarks
