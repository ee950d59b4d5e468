// Only the kernels are compiled for instructions that not every CPU has, and they include no Eigen: an inline
// function of a header compiled twice with different flags is one function to the linker, which may keep the
// version that an older CPU cannot run.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/repository/rules.h"

using namespace deepmine::repository;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> command_problems(const fs::path& root, const std::string& file,
                                          const std::string& command) {
  const auto flags = instruction_set_flags(command);
  if (flags.empty()) return {};
  if (!file.starts_with("engine/nn/kernels/"))
    return {file + ": compiled with " + flags.front() + "; only engine/nn/kernels may be"};
  if (const std::string eigen = find_eigen(root, read_text(root / file)); !eigen.empty())
    return {file + ": compiled with " + flags.front() + " and includes " + eigen};
  return {};
}

}  // namespace

TEST_CASE("flags that choose instructions are recognised") {
  CHECK(instruction_set_flags("c++ -O3 -mavx2 -mfma -c x.cpp") ==
        std::vector<std::string>{"-mavx2", "-mfma"});
  CHECK(instruction_set_flags("c++ -march=native x.cpp") == std::vector<std::string>{"-march=native"});
  CHECK(instruction_set_flags("c++ -O3 -MD -MQ x.o -m64 -mtune=generic x.cpp").empty());
}

TEST_CASE("Eigen is found behind other includes") {
  const fs::path root = fs::temp_directory_path() / "deepmine_test_repository_eigen";
  fs::create_directories(root / "engine");
  std::ofstream(root / "engine/inner.h") << "#include \"engine/outer.h\"\n#include <Eigen/Core>\n";
  std::ofstream(root / "engine/outer.h") << "#include \"engine/inner.h\"\n";
  std::ofstream(root / "engine/clean.h") << "#include <vector>\n";
  CHECK(find_eigen(root, "#include \"engine/outer.h\"\n") ==
        "Eigen/Core (through engine/inner.h) (through engine/outer.h)");
  CHECK(find_eigen(root, "#include \"engine/clean.h\"\n").empty());

  std::ofstream(root / "plain.cpp") << "#include \"engine/outer.h\"\n";
  CHECK(command_problems(root, "plain.cpp", "c++ -O3 plain.cpp").empty());
  CHECK(command_problems(root, "plain.cpp", "c++ -mavx2 plain.cpp").size() == 1);
  fs::create_directories(root / "engine/nn/kernels");
  std::ofstream(root / "engine/nn/kernels/wide.cpp") << "#include \"engine/outer.h\"\n";
  CHECK(command_problems(root, "engine/nn/kernels/wide.cpp", "c++ -mavx2 wide.cpp").size() == 1);
  std::ofstream(root / "engine/nn/kernels/wide.cpp") << "#include \"engine/clean.h\"\n";
  CHECK(command_problems(root, "engine/nn/kernels/wide.cpp", "c++ -mavx2 wide.cpp").empty());
  fs::remove_all(root);
}

TEST_CASE("only kernels without Eigen are compiled with special flags") {
  const fs::path root = DEEPMINE_SOURCE_ROOT;
  const fs::path build = DEEPMINE_BUILD_ROOT;
  const auto commands = nlohmann::json::parse(read_text(build / "compile_commands.json"));
  REQUIRE(commands.size() > 5);
  std::vector<std::string> problems;
  for (const auto& entry : commands) {
    const fs::path directory = entry.at("directory").get<std::string>();
    const fs::path file = fs::weakly_canonical(directory / entry.at("file").get<std::string>());
    const std::string path = file.lexically_relative(fs::weakly_canonical(root)).generic_string();
    if (path.starts_with("../")) continue;
    const auto found = command_problems(root, path, entry.at("command").get<std::string>());
    problems.insert(problems.end(), found.begin(), found.end());
  }
  CHECK_MESSAGE(problems.empty(), join(problems));
}
