// `deepmine report`: one HTML file about a model, and about a mine's stopes if their data is given.
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

void add_report_command(CLI::App& program, Context& context);

}  // namespace deepmine::apps
