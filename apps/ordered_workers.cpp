#include "apps/ordered_workers.h"

#include <utility>

namespace deepmine::apps {

OrderedWorkers::OrderedWorkers(int threads, std::function<std::string(std::uint64_t, std::string)> work,
                               std::function<void(const std::string&)> deliver)
    : work_(std::move(work)), deliver_(std::move(deliver)) {
  for (int i = 0; threads > 1 && i < threads; ++i) threads_.emplace_back([this] { run(); });
}

OrderedWorkers::~OrderedWorkers() {
  stop();
  for (std::thread& thread : threads_) thread.join();
}

void OrderedWorkers::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  has_work_.notify_all();
  has_room_.notify_all();
}

void OrderedWorkers::rethrow() {
  if (fault_) std::rethrow_exception(fault_);
}

void OrderedWorkers::submit(std::string text) {
  if (threads_.empty()) {
    deliver_(work_(++submitted_, std::move(text)));
    ++delivered_;
    return;
  }
  std::unique_lock lock(mutex_);
  const std::uint64_t most = most_under_way_a_thread * threads_.size();
  has_room_.wait(lock, [&] { return stopped_ || submitted_ - delivered_ < most; });
  rethrow();
  waiting_.push_back({++submitted_, std::move(text)});
  has_work_.notify_one();
}

void OrderedWorkers::finish() {
  std::unique_lock lock(mutex_);
  has_room_.wait(lock, [&] { return stopped_ || delivered_ == submitted_; });
  rethrow();
}

void OrderedWorkers::run() {
  for (;;) {
    Item item;
    {
      std::unique_lock lock(mutex_);
      has_work_.wait(lock, [&] { return stopped_ || !waiting_.empty(); });
      if (stopped_) return;
      item = std::move(waiting_.front());
      waiting_.pop_front();
    }
    try {
      hand_over(item.number, work_(item.number, std::move(item.text)));
    } catch (...) {
      {
        const std::lock_guard lock(mutex_);
        if (!fault_) fault_ = std::current_exception();
      }
      stop();
      return;
    }
  }
}

/// Whoever brings the result that is next delivers it, and what has come behind it meanwhile.
void OrderedWorkers::hand_over(std::uint64_t number, std::string result) {
  std::unique_lock lock(mutex_);
  done_.emplace(number, std::move(result));
  if (delivering_) return;
  delivering_ = true;
  while (!done_.empty() && done_.begin()->first == delivered_ + 1) {
    const std::string next = std::move(done_.begin()->second);
    done_.erase(done_.begin());
    lock.unlock();
    deliver_(next);
    lock.lock();
    ++delivered_;
    has_room_.notify_all();
  }
  delivering_ = false;
}

}  // namespace deepmine::apps
