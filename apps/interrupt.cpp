#include "apps/interrupt.h"

#include <atomic>

namespace deepmine::apps {
namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

extern "C" void deepmine_note_interrupt(int) {
  interrupted.store(true, std::memory_order_relaxed);
}

}  // namespace

InterruptFlag::InterruptFlag() {
  interrupted = false;
  struct sigaction action {};
  action.sa_handler = &deepmine_note_interrupt;
  // SA_RESETHAND: the next signal of this kind has its usual effect. SA_RESTART: a file that is being written
  // is written to its end.
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &before_interrupt_);
  sigaction(SIGTERM, &action, &before_terminate_);
  // A signal that the parent had ignored (a shell's background job) stays ignored.
  if (before_interrupt_.sa_handler == SIG_IGN) sigaction(SIGINT, &before_interrupt_, nullptr);
  if (before_terminate_.sa_handler == SIG_IGN) sigaction(SIGTERM, &before_terminate_, nullptr);
}

InterruptFlag::~InterruptFlag() {
  sigaction(SIGINT, &before_interrupt_, nullptr);
  sigaction(SIGTERM, &before_terminate_, nullptr);
}

bool InterruptFlag::is_set() const noexcept {
  return interrupted.load(std::memory_order_relaxed);
}

}  // namespace deepmine::apps
