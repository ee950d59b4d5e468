// The first values of all parameters, a function of (seed, tensor name) alone: adding a layer changes no
// other one.
#pragma once

#include "engine/nn/parameter_layout.h"
#include "engine/nn/random.h"

namespace deepmine::nn {

/// Fills every tensor as its `initialiser` says:
///   glorot_uniform  U(−l, l), l = √(6 / (rows + columns))            (Glorot and Bengio 2010)
///   orthogonal      orthonormal columns, from the QR decomposition of a normal matrix (Saxe et al. 2014);
///   the matrix
///                   is taken as a whole, 4H × H for an LSTM
///   lstm_bias       1 for the forget gate (Jozefowicz et al. 2015), 0 for the others; gate order i, f, g, o
/// Then refreshes the packed copies. Float and double get the same numbers, rounded.
template <class Scalar>
void initialise(Parameters<Scalar>& parameters, RandomKey seed);

}  // namespace deepmine::nn
