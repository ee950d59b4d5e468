// `deepmine export`: a model in a form that other tools read.
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

void add_export_command(CLI::App& program, Context& context);

}  // namespace deepmine::apps
