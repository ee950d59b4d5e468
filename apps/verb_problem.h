// What is wrong with the verb of a command line, for which the parser of options has no good words: a verb
// that does not exist, and an option before the verb.
#pragma once

#include <span>
#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace deepmine::apps {

/// The words behind the program's name.
using Arguments = std::span<const std::string>;

/// `there is no command 'predit' (did you mean 'predict'?)`; empty if the verb is there and stands first.
std::string verb_problem(const CLI::App& program, Arguments arguments);

/// Whether the option stands on the command line itself.
bool is_given(const CLI::Option& option, Arguments arguments);

}  // namespace deepmine::apps
