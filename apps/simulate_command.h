// `deepmine simulate`: writes a sample of an imaginary mine.
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

void add_simulate_command(CLI::App& program, Context& context);

}  // namespace deepmine::apps
