#include "apps/models_retention.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <filesystem>

#include "apps/models_actions.h"
#include "apps/printable_text.h"
#include "apps/text_table.h"
#include "engine/nn/error.h"
#include "io/field_json.h"
#include "lifecycle/loaded_model.h"
#include "lifecycle/retention.h"

namespace deepmine::apps {
namespace {

using lifecycle::RetentionPlan;
using lifecycle::VersionNote;

constexpr const char* description =
    "Removes old versions. Kept are the newest --keep good ones, the one in service, the pinned ones, the "
    "one\n"
    "that would stand in for the one in service, and rejected ones newer than the one in service. What is\n"
    "damaged is moved to quarantine/, never deleted; what is not recognised is left alone. Leftovers of\n"
    "killed writers (in staging/ and trash/, unfinished files) go when they are older than --leftovers.\n"
    "Exit codes: 0 done, 1 the store is being written to, 4 no store, or CURRENT is damaged.";

constexpr const char* examples =
    "deepmine models gc --store models --dry-run    # what would go, and why\n"
    "deepmine models gc --store models --keep 3";

using Group = std::pair<const char*, const std::vector<VersionNote>*>;
std::vector<Group> groups_of(const RetentionPlan& plan) {
  return {{"keep", &plan.keep},
          {"collect", &plan.collect},
          {"quarantine", &plan.quarantine},
          {"left_alone", &plan.leave}};
}

std::string plan_json(const RetentionPlan& plan, bool dry_run) {
  io::OrderedJson json;
  json["dry_run"] = dry_run;
  for (const auto& [group, versions] : groups_of(plan)) {
    json[group] = io::OrderedJson::array();
    for (const VersionNote& version : *versions)
      json[group].push_back({{"version", version.sequence}, {"why", version.why}});
  }
  json["leftovers"] = io::OrderedJson::array();
  for (const lifecycle::Leftover& leftover : plan.leftovers)
    json["leftovers"].push_back({{"path", leftover.path.string()}, {"age_seconds", leftover.age.count()}});
  json["unrecognised"] = io::OrderedJson::array();
  for (const std::filesystem::path& path : plan.unrecognised) json["unrecognised"].push_back(path.string());
  return io::json_text(json);
}

std::string plan_text(const RetentionPlan& plan, bool dry_run) {
  const char* const words[][2] = {{"kept", "would be kept"},
                                  {"removed", "would be removed"},
                                  {"moved to quarantine", "would be moved to quarantine"},
                                  {"left alone", "would be left alone"}};
  std::string text;
  std::size_t group = 0;
  for (const auto& [name, versions] : groups_of(plan)) {
    for (const VersionNote& version : *versions)
      text += printable(fmt::format("version {} {}: {}", version.sequence, words[group][dry_run ? 1 : 0],
                                    version.why)) +
              "\n";
    ++group;
  }
  for (const lifecycle::Leftover& leftover : plan.leftovers)
    text += printable(fmt::format("{} {}: left behind {} hours ago", leftover.path.string(),
                                  words[1][dry_run ? 1 : 0], leftover.age.count() / 3600)) +
            "\n";
  for (const std::filesystem::path& path : plan.unrecognised)
    text += printable(path.string() + " left alone: not of this store") + "\n";
  return text;
}

int run_gc(const ModelsOptions& options, const Context& context) {
  const lifecycle::ModelStore store(options.store);
  lifecycle::RetentionPolicy policy;
  policy.keep = options.keep;
  policy.leftover_age = std::chrono::seconds(static_cast<std::int64_t>(options.leftover_hours * 3600));
  RetentionPlan plan;
  if (options.dry_run) {
    if (store.sequences().empty() && !store.current()) throw_no_model(options.store);
    plan = lifecycle::plan_retention(store, policy, &lifecycle::check_model);
  } else {
    lifecycle::StoreWriter writer = store.lock_for_maintenance();
    plan = lifecycle::plan_retention(store, policy, &lifecycle::check_model);
    lifecycle::carry_out(writer, plan, &lifecycle::check_model);
  }
  print_result(context.json ? plan_json(plan, options.dry_run) : plan_text(plan, options.dry_run));
  return 0;
}

}  // namespace

void add_models_retention(CLI::App& models, Context& context) {
  const ModelsVerb verb = add_models_action(models, context, {"gc", description, examples, &run_gc});
  verb.app->add_option("--keep", verb.options->keep, "So many of the newest good versions")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000000}))
      ->capture_default_str()
      ->type_name("N");
  verb.app->add_option("--leftovers", verb.options->leftover_hours, "Age in hours from which leftovers go")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str()
      ->type_name("HOURS");
  verb.app->add_flag("--dry-run", verb.options->dry_run, "Only say what would be done");
}

}  // namespace deepmine::apps
