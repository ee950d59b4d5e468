// The `deepmine` program: constructs and catches.
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <new>
#include <sstream>
#include <string>
#include <string_view>

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

int run(int argument_count, char** arguments) {
  try {
    deepmine::apps::Context context;
    const int code = deepmine::apps::read_command_line(argument_count, arguments, context);
    return code >= 0 ? code : context.run();
  } catch (const deepmine::Error& error) {
    return report(error.what(), deepmine::exit_code(error.code()));
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    return report(std::string("internal error: ") + error.what(), 1);
  }
}

/// Asks for no memory, for there is none.
int report_no_memory() noexcept {
  constexpr std::string_view message =
      "deepmine: not enough memory: close other programs, use fewer --threads, or give it less data at "
      "once\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, message.data(), message.size());
  return 1;
}

}  // namespace

int main(int argument_count, char** arguments) {
  try {
    return run(argument_count, arguments);
  } catch (const std::bad_alloc&) {  // also of a report of something else
    return report_no_memory();
  }
}
