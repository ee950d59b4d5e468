// The `deepmine` program: constructs and catches.
#include <cstdio>
#include <exception>
#include <new>
#include <sstream>
#include <string>

#include "apps/command_line.h"
#include "apps/printable_text.h"
#include "engine/nn/error.h"

namespace {

/// Messages quote names and cells of files, which may hold anything.
int report(const std::string& message, int exit_code) {
  std::istringstream lines("deepmine: " + message);
  for (std::string line; std::getline(lines, line);)
    deepmine::apps::print_warning(deepmine::apps::printable(line));
  return exit_code;
}

}  // namespace

int main(int argument_count, char** arguments) {
  try {
    deepmine::apps::Context context;
    const int code = deepmine::apps::read_command_line(argument_count, arguments, context);
    return code >= 0 ? code : context.run();
  } catch (const deepmine::Error& error) {
    return report(error.what(), deepmine::exit_code(error.code()));
  } catch (const std::bad_alloc&) {
    return report("not enough memory", 1);
  } catch (const std::exception& error) {
    return report(std::string("internal error: ") + error.what(), 1);
  }
}
