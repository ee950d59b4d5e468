// docs/file_format.md describes the formats that the program writes. DEEPMINE_SOURCE_ROOT comes from the
// build.
#include <doctest/doctest.h>

#include <cstdlib>
#include <sstream>

#include "io/atomic_file.h"
#include "io/checkpoint_file.h"
#include "tests/io/field_list.h"
#include "tests/io/sample_model.h"
#include "tests/io/temporary_folder.h"

using namespace deepmine;
using namespace deepmine::test;

namespace {

/// The text between the line that starts with "```" after `heading`, and the next such line.
std::string code_block_after(const std::string& text, const std::string& heading) {
  const std::size_t at = text.find("\n" + heading + "\n");
  REQUIRE_MESSAGE(at != std::string::npos, heading);
  const std::size_t begin = text.find('\n', text.find("\n```", at) + 1) + 1;
  return text.substr(begin, text.find("```", begin) - begin);
}

/// A list with `identity.plan: as plan in the metadata` replaced by the fields of the plan in the metadata.
std::string expanded(const std::string& list, const std::string& text) {
  std::istringstream lines(list);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t as = line.find(": as ");
    const std::size_t in = line.find(" in the ");
    if (as == std::string::npos || in == std::string::npos) {
      result += line + "\n";
      continue;
    }
    const std::string path = line.substr(0, as), field = line.substr(as + 5, in - as - 5) + ".";
    std::istringstream others(code_block_after(text, "### Fields of the " + line.substr(in + 8)));
    for (std::string other; std::getline(others, other);)
      if (other.starts_with(field)) result += path + other.substr(field.size() - 1) + "\n";
  }
  return result;
}

}  // namespace

TEST_CASE("the documented fields are the stored ones") {
  const std::string text = io::read_file(DEEPMINE_SOURCE_ROOT "/docs/file_format.md", 1 << 20);
  // If one of these fails, a format changed: raise its schema version, keep reading the old one (unless no
  // release has written it yet), and copy the new list into the document.
  CHECK(code_block_after(text, "### Fields of the weights") == field_list<std::vector<io::NamedTensor>>(""));
  CHECK(code_block_after(text, "### Fields of the components") == field_list<io::Components>(""));
  CHECK(code_block_after(text, "### Fields of the metadata") == field_list<io::ModelMetadata>(""));
  CHECK(expanded(code_block_after(text, "### Fields of the checkpoint"), text) ==
        field_list<io::Checkpoint>(""));
}

TEST_CASE("the documented reader in Python reads the weights") {
  if (std::system("python3 -c '' 2>/dev/null") != 0) {
    MESSAGE("skipped: there is no python3");
    return;
  }
  const std::string text = io::read_file(DEEPMINE_SOURCE_ROOT "/docs/file_format.md", 1 << 20);
  TemporaryFolder folder;
  io::write_file_atomically(folder / "reader.py", code_block_after(text, "## A reader in Python"));
  io::write_file_atomically(folder / "weights", io::write_weights_file(sample_weights()));
  const auto run = [&] {
    const std::string at = folder.path().string();
    return std::system(
        ("python3 " + at + "/reader.py " + at + "/weights > " + at + "/out 2> /dev/null").c_str());
  };
  REQUIRE(run() == 0);
  CHECK(io::read_file(folder / "out", 1 << 20) ==
        "dense/kernel 2 3 0 1.0 -0.0\n"
        "dense/bias 2 1 3 1.401298464324817e-45 3.3999999521443642e+38\n");
  std::string damaged = io::write_weights_file(sample_weights());
  damaged[100] ^= 1;
  io::write_file_atomically(folder / "weights", damaged);
  CHECK(run() != 0);
}
