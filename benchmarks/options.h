// The command line of the benchmark programs.
#pragma once

#include <string>
#include <vector>

#include "engine/stope/network_specification.h"

namespace deepmine::benchmarks {

struct Options {
  std::vector<int> threads, batches;  ///< every combination of these four is a workload
  std::vector<int> days{stope::NetworkSpecification{}.days};
  std::vector<int> hidden_units{stope::NetworkSpecification{}.temporal_units};
  int steps = 0;  ///< 0: about five seconds
  bool json = false;
  bool profile = false;
  bool on_request = false;  ///< measure when a line with a number of steps arrives on standard input
  int static_features = stope::NetworkSpecification{}.static_features;
};

/// What differs between the programs.
struct ProgramText {
  const char* name;
  const char* description;
  const char* examples;
  const char* batch_help;
  int least_batch;
  bool can_profile = false;
};

/// Reads the command line into `options`, which holds the defaults. Returns -1 if the program is to go on,
/// else its exit code: 0 after --help, 2 for a command line that can't be understood (what is wrong stands on
/// stderr).
int read_options(int argument_count, const char* const* arguments, const ProgramText& text, Options& options);

/// Cores, at most nn::max_lanes: a step has no use for more threads.
int default_threads();

}  // namespace deepmine::benchmarks
