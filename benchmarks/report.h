// What a benchmark program prints.
#pragma once

#include <string>

#include "benchmarks/checks.h"
#include "benchmarks/measurement.h"

namespace deepmine::benchmarks {

/// One workload, measured.
struct Report {
  std::string workload;  ///< `training`, `prediction`
  std::string kernels;
  int threads = 1;       ///< as asked for
  int threads_used = 1;  ///< those that have something to do
  int batch = 1;
  int days = 0, hidden_units = 0;  ///< of the network
  double operations_per_sample = 0;
  CheckResult check;
  Measurement measurement;
  double peak_memory_mb = 0;

  double samples_per_second() const { return batch / measurement.latency_median; }
  double gflops() const { return 1e-9 * operations_per_sample * samples_per_second(); }
};

/// One line. A figure that does not exist on this machine is null.
std::string json_line(const Report& report);
/// A few lines for people.
std::string readable_text(const Report& report);

}  // namespace deepmine::benchmarks
