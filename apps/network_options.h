// Which network is built: one of two by name, and flags for each of its sizes and rates.
#pragma once

#include <set>
#include <string>

#include "apps/context.h"
#include "engine/stope/network_specification.h"

namespace deepmine::apps {

/// The group that the flags of sizes and rates stand in.
inline constexpr const char* network_options_group = "Network";

/// `--network full|compact`. `network` holds one of the two already: the default. To be added before options
/// that change a field of it.
CLI::Option* add_network_option(CLI::App& verb, stope::NetworkSpecification& network);

/// `--static-units`, `--dense-dropout`, …: one for every size and rate of the network that can be chosen,
/// named after the field. `--cross-attention` is an option of its own (common_options.h).
void add_network_setting_options(CLI::App& verb, stope::NetworkSpecification& network);

/// Takes from `other` every field but those whose flag is among `given`.
void take_network_where_not_given(stope::NetworkSpecification& network,
                                  const stope::NetworkSpecification& other,
                                  const std::set<std::string>& given);

}  // namespace deepmine::apps
