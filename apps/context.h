// What every verb of the command line shares, and how a verb joins the program.
//
// A verb is a pair of files, `<verb>_command.h/.cpp`, with one function:
//
//     void add_<verb>_command(CLI::App& program, Context& context);
//
// It adds a subcommand with its options. When the subcommand was chosen and its options are sound, its
// callback sets `context.run`; the program calls that once the whole command line is read. Results go to
// stdout, everything else to stderr. Faults are deepmine::Error; main() turns them into the exit code.
#pragma once

#include <functional>
#include <string_view>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace deepmine::apps {

struct Context {
  bool json = false;   ///< print the result as one JSON document
  bool quiet = false;  ///< no progress and no messages but warnings and errors
  /// What the chosen verb does. Returns the exit code.
  std::function<int()> run;
};

/// A line on stderr that --quiet silences.
void print_message(const Context& context, std::string_view text);
/// A line on stderr that nothing silences: something that the user has to know.
void print_warning(std::string_view text);
/// A result on stdout, whole and flushed. Throws Error{failure} if it could not be written (a full disk, a
/// closed pipe): a result that nobody got is no success.
void print_result(std::string_view text);

/// Sets the examples that stand first in the help of a verb: one command a line, each with a remark.
void set_examples(CLI::App& verb, std::string_view examples);

}  // namespace deepmine::apps
