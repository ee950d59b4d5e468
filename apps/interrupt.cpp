#include "apps/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>

namespace deepmine::apps {
namespace {

std::atomic<bool> interrupted{false}, listening{false};
std::atomic<std::int64_t> time_of_first{0};  // milliseconds
constexpr std::int64_t one_wish = 300;       // milliseconds
std::atomic<const char*> message_before{nullptr};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free &&
                  std::atomic<const char*>::is_always_lock_free,
              "a signal handler may only touch lock-free atomics");

struct sigaction before_interrupt, before_terminate;

void restore() {
  sigaction(SIGINT, &before_interrupt, nullptr);
  sigaction(SIGTERM, &before_terminate, nullptr);
}

std::int64_t milliseconds_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

/// Only calls that a signal handler may make (signal-safety(7)).
extern "C" void deepmine_note_interrupt(int signal) {
  if (!listening.load()) {
    const char* message = message_before.load();
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, message, std::strlen(message));
    ::_exit(130);
  }
  if (!interrupted.exchange(true)) {
    time_of_first.store(milliseconds_now());
    return;
  }
  if (milliseconds_now() - time_of_first.load() < one_wish) return;
  restore();
  ::raise(signal);  // has its usual effect as soon as this handler returns
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
