#include "engine/nn/team.h"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace deepmine::nn {
namespace {

/// Tells the processor that this is a waiting loop.
void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

/// Spins for some tens of microseconds, which is as long as threads of equal work wait for each other, then
/// sleeps. OpenMP's own barrier spins for much longer: where other programs want the same cores, the waiting
/// thread keeps the one that it waits for from running.
class Team::Barrier {
 public:
  void wait(int size) {
    const std::uint32_t generation = generation_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) == size - 1) {
      arrived_.store(0, std::memory_order_relaxed);
      // Sequentially consistent: notify_all() looks for sleepers, and that look must not overtake the store,
      // or a thread that falls asleep in between is never woken.
      generation_.store(generation + 1, std::memory_order_seq_cst);
      generation_.notify_all();
      return;
    }
    constexpr int spins = 2000;
    for (int i = 0; i < spins; ++i) {
      if (generation_.load(std::memory_order_acquire) != generation) return;
      relax();
    }
    slept_.store(true, std::memory_order_relaxed);
    while (generation_.load(std::memory_order_acquire) == generation)
      generation_.wait(generation, std::memory_order_acquire);
  }

  bool slept() const { return slept_.load(std::memory_order_relaxed); }

 private:
  // Two cache lines, so that arriving does not disturb those who watch the generation.
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<std::uint32_t> generation_{0};
  std::atomic<bool> slept_{false};
};

void Team::barrier() const {
  if (size_ > 1) barrier_->wait(size_);
}

bool Team::slept() const {
  return size_ > 1 && barrier_->slept();
}

int Team::processors() {
  return omp_get_num_procs();
}

void Team::run_erased(int threads, void (*body)(const Team&, void*), void* context) {
  const int wanted = std::clamp(threads, 1, max_lanes);
  if (wanted == 1) {  // no OpenMP at all: safe in a forked process and in callers with threads of their own
    body(Team(0, 1, nullptr), context);
    return;
  }
  Barrier barrier;
#pragma omp parallel num_threads(wanted)
  { body(Team(omp_get_thread_num(), omp_get_num_threads(), &barrier), context); }
}

}  // namespace deepmine::nn
