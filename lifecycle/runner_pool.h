// Runners of one network for any number of callers: a runner serves one caller at a time and is costly to
// make, so those that are not in use wait here. There are as many as callers were ever at work at once.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "lifecycle/network_runner.h"

namespace deepmine::lifecycle {

/// Thread-safe. Once as many runners were made as are ever wanted at once, lending one allocates nothing.
class RunnerPool {
 public:
  /// Samples that a runner of a pool takes at once.
  static constexpr int capacity = 64;

  /// The network must outlive the pool.
  explicit RunnerPool(const PredictionNetwork& network) : network_(network) {}
  RunnerPool(const RunnerPool&) = delete;
  RunnerPool& operator=(const RunnerPool&) = delete;

  /// A runner that is the holder's alone until the lease ends. The pool must outlive it.
  class Lease {
   public:
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    NetworkRunner& operator*() const { return *runner_; }
    NetworkRunner* operator->() const { return runner_.get(); }

   private:
    friend class RunnerPool;
    Lease(RunnerPool& pool, int threads, std::unique_ptr<NetworkRunner> runner)
        : pool_(&pool), threads_(threads), runner_(std::move(runner)) {}

    RunnerPool* pool_;
    int threads_;
    std::unique_ptr<NetworkRunner> runner_;
  };
  /// A runner for so many threads (at least 1), its batch empty.
  Lease lease(int threads);

  /// Runners that were made so far.
  std::size_t size() const;

 private:
  struct Idle {
    int threads = 0;
    std::unique_ptr<NetworkRunner> runner;
  };
  std::unique_ptr<NetworkRunner> take_idle(int threads);
  void give_back(int threads, std::unique_ptr<NetworkRunner> runner) noexcept;

  const PredictionNetwork& network_;
  mutable std::mutex mutex_;
  std::vector<Idle> idle_;  // room for all that were made: giving back allocates nothing
  std::size_t made_ = 0;
};

}  // namespace deepmine::lifecycle
