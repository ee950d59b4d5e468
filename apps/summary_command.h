// `deepmine summary`: the layers of the network, their shapes and parameters.
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

void add_summary_command(CLI::App& program, Context& context);

}  // namespace deepmine::apps
