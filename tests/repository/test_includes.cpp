#include <doctest/doctest.h>

#include "tests/repository/rules.h"

using namespace deepmine::repository;

TEST_CASE("include lines are found however they are written") {
  const auto includes = read_includes(
      "#include <vector>\n"
      "// #include \"io/csv.h\"\n"
      "  #  include \"engine/nn/error.h\"  // why\n"
      "#define X 1\n"
      "#include\t<Eigen/Dense>");
  REQUIRE(includes.size() == 3);
  CHECK(includes[0].path == "vector");
  CHECK_FALSE(includes[0].quoted);
  CHECK(includes[1].path == "engine/nn/error.h");
  CHECK(includes[1].quoted);
  CHECK(includes[1].line == 3);
  CHECK(includes[2].path == "Eigen/Dense");
  CHECK(includes[2].line == 5);
}

TEST_CASE("the arrows between the layers") {
  const char* from_low_to_high[] = {"engine/nn", "engine/stope", "io", "lifecycle", "apps"};
  for (int user = 0; user < 5; ++user)
    for (int used = 0; used < 5; ++used) {
      CAPTURE(from_low_to_high[user]);
      CAPTURE(from_low_to_high[used]);
      CHECK(may_include(from_low_to_high[user], from_low_to_high[used]) == (used <= user));
    }
  CHECK(may_include("engine/train", "engine/nn"));
  CHECK(may_include("io", "engine/train"));
  CHECK_FALSE(may_include("engine/nn", "engine/train"));
  CHECK_FALSE(may_include("engine/train", "engine/stope"));
  CHECK_FALSE(may_include("engine/stope", "engine/train"));
  CHECK(may_include("library", "lifecycle"));
  CHECK_FALSE(may_include("library", "apps"));
  CHECK_FALSE(may_include("apps", "library"));
  CHECK_FALSE(may_include("lifecycle", "library"));
  CHECK(may_include("tests", "library"));
  CHECK(may_include("tests", "apps"));
  CHECK(may_include("benchmarks", "lifecycle"));
  CHECK_FALSE(may_include("apps", "tests"));
}

TEST_CASE("a wrong include is named with file and line") {
  const std::string upward = "#include <vector>\n#include \"lifecycle/service.h\"\n";
  CHECK(include_problems("io/csv.cpp", upward) ==
        std::vector<std::string>{"io/csv.cpp:2: io must not include lifecycle (lifecycle/service.h)"});
  CHECK(include_problems("apps/main.cpp", upward).empty());
  CHECK(include_problems("io/csv.cpp", "#include \"csv.h\"\n").size() == 1);
  CHECK(include_problems("io/csv.cpp", "#include \"../io/csv.h\"\n").size() == 1);
  CHECK(include_problems("io/csv.cpp", "#include <io/csv.h>\n").size() == 1);
  CHECK(include_problems("lifecycle/deepmine.hpp", "#include \"deepmine.h\"\n").empty());
}

TEST_CASE("every include of the repository follows the arrows") {
  const std::filesystem::path root = DEEPMINE_SOURCE_ROOT;
  const auto files = source_files(root);
  REQUIRE(files.size() > 10);
  std::vector<std::string> problems;
  for (const std::string& file : files) {
    const auto found = include_problems(file, read_text(root / file));
    problems.insert(problems.end(), found.begin(), found.end());
  }
  CHECK_MESSAGE(problems.empty(), join(problems));
}
