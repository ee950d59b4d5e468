#include "apps/models_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <memory>
#include <string>
#include <vector>

#include "apps/common_options.h"
#include "apps/models_actions.h"
#include "apps/models_maintenance.h"
#include "apps/printable_text.h"
#include "apps/response_text.h"
#include "apps/result_table.h"
#include "apps/terminal.h"
#include "apps/text_table.h"
#include "engine/nn/error.h"
#include "io/field_json.h"
#include "lifecycle/loaded_model.h"

namespace deepmine::apps {
namespace {

constexpr const char* examples =
    "deepmine models list --store models      # every version, and which is in service\n"
    "deepmine models show --store models      # data, plan and figures of the one in service\n"
    "deepmine models verify --all             # reads and checks every byte, replays the test cases\n"
    "deepmine models rollback --reason 'false alarms in the north drive'\n"
    "deepmine models gc --keep 3 --dry-run    # what would go";

constexpr const char* list_description =
    "Lists the versions of a store.\n"
    "Every file of every version is read and checked.\n"
    "Exit codes: 0, 4 if there is no model or the one in service is damaged.";

constexpr const char* show_description =
    "Shows where a model comes from and how good it is: the one in service, or the VERSION that is named.\n"
    "Its files are checked and its test cases replayed.\n"
    "Exit codes: 0, 4 if there is no model or it is damaged.";

// ---- list
// -------------------------------------------------------------------------------------------------

struct ListedModel {
  lifecycle::Sequence sequence = 0;
  bool in_service = false, pinned = false, withdrawn = false;
  std::string created_at, model_id, problem, rejected;
  std::uint64_t bytes = 0;
};

/// Everything that can be known of a version; what is wrong with it is part of the answer.
ListedModel examine(const lifecycle::ModelStore& store, const lifecycle::ListedVersion& version) {
  ListedModel model;
  model.sequence = version.sequence;
  model.in_service = version.in_service;
  model.pinned = version.pinned;
  model.withdrawn = version.withdrawn;
  model.problem = version.problem;
  model.rejected = version.rejected.value_or("");
  for (const lifecycle::ManifestEntry& entry : version.manifest) model.bytes += entry.size;
  if (!model.problem.empty()) return model;
  try {
    const io::ModelMetadata metadata = lifecycle::parse_saved_model(store.read(version.sequence)).metadata;
    model.created_at = metadata.created_at;
    model.model_id = metadata.model_id;
  } catch (const Error& error) {
    model.problem = error.what();
  }
  return model;
}

std::string list_json(const std::vector<ListedModel>& models, const std::vector<std::string>& unrecognised) {
  io::OrderedJson json;
  json["models"] = io::OrderedJson::array();
  for (const ListedModel& model : models) {
    io::OrderedJson entry;
    entry["sequence"] = model.sequence;
    entry["in_service"] = model.in_service;
    entry["pinned"] = model.pinned;
    entry["withdrawn"] = model.withdrawn;
    entry["rejected"] = model.rejected.empty() ? io::OrderedJson(nullptr) : io::OrderedJson(model.rejected);
    entry["created_at"] = model.created_at;
    entry["model_id"] = model.model_id;
    entry["bytes"] = model.bytes;
    entry["problem"] = model.problem.empty() ? io::OrderedJson(nullptr) : io::OrderedJson(model.problem);
    json["models"].push_back(std::move(entry));
  }
  json["unrecognised"] = unrecognised;
  return io::json_text(json);
}

std::string state_text(const ListedModel& model) {
  std::string text = model.problem.empty() ? "sound" : "DAMAGED: " + model.problem;
  if (model.pinned) text += ", pinned";
  if (model.withdrawn) text += ", withdrawn by a rollback";
  if (!model.rejected.empty()) text += ", rejected";
  return printable(text);
}

std::string list_text(const std::vector<ListedModel>& models, const std::vector<std::string>& unrecognised) {
  TextTable table({"Version", "In service", "Created", "Model", "Size", "State"},
                  {Align::right, Align::left, Align::left, Align::left, Align::right, Align::left});
  for (const ListedModel& model : models)
    table.add({std::to_string(model.sequence), model.in_service ? "yes" : "", model.created_at,
               model.model_id, fmt::format("{:.1f} MB", static_cast<double>(model.bytes) / 1e6),
               state_text(model)});
  std::string text = table.text(stdout_has_colour());
  for (const ListedModel& model : models)
    if (!model.rejected.empty())
      text += printable(fmt::format("version {} was rejected: {}", model.sequence, model.rejected)) + "\n";
  for (const std::string& name : unrecognised) text += "versions/" + name + " is no version: left alone\n";
  return text;
}

int run_list(const ModelsOptions& options, const Context& context) {
  const lifecycle::ModelStore store(options.store);
  const lifecycle::VersionList versions = store.list();
  if (versions.versions.empty() && versions.problem.empty()) throw_no_model(options.store);
  std::vector<ListedModel> models;
  for (const lifecycle::ListedVersion& version : versions.versions) models.push_back(examine(store, version));
  print_result(context.json ? list_json(models, versions.unrecognised)
                            : list_text(models, versions.unrecognised));
  if (!versions.problem.empty()) throw Error(ErrorCode::model_damaged, versions.problem);
  for (const ListedModel& model : models)
    if (model.in_service && !model.problem.empty())
      throw Error(ErrorCode::model_damaged, "the model in service is damaged: " + model.problem);
  return 0;
}

// ---- show
// -------------------------------------------------------------------------------------------------

std::string plan_text(const train::TrainingPlan& plan) {
  std::string text;
  const auto add = [&text](std::string_view field, const std::string& value) {
    text += fmt::format("  {:<22}{}\n", field, value);
  };
  train::TrainingPlan::visit_fields(plan, [&add](const char* field, const auto& value) {
    if constexpr (std::is_enum_v<std::remove_cvref_t<decltype(value)>>) {
      add(field, std::string(name(value)));
    } else {
      add(field, fmt::format("{}", value));
    }
  });
  return text;
}

/// Nothing where the model holds no response plan.
std::string response_plan_text(const stope::ResponsePlan& plan) {
  if (!plan.in_use()) return "";
  std::string text = "Response plan of the site\n";
  for (const PlanLine& line : plan_lines(plan))
    text += wrapped(fmt::format("  {:<15}", line.subject), line.text);
  return text + "\n";
}

std::string show_text(const lifecycle::LoadedModel& model) {
  const io::ModelMetadata& m = model.metadata();
  return fmt::format(
             "Model       {}\nVersion     {}\nCreated     {} by deepmine {}\nChecked     {}\n"
             "Data        {} static rows, {} readings, {} windows, SHA-256 {}\n"
             "Split       {}: {} training, {} validation, {} test stopes\n"
             "Training    {} epochs in {}, the best was {}\nParameters  {}, {} of them trainable\nPlan\n{}\n",
             m.model_id, m.sequence, m.created_at, m.program_version, name(model.verified()),
             with_thousands(m.data.static_rows), with_thousands(m.data.timeseries_rows),
             with_thousands(m.data.windows), m.data.sha256, m.split.method, m.split.training_stopes.size(),
             m.split.validation_stopes.size(), m.split.test_stopes.size(), m.epochs_run,
             format_duration(m.duration_seconds), m.best_epoch, with_thousands(m.total_parameters),
             with_thousands(m.trainable_parameters), plan_text(m.plan)) +
         response_plan_text(model.components().settings.response_plan) + result_text(m, stdout_has_colour());
}

int run_show(const ModelsOptions& options, const Context& context) {
  const lifecycle::ModelStore store(options.store);
  std::shared_ptr<const lifecycle::LoadedModel> model;
  if (const std::optional<lifecycle::Sequence> version = version_of(options))
    model = std::make_shared<const lifecycle::LoadedModel>(lifecycle::parse_saved_model(store.read(*version)),
                                                           store.version_folder(*version).string());
  else
    model = lifecycle::load_current(store);
  if (!model) throw_no_model(options.store);
  print_result(context.json ? io::metadata_json(model->metadata()) : show_text(*model));
  return 0;
}

}  // namespace

void add_models_command(CLI::App& program, Context& context) {
  CLI::App* verb = program.add_subcommand(
      "models", "What the store holds, and which version is in service: look, check, roll back, clean up.");
  set_examples(*verb, examples);
  verb->require_subcommand(1);
  add_models_action(*verb, context, {"list", list_description, examples, &run_list});
  add_version_argument(add_models_action(*verb, context, {"show", show_description, examples, &run_show}));
  add_models_maintenance(*verb, context);
}

}  // namespace deepmine::apps
