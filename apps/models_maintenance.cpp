#include "apps/models_maintenance.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "apps/models_actions.h"
#include "apps/models_retention.h"
#include "apps/printable_text.h"
#include "apps/terminal.h"
#include "apps/text_table.h"
#include "engine/nn/error.h"
#include "io/field_json.h"
#include "lifecycle/loaded_model.h"
#include "lifecycle/store_writer.h"

namespace deepmine::apps {
namespace {

using lifecycle::ModelStore;
using lifecycle::Sequence;
using lifecycle::VersionReport;
using lifecycle::VersionState;

Sequence version_in_service(const ModelStore& store) {
  const std::optional<lifecycle::CurrentRecord> record = store.current();
  if (!record) throw_no_model(store.root().string());
  return record->sequence;
}

Sequence version_or_current(const ModelsOptions& options, const ModelStore& store) {
  const std::optional<Sequence> named = version_of(options);
  return named ? *named : version_in_service(store);
}

// ---- path

constexpr const char* path_description =
    "Prints the folder of a version on one line: of the one in service, or of the VERSION that is named.\n"
    "Exit codes: 0, 4 if there is none.";

int run_path(const ModelsOptions& options, const Context& context) {
  const ModelStore store(options.store);
  const Sequence version = version_or_current(options, store);
  const std::filesystem::path folder = store.version_folder(version);
  if (!std::filesystem::is_directory(folder)) (void)store.read(version);  // says where it went
  if (context.json)
    print_result(io::json_text({{"version", version}, {"path", folder.string()}}));
  else
    print_result(folder.string() + "\n");
  return 0;
}

// ---- verify

constexpr const char* verify_description =
    "Reads every byte of a version, compares the hashes, decodes every file and replays the test cases:\n"
    "the version in service, the VERSION that is named, or all of them. Nothing is changed, unless\n"
    "--quarantine moves what is damaged aside; nothing is ever deleted.\n"
    "Exit codes: 0 all can be used, 4 at least one can't, or there is none.";

struct Verified {
  VersionReport report;
  std::string answers;  ///< how the test cases were compared
  bool in_service = false, moved = false;
};

Verified verify(const ModelStore& store, Sequence version, lifecycle::StoreWriter* writer) {
  Verified result;
  const lifecycle::ContentCheck check = [&result](const lifecycle::StoredVersion& stored) {
    const lifecycle::LoadedModel model(lifecycle::parse_saved_model(stored),
                                       "version " + std::to_string(stored.sequence));
    result.answers = name(model.verified());
  };
  result.report =
      writer != nullptr ? writer->quarantine_if_damaged(version, check) : store.examine(version, check);
  result.moved = writer != nullptr && result.report.state == VersionState::damaged;
  return result;
}

std::string verify_json(const std::vector<Verified>& results, const lifecycle::EventLog& log) {
  io::OrderedJson json;
  json["versions"] = io::OrderedJson::array();
  for (const Verified& result : results) {
    const std::string& problem = result.report.problem;
    json["versions"].push_back(
        {{"version", result.report.sequence},
         {"in_service", result.in_service},
         {"state", name(result.report.state)},
         {"problem", problem.empty() ? io::OrderedJson(nullptr) : io::OrderedJson(problem)},
         {"test_cases", result.answers.empty() ? io::OrderedJson(nullptr) : io::OrderedJson(result.answers)},
         {"quarantined", result.moved}});
  }
  json["event_log_problems"] = log.problems;
  return io::json_text(json);
}

std::string verify_text(const std::vector<Verified>& results) {
  std::string text;
  for (const Verified& result : results) {
    const VersionReport& report = result.report;
    text += fmt::format("version {}{}: {}", report.sequence, result.in_service ? " (in service)" : "",
                        report.state == VersionState::good
                            ? "good, " + result.answers
                            : printable(std::string(name(report.state)) + ": " + report.problem));
    text += result.moved ? "; moved to quarantine\n" : "\n";
  }
  return text;
}

int run_verify(const ModelsOptions& options, const Context& context) {
  const ModelStore store(options.store);
  if (options.all && !options.version.empty())
    throw Error(ErrorCode::usage, "name a version or give --all, not both");
  std::vector<Sequence> versions;
  if (options.all)
    versions = store.sequences();
  else
    versions.push_back(version_or_current(options, store));
  if (versions.empty()) throw_no_model(options.store);
  if (!options.version.empty() && !std::filesystem::exists(store.version_folder(versions[0])))
    (void)store.read(versions[0]);  // says where it went
  std::optional<lifecycle::StoreWriter> writer;
  if (options.quarantine) writer.emplace(store.lock_for_maintenance());

  std::string problem;  // with CURRENT itself
  Sequence in_service = 0;
  try {
    if (const auto record = store.current()) in_service = record->sequence;
  } catch (const Error& error) {
    problem = error.what();
  }
  std::vector<Verified> results;
  bool sound = true;
  for (const Sequence version : versions) {
    results.push_back(verify(store, version, writer ? &*writer : nullptr));
    results.back().in_service = version == in_service;
    const VersionState state = results.back().report.state;
    sound = sound && (state == VersionState::good || state == VersionState::rejected);
  }
  const lifecycle::EventLog log = store.events();
  print_result(context.json ? verify_json(results, log) : verify_text(results));
  for (const std::string& line : log.problems) print_warning("deepmine: EVENTS.log: " + printable(line));
  if (!problem.empty()) throw Error(ErrorCode::model_damaged, problem);
  return sound ? 0 : exit_code(ErrorCode::model_damaged);
}

// ---- rollback

constexpr const char* rollback_description =
    "Puts an older version back into service: the VERSION that is named, else the last good one before the\n"
    "one in service. It is verified first. Nothing is deleted, and the version that was rolled back from is\n"
    "not used as a stand-in any more. This is also how a damaged CURRENT is mended.\n"
    "Exit codes: 0 done, 1 the store is being written to, 2 usage, 4 there is no good version to go to.";

int run_rollback(const ModelsOptions& options, const Context& context) {
  lifecycle::StoreWriter writer = ModelStore(options.store).lock_for_maintenance();
  const lifecycle::Rollback result = writer.roll_back({.to = version_of(options),
                                                       .check = &lifecycle::check_model,
                                                       .even_if_rejected = options.force,
                                                       .reason = options.reason});
  for (const VersionReport& report : result.passed_over)
    print_warning(fmt::format("deepmine: version {} is passed over: {}: {}", report.sequence,
                              name(report.state), printable(report.problem)));
  if (context.json) {
    io::OrderedJson passed = io::OrderedJson::array();
    for (const VersionReport& report : result.passed_over)
      passed.push_back(
          {{"version", report.sequence}, {"state", name(report.state)}, {"problem", report.problem}});
    print_result(io::json_text({{"from", result.from}, {"to", result.to}, {"passed_over", passed}}));
  } else {
    print_result(fmt::format("version {} is in service{}\n", result.to,
                             result.from == 0 ? "" : fmt::format(" in place of version {}", result.from)));
  }
  return 0;
}

// ---- pin, unpin

constexpr const char* pin_description =
    "Pins a version: the one in service, or the VERSION that is named. A pinned version is never collected,\n"
    "and while it is in service a training does not replace it: the new version is kept beside it.\n"
    "Exit codes: 0 done (or it was so already), 1 the store is being written to, 4 there is no such version.";
constexpr const char* unpin_description =
    "Takes a pin away.\n"
    "Exit codes: 0 done (or it was so already), 1 the store is being written to, 4 there is no such version.";

int set_pin(const ModelsOptions& options, const Context& context, bool pinned) {
  lifecycle::StoreWriter writer = ModelStore(options.store).lock_for_maintenance();
  const Sequence version = version_or_current(options, writer.store());
  const bool changed = pinned ? writer.pin(version, options.reason) : writer.unpin(version, options.reason);
  if (context.json)
    print_result(io::json_text({{"version", version}, {"pinned", pinned}, {"changed", changed}}));
  else
    print_result(fmt::format("version {} is {}{}pinned\n", version, changed ? "now " : "",
                             pinned ? (changed ? "" : "already ") : "not "));
  return 0;
}
int run_pin(const ModelsOptions& options, const Context& context) {
  return set_pin(options, context, true);
}
int run_unpin(const ModelsOptions& options, const Context& context) {
  return set_pin(options, context, false);
}

// ---- log

constexpr const char* log_description =
    "Shows what happened to the store: when, what, who and why, the oldest first.\n"
    "Exit codes: 0, 4 if there is no model.";

int run_log(const ModelsOptions& options, const Context& context) {
  const ModelStore store(options.store);
  const lifecycle::EventLog log = store.events();
  if (log.events.empty() && log.problems.empty() && store.sequences().empty()) throw_no_model(options.store);
  if (context.json) {
    io::OrderedJson json;
    json["events"] = io::OrderedJson::array();
    for (const lifecycle::StoreEvent& event : log.events)
      json["events"].push_back({{"number", event.number},
                                {"time", event.time},
                                {"event", name(event.kind)},
                                {"version", event.version},
                                {"before", event.before},
                                {"who", event.who},
                                {"why", event.why}});
    json["problems"] = log.problems;
    print_result(io::json_text(json));
    return 0;
  }
  TextTable table({"Time", "Event", "Version", "Before", "Who", "Why"},
                  {Align::left, Align::left, Align::right, Align::right, Align::left, Align::left});
  for (const lifecycle::StoreEvent& event : log.events)
    table.add({event.time, std::string(name(event.kind)), std::to_string(event.version),
               event.before == 0 ? "" : std::to_string(event.before), printable(event.who),
               printable(event.why)});
  print_result(table.text(stdout_has_colour()));
  for (const std::string& line : log.problems) print_warning("deepmine: EVENTS.log: " + printable(line));
  return 0;
}

}  // namespace

void add_models_maintenance(CLI::App& models, Context& context) {
  add_version_argument(add_models_action(
      models, context, {"path", path_description, "ls $(deepmine models path --store models)", &run_path}));

  const ModelsVerb verify =
      add_models_action(models, context,
                        {"verify", verify_description,
                         "deepmine models verify --store models    # the version in service\n"
                         "deepmine models verify --all --quarantine",
                         &run_verify});
  add_version_argument(verify);
  verify.app->add_flag("--all", verify.options->all, "Every version");
  verify.app->add_flag("--quarantine", verify.options->quarantine, "Move what is damaged to quarantine/");

  const ModelsVerb rollback = add_models_action(
      models, context,
      {"rollback", rollback_description,
       "deepmine models rollback --store models --reason 'false alarms in the north drive'\n"
       "deepmine models rollback 3 --store models",
       &run_rollback});
  add_version_argument(rollback);
  add_reason_option(rollback);
  rollback.app->add_flag("--force", rollback.options->force, "Even to a version that was rejected");

  const ModelsVerb pin = add_models_action(
      models, context,
      {"pin", pin_description,
       "deepmine models pin 3 --store models --reason 'accepted by the mine on 1 May'", &run_pin});
  const ModelsVerb unpin = add_models_action(
      models, context, {"unpin", unpin_description, "deepmine models unpin 3 --store models", &run_unpin});
  for (const ModelsVerb& verb : {pin, unpin}) {
    add_version_argument(verb);
    add_reason_option(verb);
  }
  add_models_retention(models, context);
  add_models_action(models, context,
                    {"log", log_description, "deepmine models log --store models", &run_log});
}

}  // namespace deepmine::apps
