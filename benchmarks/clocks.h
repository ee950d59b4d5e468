// The two clocks of a measurement: what the wall says, and what the processor did for this program.
#pragma once

#include <time.h>

#include <chrono>

namespace deepmine::benchmarks {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Processor time of all threads of the program so far.
inline double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace deepmine::benchmarks
