// How `--help` looks: examples first, then what the verb does, then its options.
#pragma once

#include <CLI/Formatter.hpp>
#include <string>

namespace deepmine::apps {

class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* verb) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
};

}  // namespace deepmine::apps
