// `deepmine predict`: is each stope stable now, and how risky does it become.
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

void add_predict_command(CLI::App& program, Context& context);

}  // namespace deepmine::apps
