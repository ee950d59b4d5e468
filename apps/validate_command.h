// `deepmine validate`: what the input files hold, and every problem in them.
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

void add_validate_command(CLI::App& program, Context& context);

}  // namespace deepmine::apps
