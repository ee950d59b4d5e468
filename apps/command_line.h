// The command line as a whole: which verbs there are, and what the user wrote.
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

/// Reads the command line. Returns -1 if `context.run` is to be called, else the exit code: 0 after --help or
/// --version, 2 for a command line that can't be understood (what is wrong stands on stderr).
int read_command_line(int argument_count, const char* const* arguments, Context& context);

}  // namespace deepmine::apps
