// The vector kernels: one table for each instruction set. Every table is compiled in a library of its own,
// with flags of its own, from the same generic source:
//
//   avx2.cpp, avx512.cpp   the few operations that differ, then #include of the rest
//   product.inc            matrix products in register tiles
//   vector_math.inc        exp, sigmoid, tanh
//   lstm_cells.inc         the LSTM's step, forward and backward
//   lstm_step.inc          the LSTM's step in prediction
//   softmax.inc            softmax of columns, forward and backward
//   sums.inc               sums over columns: batch normalisation, biases, lanes of a gradient
//   transpose.inc          transposition
//   elementwise.inc        sigmoid and tanh in place, Adam, dropout masks
//
// All of it stands in an anonymous namespace and nothing of the standard library is instantiated. Otherwise
// the linker might keep, of a function that both a kernel file and an ordinary one hold, the copy with
// AVX-512 instructions, and the program would stop on an older processor. The test `kernels-no-weak-symbols`
// watches over it.
//
// Every floating-point operation is written out, fused where it says multiply_add, and each output lane is
// computed alone or summed in an order that doesn't depend on the width: both tables give the same bits.
#pragma once

#include "engine/nn/kernels/kernels.h"

/// A helper that must disappear into its caller, or vectors would travel through memory.
#define DEEPMINE_INLINE inline __attribute__((always_inline))
#define DEEPMINE_INLINE_LAMBDA __attribute__((always_inline))

namespace deepmine::nn {

/// Only for processors with AVX2 and FMA.
extern const Kernels<float> avx2_kernels;
/// Only for processors with AVX-512 F, DQ, BW and VL.
extern const Kernels<float> avx512_kernels;

}  // namespace deepmine::nn
