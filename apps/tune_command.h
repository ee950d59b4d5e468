// `deepmine tune`: a search for settings that train a better model on the data at hand.
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

void add_tune_command(CLI::App& program, Context& context);

}  // namespace deepmine::apps
