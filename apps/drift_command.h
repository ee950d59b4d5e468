// `deepmine drift`: are these stopes like those that the model learnt from?
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

void add_drift_command(CLI::App& program, Context& context);

}  // namespace deepmine::apps
