// What programs that were compiled before rely on: exported names, soname, and where the members of every
// structure lie. The list is tests/library/abi.txt: an entry may be added, none may change.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "library/deepmine.h"

namespace {

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  REQUIRE(pipe);
  std::string text;
  for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) text += static_cast<char>(c);
  return text;
}

std::string exported_names() {
  const std::string command =
      "LC_ALL=C nm -D --defined-only --format=posix '" DEEPMINE_LIBRARY "' | LC_ALL=C sort";
  std::istringstream lines(output_of(command));
  std::string names;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream parts(line);
    std::string name, kind;
    parts >> name >> kind;
    if (kind != "A") names += "function " + name.substr(0, name.find('@')) + "\n";  // A: the version node
  }
  return names;
}

std::string soname() {
  const std::string text = output_of("LC_ALL=C readelf -d '" DEEPMINE_LIBRARY "'");
  const auto begin = text.find("soname: [");
  if (begin == std::string::npos) return "soname none\n";
  return "soname " + text.substr(begin + 9, text.find(']', begin) - begin - 9) + "\n";
}

std::string layout() {
  std::ostringstream text;
#define STRUCTURE(type) text << "struct " #type " " << sizeof(type) << "\n"
#define MEMBER(type, member) \
  text << "  " #type "." #member " " << offsetof(type, member) << " " << sizeof(type::member) << "\n"
#include "tests/library/abi_members.inc"
#undef MEMBER
#undef STRUCTURE
  return text.str();
}

}  // namespace

TEST_CASE("exported names, soname and structures are those of the list") {
  std::ifstream file(DEEPMINE_ABI_LIST);
  REQUIRE(file);
  std::ostringstream expected;
  expected << file.rdbuf();
  const std::string found = soname() + exported_names() + layout();
  if (found != expected.str()) {
    std::istringstream of_list(expected.str()), of_library(found);
    std::string expected_line, found_line;
    while (expected_line == found_line) {
      if (!std::getline(of_list, expected_line)) expected_line = "(the end)";
      if (!std::getline(of_library, found_line)) found_line = "(the end)";
    }
    FAIL(
        "expected '" << expected_line << "', found '" << found_line
                     << "'. Additions: raise the second part of deepmine_abi in library/meson.build and add "
                        "them to the list. Changes break old programs: raise the first part. Found in full:\n"
                     << found);
  }
}

TEST_CASE("members that never move, on any system of this word size") {
  CHECK(offsetof(dm_error, size) == 0);
  CHECK(offsetof(dm_case, size) == 0);
  CHECK(offsetof(dm_answer, size) == 0);
  CHECK(sizeof(dm_status) == 4);
}
