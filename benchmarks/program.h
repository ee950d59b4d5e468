// What the benchmark programs have in common: for each workload check, measure, print.
#pragma once

#include <functional>

#include "benchmarks/options.h"
#include "benchmarks/report.h"

namespace deepmine::benchmarks {

/// A workload that is set up to be timed.
struct Workload {
  std::function<void()> step;
  double operations_per_sample;
  int threads_used;  ///< that have something to do
};

struct Program {
  ProgramText text;
  std::string workload;
  Options defaults;
  std::function<CheckResult(const lifecycle::Network&, const nn::Kernels<float>&, int batch, int threads)>
      check;
  std::function<Workload(const lifecycle::Network&, const nn::Kernels<float>&, int batch, int threads)>
      prepare;
  /// With --profile, instead of all that: the text to print.
  std::function<std::string(const lifecycle::Network&, const nn::Kernels<float>&, int batch, int threads,
                            int steps)>
      profile = nullptr;
};

/// `main` of a benchmark program. Exit codes: 0 done, 1 failure (a wrong answer too), 2 usage.
int run_program(const Program& program, int argument_count, const char* const* arguments);

}  // namespace deepmine::benchmarks
