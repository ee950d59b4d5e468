// `deepmine models path|verify|rollback|pin|unpin|gc|log`: what keeps a store in order.
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

void add_models_maintenance(CLI::App& models, Context& context);

}  // namespace deepmine::apps
