#include "apps/network_options.h"

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "apps/plan_options.h"

namespace deepmine::apps {
namespace {

constexpr std::pair<std::string_view, const char*> descriptions[] = {
    {"static_units", "Units of the static branch's first two layers"},
    {"temporal_units", "Units of the first two LSTM layers"},
    {"branch_units", "Units that both branches end with"},
    {"self_attention_heads", "Heads of the attention between days"},
    {"cross_attention_heads", "Heads of the attention of the static branch"},
    {"key_size", "Key features of an attention head"},
    {"shared_units", "Units of the first layer behind both branches"},
    {"shared_output_units", "Units of the second one"},
    {"head_units", "Units of every head's first layer"},
    {"dense_dropout", "Dropout of the dense layers"},
    {"branch_dropout", "Dropout behind the static branch"},
    {"lstm_dropout", "Input and recurrent dropout of the LSTM layers"},
    {"temporal_dropout", "Dropout behind the last LSTM"},
    {"attention_dropout", "Dropout of the attention weights between days"},
};

template <class Field>
constexpr bool is_size_or_rate = std::is_same_v<Field, int> || std::is_same_v<Field, double>;

}  // namespace

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

void add_network_setting_options(CLI::App& verb, stope::NetworkSpecification& network) {
  // A default shown here would be wrong with the other network, so none is.
  stope::NetworkSpecification::visit_fields(network, [&verb](std::string_view name, auto& field) {
    if constexpr (is_size_or_rate<std::remove_reference_t<decltype(field)>>)
      for (const auto& [described, text] : descriptions)
        if (described == name)
          verb.add_option(flag_of(name), field, std::string(text) + " (default: of --network)")
              ->type_name(std::is_same_v<std::remove_reference_t<decltype(field)>, int> ? "N" : "X")
              ->group(network_options_group);
  });
}

void take_network_where_not_given(stope::NetworkSpecification& network,
                                  const stope::NetworkSpecification& other,
                                  const std::set<std::string>& given) {
  stope::NetworkSpecification merged = other;
  stope::NetworkSpecification::visit_fields(merged, [&](std::string_view name, auto& to) {
    if (!given.contains(flag_of(name))) return;
    stope::NetworkSpecification::visit_fields(network, [&](std::string_view from_name, const auto& from) {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(from)>, std::remove_cvref_t<decltype(to)>>)
        if (from_name == name) to = from;
    });
  });
  network = merged;
}

}  // namespace deepmine::apps
