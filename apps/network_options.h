// Which network is built, by name.
#pragma once

#include "apps/context.h"
#include "engine/stope/network_specification.h"

namespace deepmine::apps {

/// `--network full|compact`. `network` holds one of the two already: the default. To be added before options
/// that change a field of it.
CLI::Option* add_network_option(CLI::App& verb, stope::NetworkSpecification& network);

}  // namespace deepmine::apps
