// Threads that work on texts as they come, and hand over what they made in the order in which it came.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace deepmine::apps {

class OrderedWorkers {
 public:
  /// `work(number, text)` makes the result for text number 1, 2, … in any thread, several at a time;
  /// `deliver` is called with one result after the other, never twice at a time. Starts `threads` threads;
  /// with one it starts none, and submit() does the work.
  OrderedWorkers(int threads, std::function<std::string(std::uint64_t, std::string)> work,
                 std::function<void(const std::string&)> deliver);
  /// What was not delivered yet is dropped.
  ~OrderedWorkers();
  OrderedWorkers(const OrderedWorkers&) = delete;
  OrderedWorkers& operator=(const OrderedWorkers&) = delete;

  /// Waits while very many texts are under way. What `work` or `deliver` threw is thrown here or by finish().
  void submit(std::string text);
  /// Waits until everything is delivered.
  void finish();

 private:
  struct Item {
    std::uint64_t number = 0;
    std::string text;
  };
  static constexpr std::uint64_t most_under_way_a_thread = 64;

  void run();
  void hand_over(std::uint64_t number, std::string result);
  void stop();
  void rethrow();

  std::function<std::string(std::uint64_t, std::string)> work_;
  std::function<void(const std::string&)> deliver_;
  std::mutex mutex_;
  std::condition_variable has_work_, has_room_;
  std::deque<Item> waiting_;
  std::map<std::uint64_t, std::string> done_;  // results that are not their turn yet
  std::uint64_t submitted_ = 0, delivered_ = 0;
  bool delivering_ = false, stopped_ = false;
  std::exception_ptr fault_;
  std::vector<std::thread> threads_;
};

}  // namespace deepmine::apps
