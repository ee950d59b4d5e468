#include "apps/models_actions.h"

#include <CLI/App.hpp>
#include <charconv>
#include <memory>

#include "apps/common_options.h"
#include "apps/printable_text.h"
#include "engine/nn/error.h"
#include "lifecycle/store.h"

namespace deepmine::apps {

ModelsVerb add_models_action(CLI::App& models, Context& context, const ModelsAction& action) {
  auto options = std::make_shared<ModelsOptions>();
  CLI::App* verb = models.add_subcommand(action.name, action.description);
  set_examples(*verb, action.examples);
  add_store_option(*verb, options->store);
  verb->callback([options, run = action.run, &context] {
    context.run = [options, run, &context] { return run(*options, context); };
  });
  return {verb, options.get()};
}

void add_version_argument(const ModelsVerb& verb) {
  verb.app->add_option("VERSION", verb.options->version, "Number of a version, as `models list` shows it");
}

void add_reason_option(const ModelsVerb& verb) {
  verb.app->add_option("--reason", verb.options->reason, "Why; stands in the store's EVENTS.log")
      ->type_name("TEXT");
}

std::optional<lifecycle::Sequence> version_of(const ModelsOptions& options) {
  const std::string& text = options.version;
  if (text.empty()) return std::nullopt;
  lifecycle::Sequence version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc{} || end != text.data() + text.size() || version == 0)
    throw Error(ErrorCode::usage, "'" + printable(text) + "' is no version, expected a number such as 3");
  return version;
}

void throw_no_model(const std::string& store) {
  throw Error(ErrorCode::model_missing, lifecycle::no_model_text(store));
}

}  // namespace deepmine::apps
