// What the command lines of all benchmark programs have in common.
#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace deepmine::benchmarks {

/// Gives the program its name, its text, its examples and `--help`.
void describe(CLI::App& program, const char* name, const char* description, const char* examples);

/// Returns -1 if the program is to go on, else its exit code: 0 after --help, 2 for a command line that can't
/// be understood (what is wrong stands on stderr).
int parse(CLI::App& program, int argument_count, const char* const* arguments);

/// `main`: the exit code of `run`, or that of what it throws, which is said on stderr.
int run_main(const char* name, const std::function<int()>& run);

}  // namespace deepmine::benchmarks
