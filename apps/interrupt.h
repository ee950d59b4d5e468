// Ctrl-C as a wish, not as an axe.
#pragma once

namespace deepmine::apps {

/// While it lives, SIGINT and SIGTERM do not end the program as they would:
///
/// * until listen() was called, nothing is there that could be saved: the program says `message` on stderr
///   and ends at once with exit code 130;
/// * then the first signal sets a flag, and a second one, of either kind, ends the program at once as it
///   would have done without this class. What comes within 0.3 s of the first is the same wish: timeout(1)
///   and a terminal's process group send one twice.
///
/// One at a time.
class InterruptFlag {
 public:
  /// `message` must outlive this.
  explicit InterruptFlag(const char* message);
  ~InterruptFlag();
  InterruptFlag(const InterruptFlag&) = delete;
  InterruptFlag& operator=(const InterruptFlag&) = delete;

  void listen() noexcept;
  bool is_set() const noexcept;
};

}  // namespace deepmine::apps
