#include "apps/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>

namespace deepmine::apps {
namespace {

std::atomic<bool> interrupted{false}, listening{false};
std::atomic<const char*> message_before{nullptr};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<const char*>::is_always_lock_free,
              "a signal handler may only touch lock-free atomics");

struct sigaction before_interrupt, before_terminate;

void restore() {
  sigaction(SIGINT, &before_interrupt, nullptr);
  sigaction(SIGTERM, &before_terminate, nullptr);
}

/// Only calls that a signal handler may make (signal-safety(7)).
extern "C" void deepmine_note_interrupt(int) {
  if (!listening.load()) {
    const char* message = message_before.load();
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, message, std::strlen(message));
    ::_exit(130);
  }
  interrupted.store(true);
  restore();  // the next signal has its usual effect
}

}  // namespace

InterruptFlag::InterruptFlag(const char* message) {
  interrupted = listening = false;
  message_before = message;
  struct sigaction action {};
  action.sa_handler = &deepmine_note_interrupt;
  action.sa_flags = SA_RESTART;  // a file that is being written is written to its end
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  // Both are known before either can be changed by a signal.
  sigaction(SIGINT, nullptr, &before_interrupt);
  sigaction(SIGTERM, nullptr, &before_terminate);
  // A signal that the parent had ignored (a shell's background job) stays ignored.
  if (before_interrupt.sa_handler != SIG_IGN) sigaction(SIGINT, &action, nullptr);
  if (before_terminate.sa_handler != SIG_IGN) sigaction(SIGTERM, &action, nullptr);
}

InterruptFlag::~InterruptFlag() {
  restore();
}

void InterruptFlag::listen() noexcept {
  listening = true;
}

bool InterruptFlag::is_set() const noexcept {
  return interrupted.load();
}

}  // namespace deepmine::apps
