// `deepmine health`: is the store fit to answer, and what should somebody do.
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

void add_health_command(CLI::App& program, Context& context);

}  // namespace deepmine::apps
