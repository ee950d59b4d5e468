// The other end of `deepmine predict --stream`: a program that is started, spoken to through two pipes, and
// timed.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace deepmine::benchmarks {

/// One thread, no wait for anything but the program. Not thread-safe.
class StreamClient {
 public:
  /// Starts it; its stderr is ours. Throws Error{failure} if that is impossible.
  explicit StreamClient(const std::vector<std::string>& command);
  /// Ends it, be it by force.
  ~StreamClient();
  StreamClient(const StreamClient&) = delete;
  StreamClient& operator=(const StreamClient&) = delete;

  /// Sends the lines, never more than `in_flight` of them unanswered, and calls `take(line, answer)` for each
  /// answer, in order. Returns the seconds from the moment that each line was given to the pipe to its
  /// answer. Throws Error{failure} if the program ends before.
  std::vector<double> ask(const std::vector<std::string>& lines, std::size_t in_flight,
                          const std::function<void(std::size_t, std::string_view)>& take);

  /// Processor time of all threads of the program so far.
  double cpu_seconds() const;

 private:
  bool wait() const;
  void write_some();
  void read_some();

  pid_t process_ = -1;
  int to_ = -1, from_ = -1;
  std::string unsent_, received_;
};

}  // namespace deepmine::benchmarks
