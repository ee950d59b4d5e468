// `deepmine models`: what the store holds.
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

void add_models_command(CLI::App& program, Context& context);

}  // namespace deepmine::apps
