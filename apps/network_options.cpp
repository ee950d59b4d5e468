#include "apps/network_options.h"

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>

namespace deepmine::apps {

CLI::Option* add_network_option(CLI::App& verb, stope::NetworkSpecification& network) {
  const bool compact = network == stope::compact_network();
  return verb
      .add_option_function<std::string>(
          "--network",
          [&network](const std::string& name) {
            network = name == "full" ? stope::NetworkSpecification{} : stope::compact_network();
          },
          "compact: small layers that correct what the rules expect and what the sensors' summaries say; "
          "full: "
          "the large network without either")
      ->check(CLI::IsMember({"full", "compact"}))
      ->option_text(std::string("full|compact [") + (compact ? "compact" : "full") + "]");
}

}  // namespace deepmine::apps
