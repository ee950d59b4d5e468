#include "apps/verb_problem.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <string_view>
#include <vector>

#include "io/nearest_name.h"

namespace deepmine::apps {
namespace {

const CLI::App* find_verb(const CLI::App& app, const std::string& name) {
  const auto verbs = app.get_subcommands([&](const CLI::App* verb) { return verb->get_name() == name; });
  return verbs.empty() ? nullptr : verbs.front();
}

const CLI::Option* find_option(const CLI::App& app, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  for (const CLI::Option* option : app.get_options())
    if (option->check_name(name)) return option;
  return nullptr;
}

/// `deepmine models`.
std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : full_name(*app.get_parent()) + " " + app.get_name();
}

std::string unknown_verb(const CLI::App& app, const std::string& word) {
  const std::vector<const CLI::App*> verbs = app.get_subcommands([](const CLI::App*) { return true; });
  std::vector<std::string> names;
  for (const CLI::App* verb : verbs) names.push_back(verb->get_name());
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string parent = app.get_parent() == nullptr ? "" : app.get_name() + " ";
  const std::string nearest = io::nearest_name(word, known);
  return "there is no command '" + parent + word + "'; " +
         (nearest.empty() ? "commands are " + CLI::detail::join(names, ", ")
                          : "did you mean '" + parent + nearest + "'?");
}

/// An option of a verb before the verb; nothing is said of one that no verb has.
std::string early_option(const CLI::App& app, Arguments from_option) {
  const std::string& word = from_option.front();
  for (const std::string& later : from_option.subspan(1))
    if (const CLI::App* verb = find_verb(app, later); verb != nullptr && find_option(*verb, word) != nullptr)
      return fmt::format("{0} stands before the command; options stand behind it: {1} {0} ...", word,
                         full_name(*verb));
  return {};
}

}  // namespace

std::string verb_problem(const CLI::App& program, Arguments arguments) {
  const CLI::App* app = &program;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (app->get_subcommands([](const CLI::App*) { return true; }).empty()) return {};
    if (word.starts_with("-")) {
      const CLI::Option* option = find_option(program, word);  // of the program: may stand anywhere
      if (option == nullptr) return early_option(*app, arguments.subspan(i));
      // The only one with a value.
      if (option == program.get_config_ptr() && word.find('=') == std::string::npos) ++i;
      continue;
    }
    const CLI::App* verb = find_verb(*app, word);
    if (verb == nullptr) return unknown_verb(*app, word);
    app = verb;
  }
  return {};
}

bool is_given(const CLI::Option& option, Arguments arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& word) {
    return word.starts_with("-") && option.check_name(word.substr(0, word.find('=')));
  });
}

}  // namespace deepmine::apps
