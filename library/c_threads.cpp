#include "library/c_threads.h"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "engine/nn/activations.h"

namespace deepmine::library {
namespace {

/// Until it is open, all threads that were started are there at once.
struct Gate {
  std::atomic<bool> is_open{false};
};

struct Probe {
  Gate* gate = nullptr;
  pthread_t thread{};
  std::atomic<long> number{0};
};

void* wait_at_gate(void* given) {
  Probe& probe = *static_cast<Probe*>(given);
  probe.number = ::syscall(SYS_gettid);
  probe.gate->is_open.wait(false);
  return nullptr;
}

/// A thread that was joined may still count for the system's limits, for some microseconds. Not longer: its
/// number may be that of another one by then.
void wait_until_gone(long thread) {
  constexpr int most_looks = 1000;
  for (int i = 0; i < most_looks && ::syscall(SYS_tgkill, ::getpid(), thread, 0) == 0; ++i) ::sched_yield();
}

}  // namespace

int threads_to_be_had(int wanted) noexcept {
  std::array<Probe, nn::max_lanes> probes;  // no more are ever used
  const std::size_t others = static_cast<std::size_t>(std::clamp(wanted, 1, nn::max_lanes)) - 1;
  Gate gate;
  std::size_t started = 0;
  while (started < others) {
    probes[started].gate = &gate;
    if (::pthread_create(&probes[started].thread, nullptr, wait_at_gate, &probes[started]) != 0) break;
    ++started;
  }
  gate.is_open = true;
  gate.is_open.notify_all();
  for (std::size_t i = 0; i < started; ++i) ::pthread_join(probes[i].thread, nullptr);
  for (std::size_t i = 0; i < started; ++i) wait_until_gone(probes[i].number);
  // At its limit the system has other uses for what is left.
  return static_cast<int>(started < others ? started / 2 : started) + 1;
}

}  // namespace deepmine::library
