#include "benchmarks/measurement.h"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>

#include "benchmarks/clocks.h"
#include "benchmarks/statistics.h"
#include "engine/nn/error.h"

namespace deepmine::benchmarks {
namespace {

constexpr double warm_up_seconds = 0.2, round_seconds = 0.025, default_seconds = 5;
constexpr int least_default_steps = 30;

long involuntary_context_switches() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nivcsw;
}

double time_step(const std::function<void()>& step) {
  const Clock::time_point begin = Clock::now();
  step();
  return seconds_since(begin);
}

/// Seconds of a step, once the machine is warm.
double warm_up(const std::function<void()>& step) {
  std::vector<double> latencies;
  const Clock::time_point begin = Clock::now();
  do latencies.push_back(time_step(step));
  while (latencies.size() < 3 || seconds_since(begin) < warm_up_seconds);
  return median(std::move(latencies));
}

Round time_round(const std::function<void()>& step, int steps, Ceiling& ceiling) {
  Round round;
  round.ceiling = ceiling.measure(round_seconds);
  round.latencies.reserve(static_cast<std::size_t>(steps));
  step();  // brings its data back into the caches
  const long switches_before = involuntary_context_switches();
  const double cpu_before = cpu_seconds();
  const Clock::time_point begin = Clock::now();
  for (int i = 0; i < steps; ++i) round.latencies.push_back(time_step(step));
  const double cpu_spent = cpu_seconds() - cpu_before;
  round.cpu_over_wall = cpu_spent / seconds_since(begin);
  round.cpu_a_step = cpu_spent / steps;
  round.involuntary_context_switches = involuntary_context_switches() - switches_before;
  return round;
}

}  // namespace

std::vector<Round> time_in_rounds(const std::function<void()>& step, int steps, Ceiling& ceiling) {
  const double latency = std::max(warm_up(step), 1e-9);
  if (steps == 0) steps = std::max(least_default_steps, static_cast<int>(default_seconds / latency));
  const int steps_a_round = std::clamp(static_cast<int>(round_seconds / latency), 1, steps);
  std::vector<Round> rounds;
  for (int done = 0; done < steps; done += steps_a_round)
    rounds.push_back(time_round(step, std::min(steps_a_round, steps - done), ceiling));
  return rounds;
}

Measurement summarise(const std::vector<Round>& rounds, double operations, int threads) {
  Measurement m;
  m.rounds = static_cast<int>(rounds.size());
  const auto quiet = [&](const Round& round) {
    return round.cpu_over_wall >= least_share_of_cores * threads;
  };
  const auto quiet_rounds = static_cast<int>(std::count_if(rounds.begin(), rounds.end(), quiet));
  m.disturbed = 2 * quiet_rounds < m.rounds;
  if (!m.disturbed) m.rounds_discarded = m.rounds - quiet_rounds;

  std::vector<double> latencies, cpu_over_wall, cpu_a_step, products, fma, shares, cpu_shares;
  for (const Round& round : rounds) {
    m.involuntary_context_switches += round.involuntary_context_switches;
    if (!m.disturbed && !quiet(round)) continue;
    latencies.insert(latencies.end(), round.latencies.begin(), round.latencies.end());
    cpu_over_wall.push_back(round.cpu_over_wall);
    products.push_back(round.ceiling.product);
    fma.push_back(round.ceiling.fma);
    cpu_a_step.push_back(round.cpu_a_step);
    cpu_shares.push_back(1e-9 * operations / round.cpu_a_step / round.ceiling.product_a_core);
    shares.push_back(1e-9 * operations / median(round.latencies) / round.ceiling.product);
  }
  m.steps = static_cast<int>(latencies.size());
  m.latency_best = quantile(latencies, 0);
  m.latency_quartile_1 = quantile(latencies, 0.25);
  m.latency_median = median(latencies);
  m.latency_quartile_3 = quantile(latencies, 0.75);
  m.latency_p99 = quantile(latencies, 0.99);
  m.cpu_over_wall = median(cpu_over_wall);
  m.cpu_a_step = median(cpu_a_step);
  m.ceiling_product = median(products);
  m.ceiling_product_best = quantile(products, 1);
  m.ceiling_fma = median(fma);
  m.share_of_ceiling = median(shares);
  m.share_of_ceiling_by_cpu_time = median(cpu_shares);
  return m;
}

void reset_peak_memory() {
  std::ofstream("/proc/self/clear_refs") << "5";  // not there: the peak of the whole program stands
}

double peak_memory_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (long long kibibytes = 0; word == "VmHWM:" && status >> kibibytes)
      return static_cast<double>(kibibytes) * 1024e-6;
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) throw Error(ErrorCode::failure, "can't read the memory in use");
  return static_cast<double>(usage.ru_maxrss) * 1024e-6;
}

}  // namespace deepmine::benchmarks
