// The threads of one training step or prediction. Every thread walks the same network code over its own
// lanes; threads meet only where a layer needs the whole batch.
#pragma once

#include <type_traits>

#include "engine/nn/activations.h"

namespace deepmine::nn {

class Team {
 public:
  int thread() const { return thread_; }
  int size() const { return size_; }
  /// Waits until every thread of the team is here. All threads must come the same number of times.
  void barrier() const;
  /// Whether a thread waited so long at a barrier so far that it fell asleep: the others were kept from
  /// running.
  bool slept() const;
  /// Lanes of the batch that are this thread's.
  Range my_lanes(const BatchShape& batch) const { return share(batch.lanes(), thread_, size_); }

  /// Processors that the threads of this program may use.
  static int processors();

  /// Runs `body(team)` on at most `threads` threads (at most one a lane makes sense) and waits for all of
  /// them. `body` must not throw. Fewer threads than asked for is fine: the result has the same bits.
  template <class Body>
  static void run(int threads, Body&& body) {
    run_erased(
        threads,
        [](const Team& team, void* context) {
          (*static_cast<std::remove_reference_t<Body>*>(context))(team);
        },
        const_cast<void*>(static_cast<const void*>(&body)));
  }

 private:
  class Barrier;
  Team(int thread, int size, Barrier* barrier) : thread_(thread), size_(size), barrier_(barrier) {}
  static void run_erased(int threads, void (*body)(const Team&, void*), void* context);

  int thread_, size_;
  Barrier* barrier_;  ///< shared by the team; null in a team of one
};

}  // namespace deepmine::nn
