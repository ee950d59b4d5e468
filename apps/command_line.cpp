#include "apps/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <cstdlib>
#include <memory>
#include <string>

#include "apps/audit_command.h"
#include "apps/configuration_file.h"
#include "apps/drift_command.h"
#include "apps/evaluate_command.h"
#include "apps/explain_command.h"
#include "apps/export_command.h"
#include "apps/health_command.h"
#include "apps/help_formatter.h"
#include "apps/models_command.h"
#include "apps/predict_command.h"
#include "apps/report_command.h"
#include "apps/simulate_command.h"
#include "apps/summary_command.h"
#include "apps/train_command.h"
#include "apps/tune_command.h"
#include "apps/validate_command.h"
#include "engine/nn/error.h"

namespace deepmine::apps {
namespace {

constexpr const char* description =
    "Predicts whether underground stopes are stable now and how risky they become over the next 30 days.\n"
    "Exit codes: 0 done, 1 failure, 2 usage, 3 data invalid, 4 model missing or damaged, 5 some stopes "
    "could\n"
    "not be answered, 10 an alert is present (only with predict --exit-on-alert), 130 interrupted.";

constexpr const char* examples =
    "deepmine simulate --stopes 50 --days 90 --seed 7 --out data      # sample data of an imaginary mine\n"
    "deepmine train --static data/static.csv --timeseries data/timeseries.csv --store models\n"
    "deepmine train --help                                            # every command has examples";

void add_verbs(CLI::App& program, Context& context) {
  add_simulate_command(program, context);
  add_validate_command(program, context);
  add_train_command(program, context);
  add_predict_command(program, context);
  add_explain_command(program, context);
  add_drift_command(program, context);
  add_evaluate_command(program, context);
  add_report_command(program, context);
  add_tune_command(program, context);
  add_models_command(program, context);
  add_health_command(program, context);
  add_audit_command(program, context);
  add_export_command(program, context);
  add_summary_command(program, context);
}

void build(CLI::App& program, Context& context) {
  program.name("deepmine");
  program.description(description);
  program.formatter(std::make_shared<HelpFormatter>());
  set_examples(program, examples);
  program.set_help_flag("-h,--help", "Show this text");
  program.set_version_flag("--version", "deepmine " DEEPMINE_VERSION, "Show the version");
  program.add_flag("--json", context.json, "Print the result as one JSON document on stdout");
  program.add_flag("-q,--quiet", context.quiet, "No progress and no messages but warnings and errors");
  program.set_config(
      "--config", "",
      "TOML or INI file with options: `epochs = 20`, in a section [train] or before any section");
  program.get_config_ptr()->type_name("FILE");
  program.config_formatter(std::make_shared<ConfigurationFile>(program));
  program.allow_config_extras(CLI::config_extras_mode::error);
  program.require_subcommand(1);
  program.fallthrough();  // --json and --quiet may stand behind the verb
  add_verbs(program, context);
}

std::string chosen_verb(const CLI::App& program) {
  std::string name = "deepmine";
  for (const CLI::App* app = &program; !app->get_subcommands().empty();) {
    app = app->get_subcommands().front();
    name += " " + app->get_name();
  }
  return name;
}

std::string lines_as_one(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

/// Where a value may come from that does not stand on the command line.
std::string other_sources(const CLI::App& program, const std::string& message) {
  const CLI::App* verb = &program;
  while (!verb->get_subcommands().empty()) verb = verb->get_subcommands().front();
  for (const CLI::Option* option : verb->get_options()) {
    const bool is_meant = message.find(option->get_name()) != std::string::npos;
    const char* value = option->get_envname().empty() ? nullptr : std::getenv(option->get_envname().c_str());
    if (is_meant && value != nullptr) return " (" + option->get_envname() + " is '" + value + "')";
  }
  if (program.get_config_ptr()->count() == 0) return {};
  const auto file = program.get_config_ptr()->as<std::string>();
  return message.find(file) == std::string::npos ? " (with the options of " + file + ")" : "";
}

/// An empty value is most often a variable of a script that was not set. It must never read as "the default".
void refuse_empty_values(int argument_count, const char* const* arguments) {
  for (int i = 1; i < argument_count; ++i) {
    const std::string argument = arguments[i];
    const bool empty_behind = argument.starts_with("--") && argument.ends_with("=");
    if (!argument.empty() && !empty_behind) continue;
    const std::string before = empty_behind ? argument.substr(0, argument.size() - 1)
                               : i > 1      ? arguments[i - 1]
                                            : "deepmine";
    throw Error(ErrorCode::usage,
                "the value behind '" + before + "' is empty; give one, or leave the option out");
  }
}

int report_usage_error(const CLI::App& program, const CLI::ParseError& error) {
  const std::string message = lines_as_one(error.what());
  const std::string text = "deepmine: " + message + other_sources(program, message);
  print_warning(text + "\nTry '" + chosen_verb(program) + " --help'.");
  return exit_code(ErrorCode::usage);
}

}  // namespace

int read_command_line(int argument_count, const char* const* arguments, Context& context) {
  refuse_empty_values(argument_count, arguments);
  CLI::App program;
  build(program, context);
  try {
    program.parse(argument_count, arguments);
  } catch (const CLI::CallForHelp&) {
    print_result(program.help());
    return 0;
  } catch (const CLI::CallForVersion& version) {
    print_result(std::string(version.what()) + "\n");
    return 0;
  } catch (const CLI::ParseError& error) {
    return report_usage_error(program, error);
  }
  return -1;
}

}  // namespace deepmine::apps
