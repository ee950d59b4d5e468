// `deepmine evaluate`: how good a model, or a way of training one, is beside what needs no network.
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

void add_evaluate_command(CLI::App& program, Context& context);

}  // namespace deepmine::apps
