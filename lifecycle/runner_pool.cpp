#include "lifecycle/runner_pool.h"

#include <algorithm>

namespace deepmine::lifecycle {

RunnerPool::Lease::~Lease() {
  if (runner_) pool_->give_back(threads_, std::move(runner_));
}

RunnerPool::Lease RunnerPool::lease(int threads) {
  threads = std::max(1, threads);
  std::unique_ptr<NetworkRunner> runner = take_idle(threads);
  if (!runner) {
    runner = std::make_unique<NetworkRunner>(network_, capacity, threads);  // outside the lock: it takes long
    const std::lock_guard lock(mutex_);
    idle_.reserve(made_ + 1);
    ++made_;
  }
  runner->batch().clear();
  return Lease(*this, threads, std::move(runner));
}

std::size_t RunnerPool::size() const {
  const std::lock_guard lock(mutex_);
  return made_;
}

std::unique_ptr<NetworkRunner> RunnerPool::take_idle(int threads) {
  const std::lock_guard lock(mutex_);
  // The one that came back last: its memory is the warmest.
  const auto found =
      std::find_if(idle_.rbegin(), idle_.rend(), [&](const Idle& idle) { return idle.threads == threads; });
  if (found == idle_.rend()) return nullptr;
  std::unique_ptr<NetworkRunner> runner = std::move(found->runner);
  idle_.erase(std::next(found).base());
  return runner;
}

void RunnerPool::give_back(int threads, std::unique_ptr<NetworkRunner> runner) noexcept {
  const std::lock_guard lock(mutex_);
  idle_.push_back({threads, std::move(runner)});
}

}  // namespace deepmine::lifecycle
