// Runs the built program as a user does: arguments and environment in, exit code and both streams out.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace deepmine::test {

struct ProgramOptions {
  std::map<std::string, std::string> environment;  ///< besides PATH; nothing else is inherited
  std::string input;                               ///< stdin
  std::string stdout_file;                         ///< instead of collecting stdout
  bool terminal = false;                           ///< stdout and stderr are (two) terminals
};

struct ProgramResult {
  int exit_code = -1;  ///< -1: ended by a signal
  int signal = 0;
  std::string out, err;
};

/// A program that was started and is read from while it runs. The destructor kills what still runs.
class RunningProgram {
 public:
  explicit RunningProgram(const std::vector<std::string>& arguments, const ProgramOptions& options = {});
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  /// Reads until stderr contains the text; false if the program ended or a minute passed before.
  bool wait_for_stderr(const std::string& text);
  void send(int signal) const;
  bool has_ended();
  /// Reads both streams to their ends. A program that takes longer than two minutes is killed.
  ProgramResult finish();

 private:
  void read_available(int timeout_milliseconds);

  pid_t process_ = -1;
  int out_ = -1, err_ = -1, status_ = 0;
  bool ended_ = false;
  ProgramResult result_;
};

ProgramResult run_program(const std::vector<std::string>& arguments, const ProgramOptions& options = {});

/// Whether this system hands out pseudo-terminals; some bare containers do not.
bool terminals_are_available();

}  // namespace deepmine::test
