// Where options come from besides the command line: environment variables, and below them the file of
// `--config`.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace deepmine::apps {

/// Reads TOML or INI as CLI11 does. A key before the first section belongs to the verb that was chosen (or to
/// the program, if it is one of its options); sections are named after verbs, so that one file serves all of
/// them. A key that no option has is an error. Environment variables of options stand above the file.
class ConfigurationFile : public CLI::ConfigBase {
 public:
  explicit ConfigurationFile(const CLI::App& program) : program_(program) {}
  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;

 private:
  const CLI::App& program_;
};

}  // namespace deepmine::apps
