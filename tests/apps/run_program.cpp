#include "tests/apps/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace deepmine::test {
namespace {

using Clock = std::chrono::steady_clock;

/// {read end, write end}
std::pair<int, int> make_channel(bool terminal) {
  int ends[2] = {-1, -1};
  const int result =
      terminal ? ::openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr) : ::pipe2(ends, O_CLOEXEC);
  if (result != 0) throw std::runtime_error("can't create a pipe or terminal");
  ::fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  ::fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  return {ends[0], ends[1]};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

/// An unlinked file with the text, to be read from its start: unlike a pipe it can't fill up.
int input_file(const std::string& text) {
  std::string name = "/tmp/deepmine-test-input-XXXXXX";
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  ::unlink(name.c_str());
  if (descriptor < 0 || ::write(descriptor, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("can't write the program's input");
  ::lseek(descriptor, 0, SEEK_SET);
  return descriptor;
}

/// False at the end of the stream.
bool read_some(int descriptor, std::string& text) {
  char buffer[4096];
  const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
  if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && errno == EINTR);
}

}  // namespace

RunningProgram::RunningProgram(const std::vector<std::string>& arguments, const ProgramOptions& options) {
  std::vector<std::string> words{DEEPMINE_PROGRAM}, variables{"PATH=/usr/bin:/bin", "TERM=xterm"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  for (const auto& [name, value] : options.environment) variables.push_back(name + "=" + value);
  std::vector<char*> word_list = pointers(words), variable_list = pointers(variables);

  const int input = input_file(options.input);
  const auto [out, out_end] = make_channel(options.terminal);
  const auto [err, err_end] = make_channel(options.terminal);
  int output = out_end;
  if (!options.stdout_file.empty()) output = ::open(options.stdout_file.c_str(), O_WRONLY | O_CLOEXEC);
  process_ = ::fork();
  if (process_ == 0) {
    ::dup2(input, 0);
    ::dup2(output, 1);
    ::dup2(err_end, 2);
    ::execve(word_list[0], word_list.data(), variable_list.data());
    ::_exit(127);
  }
  ::close(input);
  ::close(out_end);
  ::close(err_end);
  if (output != out_end) ::close(output);
  out_ = out;
  err_ = err;
  if (process_ < 0) throw std::runtime_error("can't start the program");
}

RunningProgram::~RunningProgram() {
  if (!has_ended()) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  for (const int descriptor : {out_, err_})
    if (descriptor >= 0) ::close(descriptor);
}

void RunningProgram::read_available(int timeout_milliseconds) {
  pollfd streams[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};  // a negative descriptor is passed over
  if (::poll(streams, 2, timeout_milliseconds) <= 0) return;
  const auto take = [](const pollfd& stream, int& descriptor, std::string& text) {
    if (stream.revents == 0 || read_some(descriptor, text)) return;
    ::close(std::exchange(descriptor, -1));
  };
  take(streams[0], out_, result_.out);
  take(streams[1], err_, result_.err);
}

bool RunningProgram::wait_for_stderr(const std::string& text) {
  const auto end = Clock::now() + std::chrono::minutes(1);
  while (result_.err.find(text) == std::string::npos) {
    if (err_ < 0 || Clock::now() > end) return false;
    read_available(100);
  }
  return true;
}

void RunningProgram::send(int signal) const {
  if (!ended_) ::kill(process_, signal);
}

bool RunningProgram::has_ended() {
  if (!ended_) ended_ = ::waitpid(process_, &status_, WNOHANG) == process_;
  return ended_;
}

ProgramResult RunningProgram::finish() {
  const auto end = Clock::now() + std::chrono::minutes(2);
  while ((out_ >= 0 || err_ >= 0) && Clock::now() < end) read_available(100);
  while (!has_ended() && Clock::now() < end) ::usleep(1000);
  if (!ended_) {
    ::kill(process_, SIGKILL);
    ended_ = ::waitpid(process_, &status_, 0) == process_;
  }
  if (WIFEXITED(status_)) result_.exit_code = WEXITSTATUS(status_);
  if (WIFSIGNALED(status_)) result_.signal = WTERMSIG(status_);
  return result_;
}

ProgramResult run_program(const std::vector<std::string>& arguments, const ProgramOptions& options) {
  return RunningProgram(arguments, options).finish();
}

bool terminals_are_available() {
  int ends[2] = {-1, -1};
  if (::openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr) != 0) return false;
  ::close(ends[0]);
  ::close(ends[1]);
  return true;
}

}  // namespace deepmine::test
