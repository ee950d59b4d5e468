// `deepmine train`: trains a network and puts it into service.
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

void add_train_command(CLI::App& program, Context& context);

}  // namespace deepmine::apps
