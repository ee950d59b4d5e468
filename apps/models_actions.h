// What the verbs below `deepmine models` share.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "apps/context.h"
#include "lifecycle/store_format.h"

namespace deepmine::apps {

/// The options of all of them; each verb has some.
struct ModelsOptions {
  std::string store, version, reason;
  bool all = false, quarantine = false, force = false, dry_run = false;
  std::size_t keep = 5;
  double leftover_hours = 24;
};

struct ModelsAction {
  const char* name;
  const char* description;
  const char* examples;
  int (*run)(const ModelsOptions&, const Context&);
};

/// A verb of `models` and the values behind its options.
struct ModelsVerb {
  CLI::App* app = nullptr;
  ModelsOptions* options = nullptr;
};

/// Adds the verb with --store.
ModelsVerb add_models_action(CLI::App& models, Context& context, const ModelsAction& action);
void add_version_argument(const ModelsVerb& verb);
void add_reason_option(const ModelsVerb& verb);

/// The version that was named, as a number or as its folder's name; nothing if none was. Throws Error{usage}
/// for anything else.
std::optional<lifecycle::Sequence> version_of(const ModelsOptions& options);

[[noreturn]] void throw_no_model(const std::string& store);

}  // namespace deepmine::apps
