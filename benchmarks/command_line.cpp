#include "benchmarks/command_line.h"

#include <CLI/Config.hpp>
#include <exception>
#include <memory>
#include <string>

#include "apps/context.h"
#include "apps/help_formatter.h"
#include "engine/nn/error.h"

namespace deepmine::benchmarks {

void describe(CLI::App& program, const char* name, const char* description, const char* examples) {
  program.name(name);
  program.description(description);
  program.formatter(std::make_shared<apps::HelpFormatter>());
  apps::set_examples(program, examples);
  program.set_help_flag("-h,--help", "Show this text");
}

int parse(CLI::App& program, int argument_count, const char* const* arguments) {
  try {
    program.parse(argument_count, arguments);
  } catch (const CLI::CallForHelp&) {
    apps::print_result(program.help());
    return 0;
  } catch (const CLI::ParseError& error) {
    const std::string& name = program.get_name();
    apps::print_warning(name + ": " + error.what() + "\nTry '" + name + " --help'.");
    return exit_code(ErrorCode::usage);
  }
  return -1;
}

int run_main(const char* name, const std::function<int()>& run) {
  int code = exit_code(ErrorCode::failure);
  std::string problem;
  try {
    return run();
  } catch (const Error& error) {
    code = exit_code(error.code());
    problem = error.what();
  } catch (const std::exception& error) {
    problem = error.what();
  }
  apps::print_warning(std::string(name) + ": " + problem);
  return code;
}

}  // namespace deepmine::benchmarks
