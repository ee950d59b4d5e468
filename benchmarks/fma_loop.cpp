#include "benchmarks/fma_loop.h"

namespace deepmine::benchmarks {

#if defined(__x86_64__)
// Twelve independent chains of fused multiply-adds: more than latency times throughput of any processor.
#define FMA(r, at) "vfmadd231ps %%" r "15, %%" r "14, %%" r at "\n\t"
#define FMA_LOOP(r)                                                                                        \
  asm volatile(                                                                                            \
      "vxorps %%ymm14, %%ymm14, %%ymm14\n\t vxorps %%ymm15, %%ymm15, %%ymm15\n"                            \
      "1:\n\t" FMA(r, "0") FMA(r, "1") FMA(r, "2") FMA(r, "3") FMA(r, "4") FMA(r, "5") FMA(r, "6")         \
          FMA(r, "7") FMA(r, "8") FMA(r, "9") FMA(r, "10") FMA(r, "11") "dec %0\n\t jnz 1b\n\t vzeroupper" \
      : "+r"(repeats)::"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",     \
        "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc")
#endif

double run_fma_loop([[maybe_unused]] std::string_view kernels, [[maybe_unused]] int repeats) {
  double lanes = 0;
#if defined(__x86_64__)
  constexpr double operations_a_lane = 2.0 * 12;
  const double rounds = repeats;  // the loop counts `repeats` down
  if (kernels == "avx512") {
    lanes = 16;
    FMA_LOOP("zmm");
  } else if (kernels == "avx2") {
    lanes = 8;
    FMA_LOOP("ymm");
  }
  return operations_a_lane * lanes * rounds;
#else
  return lanes;
#endif
}

}  // namespace deepmine::benchmarks
