#include "apps/summary_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <map>
#include <memory>
#include <optional>

#include "apps/common_options.h"
#include "apps/network_layers.h"
#include "apps/network_options.h"
#include "apps/terminal.h"
#include "apps/text_table.h"
#include "engine/nn/error.h"
#include "io/field_json.h"
#include "lifecycle/saved_model.h"

namespace deepmine::apps {
namespace {

constexpr const char* examples =
    "deepmine summary                          # the full network\n"
    "deepmine summary --network compact        # the network that `train` builds unless told otherwise\n"
    "deepmine summary --store models           # the network of the model in service\n"
    "deepmine summary --static-features 20     # 416,780 parameters: the prototype's number of inputs\n"
    "deepmine summary --json";

constexpr const char* description =
    "Lists the layers of the network and their parameters.\n"
    "Shapes are those of a layer's output for one sample. Needs no data; with --store, a model.\n"
    "Exit codes: 0, 4 if --store has no model or a damaged one.";

struct SummaryOptions {
  stope::NetworkSpecification network;
  std::string store;
};

struct Totals {
  std::size_t parameters = 0, trainable = 0;
};

std::string number(std::size_t count) {
  return with_thousands(count);
}

Totals sum_up(const std::vector<LayerSummary>& layers) {
  Totals totals;
  for (const LayerSummary& layer : layers) {
    totals.parameters += layer.parameters;
    totals.trainable += layer.trainable;
  }
  return totals;
}

std::string summary_json(const std::vector<LayerSummary>& layers) {
  const Totals totals = sum_up(layers);
  io::OrderedJson json;
  json["total_parameters"] = totals.parameters;
  json["trainable_parameters"] = totals.trainable;
  json["non_trainable_parameters"] = totals.parameters - totals.trainable;
  json["layers"] = io::OrderedJson::array();
  for (const LayerSummary& layer : layers) {
    io::OrderedJson entry;
    entry["name"] = layer.name;
    entry["type"] = layer.type;
    entry["shape"] = layer.shape;
    entry["parameters"] = layer.parameters;
    json["layers"].push_back(std::move(entry));
  }
  return io::json_text(json);
}

std::string summary_text(const std::vector<LayerSummary>& layers) {
  TextTable table({"Layer (type)", "Output shape", "Parameters"}, {Align::left, Align::left, Align::right});
  for (const LayerSummary& layer : layers)
    table.add({layer.name + " (" + layer.type + ")", fmt::format("({})", fmt::join(layer.shape, ", ")),
               number(layer.parameters)});
  const Totals totals = sum_up(layers);
  const auto size = [](std::size_t count) {
    return fmt::format("{:.2f} MiB", double(count) * 4 / (1024 * 1024));
  };
  return table.text(stdout_has_colour()) +
         fmt::format("\nTotal parameters:         {:>9} ({})\n", number(totals.parameters),
                     size(totals.parameters)) +
         fmt::format("Trainable parameters:     {:>9} ({})\n", number(totals.trainable),
                     size(totals.trainable)) +
         fmt::format("Non-trainable parameters: {:>9} ({})\n", number(totals.parameters - totals.trainable),
                     size(totals.parameters - totals.trainable));
}

stope::NetworkSpecification specification_of(const std::string& store) {
  const std::optional<lifecycle::StoredVersion> version = lifecycle::ModelStore(store).read_current();
  if (!version) throw Error(ErrorCode::model_missing, lifecycle::no_model_text(store));
  return lifecycle::parse_saved_model(*version).components.network;
}

int run_summary(SummaryOptions options, const Context& context) {
  if (!options.store.empty()) options.network = specification_of(options.store);
  if (const std::string problem = stope::problem_with(options.network); !problem.empty())
    throw Error(ErrorCode::usage, "the network can't be built: " + problem);
  const std::vector<LayerSummary> layers = list_layers(options.network);
  print_result(context.json ? summary_json(layers) : summary_text(layers));
  return 0;
}

}  // namespace

void add_summary_command(CLI::App& program, Context& context) {
  auto options = std::make_shared<SummaryOptions>();
  CLI::App* verb = program.add_subcommand("summary", description);
  set_examples(*verb, examples);
  CLI::Option* store = verb->add_option("--store", options->store, "Show the model in service in this folder")
                           ->type_name("DIR");
  add_network_option(*verb, options->network)->excludes(store);
  verb->add_option("--static-features", options->network.static_features, "Static inputs of the network")
      ->capture_default_str()
      ->type_name("N")
      ->excludes(store);
  add_cross_attention_option(*verb, options->network.cross_attention)->excludes(store);
  add_network_setting_options(*verb, options->network);
  for (CLI::Option* option : verb->get_options())
    if (option->get_group() == network_options_group) option->excludes(store);
  verb->callback(
      [options, &context] { context.run = [options, &context] { return run_summary(*options, context); }; });
}

}  // namespace deepmine::apps
