#include "apps/context.h"

#include <CLI/App.hpp>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "engine/nn/error.h"

namespace deepmine::apps {

void print_message(const Context& context, std::string_view text) {
  if (!context.quiet) print_warning(text);
}

void print_warning(std::string_view text) {
  std::string line(text);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void print_result(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return;
  throw Error(ErrorCode::failure,
              "can't write the result to stdout: " + std::generic_category().message(errno));
}

void set_examples(CLI::App& verb, std::string_view examples) {
  verb.footer(std::string(examples));  // where it stands in the help is HelpFormatter's business
}

}  // namespace deepmine::apps
