// What a core can do at most: a loop of nothing but fused multiply-adds.
#pragma once

#include <string_view>

namespace deepmine::benchmarks {

/// Runs `repeats` rounds of twelve independent vector fused multiply-adds, as wide as the kernels of this
/// name have them, on the calling thread. Returns the floating-point operations made (a multiplication and an
/// addition for each lane); 0 for kernels without such an instruction. Thread-safe.
double run_fma_loop(std::string_view kernels, int repeats);

}  // namespace deepmine::benchmarks
