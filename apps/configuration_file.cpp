#include "apps/configuration_file.h"

#include <algorithm>
#include <cstdlib>

namespace deepmine::apps {
namespace {

/// The chain of subcommands that were chosen: `models`, `show`.
std::vector<const CLI::App*> chosen_verbs(const CLI::App& program) {
  std::vector<const CLI::App*> chain;
  for (const CLI::App* app = &program; !app->get_subcommands().empty();) {
    app = app->get_subcommands().front();
    chain.push_back(app);
  }
  return chain;
}

bool is_section_mark(const CLI::ConfigItem& item) {
  return item.name == "++" || item.name == "--";
}

[[noreturn]] void fail(const std::string& problem) {
  throw CLI::ConfigError("the configuration file " + problem, CLI::ExitCodes::ConfigError);
}

/// The verb that a section or key names, which must be there.
const CLI::App& find_verb(const CLI::App& program, const CLI::ConfigItem& item) {
  const CLI::App* app = &program;
  for (const std::string& name : item.parents) {
    const auto subcommands =
        app->get_subcommands([&](const CLI::App* sub) { return sub->get_name() == name; });
    if (subcommands.empty())
      fail("has a section [" + CLI::detail::join(item.parents, ".") + "], expected the name of a command");
    app = subcommands.front();
  }
  return *app;
}

/// CLI11's own search is noexcept but takes memory, and where there is none left, it ends the program without
/// a word.
bool has_option(const CLI::App& app, const std::string& long_name) {
  const std::vector<const CLI::Option*> options = app.get_options();
  return std::any_of(options.begin(), options.end(), [&](const CLI::Option* option) {
    const std::vector<std::string>& names = option->get_lnames();
    return std::find(names.begin(), names.end(), long_name) != names.end();
  });
}

void check_key(const CLI::App& program, const CLI::ConfigItem& item) {
  const CLI::App& verb = find_verb(program, item);
  if (has_option(verb, item.name)) return;
  const std::string of_verb = item.parents.empty() ? "" : " " + CLI::detail::join(item.parents, " ");
  fail("sets '" + item.name + "': deepmine" + of_verb + " has no option --" + item.name);
}

/// The first value that an option gets is the one that counts, so these go before those of the file.
std::vector<CLI::ConfigItem> from_environment(const CLI::App& verb, const std::vector<std::string>& parents) {
  std::vector<CLI::ConfigItem> settings;
  for (const CLI::Option* option : verb.get_options()) {
    if (option->get_envname().empty()) continue;
    const char* value = std::getenv(option->get_envname().c_str());
    if (value == nullptr || *value == '\0') continue;
    CLI::ConfigItem item;
    item.parents = parents;
    item.name = option->get_lnames().front();
    item.inputs = {value};
    settings.push_back(std::move(item));
  }
  return settings;
}

}  // namespace

std::vector<CLI::ConfigItem> ConfigurationFile::from_config(std::istream& input) const {
  const std::vector<const CLI::App*> verbs = chosen_verbs(program_);
  std::vector<std::string> parents;
  for (const CLI::App* verb : verbs) parents.push_back(verb->get_name());

  std::vector<CLI::ConfigItem> settings;
  if (!verbs.empty()) settings = from_environment(*verbs.back(), parents);
  for (CLI::ConfigItem& item : ConfigBase::from_config(input)) {
    if (is_section_mark(item)) {
      // The end of a section would check the requirements of a verb that was not chosen.
      find_verb(program_, item);
      continue;
    }
    const bool of_program = has_option(program_, item.name);
    if (item.parents.empty() && !of_program) item.parents = parents;
    check_key(program_, item);
    for (const std::string& value : item.inputs)
      if (value.empty()) fail("sets '" + item.name + "' to nothing; give a value, or leave the line out");
    settings.push_back(std::move(item));
  }
  return settings;
}

}  // namespace deepmine::apps
