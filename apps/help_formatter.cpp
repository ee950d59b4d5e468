#include "apps/help_formatter.h"

#include <CLI/App.hpp>
#include <sstream>

namespace deepmine::apps {
namespace {

std::string indented(const std::string& text) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) result += line.empty() ? "\n" : "  " + line + "\n";
  return result;
}

/// `deepmine models show`.
std::string full_name(const CLI::App* app) {
  if (app->get_parent() == nullptr) return app->get_name();
  return full_name(app->get_parent()) + " " + app->get_name();
}

}  // namespace

HelpFormatter::HelpFormatter() {
  column_width(34);
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string /*name*/,
                                     CLI::AppFormatMode mode) const {
  std::string help;
  if (!app->get_footer().empty()) help += "Examples:\n" + indented(app->get_footer()) + "\n";
  help += make_usage(app, full_name(app)) + "\n" + app->get_description() + "\n";
  help += make_positionals(app) + make_groups(app, mode) + make_subcommands(app, mode);
  const CLI::App* top = app;
  while (top->get_parent() != nullptr) top = top->get_parent();
  if (top != app) {
    help += "\nOptions of every command:\n";
    for (const CLI::Option* option : top->get_options())
      if (option != top->get_help_ptr() && option != top->get_version_ptr())
        help += make_option(option, false);
  }
  return help;
}

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  std::string text;
  if (option->get_type_size() != 0) {
    if (!option->get_option_text().empty()) return " " + option->get_option_text();
    const std::string type = option->get_type_name();  // the validators' descriptions follow a colon
    text += " " + type.substr(0, type.find(':'));
    if (!option->get_default_str().empty()) text += " [" + option->get_default_str() + "]";
    if (option->get_required()) text += " (required)";
  }
  return text;
}

}  // namespace deepmine::apps
