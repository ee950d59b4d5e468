// `deepmine explain NAME`: why the model says what it says of a stope.
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

void add_explain_command(CLI::App& program, Context& context);

}  // namespace deepmine::apps
