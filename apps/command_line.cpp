#include "apps/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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
#include "apps/printable_text.h"
#include "apps/report_command.h"
#include "apps/simulate_command.h"
#include "apps/summary_command.h"
#include "apps/train_command.h"
#include "apps/tune_command.h"
#include "apps/validate_command.h"
#include "apps/verb_problem.h"
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
std::string other_sources(const CLI::App& program, const std::string& message, Arguments arguments) {
  const CLI::App* verb = &program;
  while (!verb->get_subcommands().empty()) verb = verb->get_subcommands().front();
  for (const CLI::Option* option : verb->get_options()) {
    const bool is_meant = message.find(option->get_name()) != std::string::npos;
    const char* value = option->get_envname().empty() ? nullptr : std::getenv(option->get_envname().c_str());
    if (is_meant && is_given(*option, arguments)) return {};
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

/// The parser lists them from last to first; here they stand as they were written.
std::string extras_text(const CLI::App& program, Arguments arguments) {
  std::vector<std::string> extras = program.remaining(true);
  std::string text =
      extras.size() == 1 ? "this argument was not expected:" : "these arguments were not expected:";
  for (const std::string& word : arguments)
    if (const auto found = std::find(extras.begin(), extras.end(), word); found != extras.end()) {
      text += " " + word;
      extras.erase(found);
    }
  for (const std::string& other : extras) text += " " + other;  // a part of a word, as of -qx
  return text;
}

int report_usage_error(const CLI::App& program, const std::string& message) {
  print_warning("deepmine: " + printable(message) + "\nTry '" + chosen_verb(program) + " --help'.");
  return exit_code(ErrorCode::usage);
}

int report_usage_error(const CLI::App& program, const CLI::ParseError& error, Arguments arguments) {
  if (const std::string problem = verb_problem(program, arguments); !problem.empty())
    return report_usage_error(program, problem);
  const bool is_extra = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  const std::string message = is_extra ? extras_text(program, arguments) : lines_as_one(error.what());
  return report_usage_error(program, message + other_sources(program, message, arguments));
}

/// The words behind the program's name; `help models gc` asks for what `models gc --help` shows.
std::vector<std::string> words_of(int argument_count, const char* const* arguments) {
  std::vector<std::string> words(arguments + std::min(1, argument_count), arguments + argument_count);
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  return words;
}

}  // namespace

int read_command_line(int argument_count, const char* const* arguments, Context& context) {
  refuse_empty_values(argument_count, arguments);
  CLI::App program;
  build(program, context);
  const std::vector<std::string> words = words_of(argument_count, arguments);
  try {
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    program.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    if (const std::string problem = verb_problem(program, words); !problem.empty())
      return report_usage_error(program, problem);
    print_result(program.help());
    return 0;
  } catch (const CLI::CallForVersion& version) {
    print_result(std::string(version.what()) + "\n");
    return 0;
  } catch (const CLI::ParseError& error) {
    return report_usage_error(program, error, words);
  }
  return -1;
}

}  // namespace deepmine::apps
