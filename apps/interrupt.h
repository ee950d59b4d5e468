// Ctrl-C as a wish, not as an axe.
#pragma once

#include <csignal>

namespace deepmine::apps {

/// While it lives, the first SIGINT and the first SIGTERM only set a flag; a second one of its kind ends the
/// program at once, as it would have done without this class. One at a time.
class InterruptFlag {
 public:
  InterruptFlag();
  ~InterruptFlag();
  InterruptFlag(const InterruptFlag&) = delete;
  InterruptFlag& operator=(const InterruptFlag&) = delete;

  bool is_set() const noexcept;

 private:
  struct sigaction before_interrupt_ {
  }, before_terminate_{};
};

}  // namespace deepmine::apps
