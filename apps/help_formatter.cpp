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

constexpr std::size_t text_column = 34, page_width = 100;

/// The text in lines that end at the page's width, broken between words; all but the first are indented.
std::string wrapped(const std::string& text) {
  std::istringstream words(text);
  std::string result, line;
  for (std::string word; words >> word;) {
    if (!line.empty() && line.size() + 1 + word.size() > page_width - text_column) {
      result += line + "\n" + std::string(text_column, ' ');
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return result + line + "\n";
}

/// `  left   text`; the text starts on a line of its own where the left side is long.
std::string entry(const std::string& left, const std::string& text) {
  const std::string head = "  " + left;
  const bool is_long = head.size() + 2 > text_column;
  const std::string gap =
      is_long ? "\n" + std::string(text_column, ' ') : std::string(text_column - head.size(), ' ');
  return head + gap + wrapped(text);
}

/// `deepmine models show`.
std::string full_name(const CLI::App* app) {
  if (app->get_parent() == nullptr) return app->get_name();
  return full_name(app->get_parent()) + " " + app->get_name();
}

}  // namespace

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
  for (std::size_t at; (at = help.find("\n\n\n")) != std::string::npos;) help.erase(at, 1);
  return help;
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  return entry(make_option_name(option, is_positional) + make_option_opts(option), make_option_desc(option));
}

/// The first sentence of a verb's description says what it is for; it may go on over lines.
std::string HelpFormatter::make_subcommand(const CLI::App* verb) const {
  const std::string description = verb->get_description();
  std::size_t end = description.find('.');
  while (end != std::string::npos && end + 1 < description.size() && description[end + 1] != ' ' &&
         description[end + 1] != '\n')
    end = description.find('.', end + 1);
  return entry(verb->get_name(), description.substr(0, end == std::string::npos ? end : end + 1));
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
