#include "benchmarks/stream_client.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <deque>
#include <system_error>

#include "benchmarks/clocks.h"
#include "engine/nn/error.h"

namespace deepmine::benchmarks {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCode::failure, what + ": " + std::generic_category().message(errno));
}

[[noreturn]] void fail_because_it_ended() {
  throw Error(ErrorCode::failure, "the program ended before it had answered every line");
}

}  // namespace

StreamClient::StreamClient(const std::vector<std::string>& command) {
  std::array<int, 2> in{}, out{};
  if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0)
    fail("no pipe could be made");
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  // A program that ends early is told by its answers that do not come.
  ::signal(SIGPIPE, SIG_IGN);
  process_ = ::fork();
  if (process_ < 0) fail("no process could be made");
  if (process_ == 0) {
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  to_ = in[1];
  from_ = out[0];
  ::fcntl(to_, F_SETFL, ::fcntl(to_, F_GETFL) | O_NONBLOCK);
}

StreamClient::~StreamClient() {
  ::close(to_);
  ::close(from_);
  ::kill(process_, SIGTERM);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

/// Until there is an answer to read or, with lines to send, room for them. True: there is an answer.
bool StreamClient::wait() const {
  std::array<pollfd, 2> ends{{{from_, POLLIN, 0}, {to_, POLLOUT, 0}}};
  while (::poll(ends.data(), unsent_.empty() ? 1 : 2, -1) < 0)
    if (errno != EINTR) fail("the pipes can't be waited for");
  return ends[0].revents != 0;
}

void StreamClient::write_some() {
  const ssize_t written = ::write(to_, unsent_.data(), unsent_.size());
  if (written >= 0)
    unsent_.erase(0, static_cast<std::size_t>(written));
  else if (errno == EPIPE)
    fail_because_it_ended();
  else if (errno != EAGAIN && errno != EINTR)
    fail("the program takes no more lines");
}

void StreamClient::read_some() {
  std::array<char, std::size_t{64} << 10> piece;
  const ssize_t got = ::read(from_, piece.data(), piece.size());
  if (got == 0) fail_because_it_ended();
  if (got > 0)
    received_.append(piece.data(), static_cast<std::size_t>(got));
  else if (errno != EINTR)
    fail("the program's answers can't be read");
}

std::vector<double> StreamClient::ask(const std::vector<std::string>& lines, std::size_t in_flight,
                                      const std::function<void(std::size_t, std::string_view)>& take) {
  std::vector<double> latencies;
  latencies.reserve(lines.size());
  std::deque<Clock::time_point> sent;
  std::size_t next = 0;
  while (latencies.size() < lines.size()) {
    while (next < lines.size() && sent.size() < in_flight) {
      unsent_ += lines[next++];
      sent.push_back(Clock::now());
    }
    if (!unsent_.empty()) write_some();
    if (!wait()) continue;
    read_some();
    std::size_t begin = 0;
    for (std::size_t end; (end = received_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      if (sent.empty()) throw Error(ErrorCode::failure, "the program answered what nobody had asked");
      take(latencies.size(), std::string_view(received_).substr(begin, end - begin));
      latencies.push_back(seconds_since(sent.front()));
      sent.pop_front();
    }
    received_.erase(0, begin);
  }
  return latencies;
}

double StreamClient::cpu_seconds() const {
  clockid_t clock{};
  timespec now{};
  if (::clock_getcpuclockid(process_, &clock) != 0 || ::clock_gettime(clock, &now) != 0)
    throw Error(ErrorCode::failure, "the system does not tell the processor time of the program");
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace deepmine::benchmarks
