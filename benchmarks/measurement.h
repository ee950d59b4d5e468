// Timing one thing many times, with a look at the machine before each round of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "benchmarks/ceiling.h"

namespace deepmine::benchmarks {

/// A round: some steps after another, and what the machine could do just before.
struct Round {
  std::vector<double> latencies;  ///< seconds of each step
  double cpu_over_wall = 0;       ///< processor time of all threads over the time that went by
  double cpu_a_step = 0;          ///< seconds of processor time, all threads
  long involuntary_context_switches = 0;
  Ceiling::Rates ceiling;
};

/// A round in which the threads had less than this share of their cores was disturbed by others on the
/// machine.
inline constexpr double least_share_of_cores = 0.95;

/// What many rounds come to.
struct Measurement {
  int steps = 0;  ///< that count
  int rounds = 0, rounds_discarded = 0;
  /// More than half of the rounds were disturbed: all of them count, and none of the figures is to be
  /// trusted.
  bool disturbed = false;
  double latency_median = 0, latency_p99 = 0, latency_best = 0;  ///< seconds of a step
  double latency_quartile_1 = 0, latency_quartile_3 = 0;
  double cpu_over_wall = 0;               ///< median over the rounds
  long involuntary_context_switches = 0;  ///< in all rounds
  double cpu_a_step = 0;                  ///< likewise; waiting in a loop for other threads is work as well
  double ceiling_product = 0, ceiling_product_best = 0;  ///< GFLOP/s, median and highest over the rounds
  double ceiling_fma = 0;
  /// Median over the rounds of the steps' GFLOP/s over the product's, both of the same round.
  double share_of_ceiling = 0;
  /// The same by processor time on both sides: what to go by on a busy machine, for one thread.
  double share_of_ceiling_by_cpu_time = 0;
};

/// Leaves disturbed rounds out, unless these are more than half. `operations` of one step; `threads` that a
/// step keeps busy. There must be at least one round, and none without steps.
Measurement summarise(const std::vector<Round>& rounds, double operations, int threads);

/// Runs `step` until the machine is warm, then `steps` times in rounds of about 25 ms; 0: for about five
/// seconds.
std::vector<Round> time_in_rounds(const std::function<void()>& step, int steps, Ceiling& ceiling);

/// Forgets the peak so far, where the system allows that (Linux does); else the peak remains that of the
/// whole program.
void reset_peak_memory();
/// The largest amount of memory in use at a time (resident set), in MB of 10⁶ bytes. Throws Error(failure) if
/// the system does not say.
double peak_memory_mb();

}  // namespace deepmine::benchmarks
