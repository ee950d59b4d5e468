// The file of `--config`: read as for a verb with options of each kind. It may refuse with what CLI11 throws
// for a user's mistake, which the program reports as one.
#include <CLI/CLI.hpp>
#include <memory>
#include <sstream>

#include "apps/configuration_file.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace deepmine;
  CLI::App program;
  bool quiet = false, json = false;
  int epochs = 0;
  double rate = 0;
  std::string store;
  std::vector<std::string> names;
  std::istringstream file;
  program.set_config("--config", "", "settings");
  program.config_formatter(std::make_shared<apps::ConfigurationFile>(program));
  program.allow_config_extras(CLI::config_extras_mode::error);
  program.add_flag("--quiet", quiet);
  CLI::App* train = program.add_subcommand("train");
  train->add_option("--epochs", epochs);
  train->add_option("--learning-rate", rate);
  train->add_option("--store", store);
  train->add_flag("--json", json);
  program.add_subcommand("models")->add_subcommand("show")->add_option("names", names);
  program.require_subcommand(1);
  try {
    program.parse("train");
  } catch (const CLI::ParseError&) {
    fuzz::require(false, "the command line of the target is sound");
  }
  file.str(std::string(fuzz::as_text(data, size)));
  try {
    program.parse_from_stream(file);
  } catch (const CLI::ParseError&) {  // what main() reports as a usage error
    return 0;
  }
  return 0;
}
