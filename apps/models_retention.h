// `deepmine models gc`: which versions are kept.
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

void add_models_retention(CLI::App& models, Context& context);

}  // namespace deepmine::apps
