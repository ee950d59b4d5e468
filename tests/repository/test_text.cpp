#include <doctest/doctest.h>

#include "tests/repository/rules.h"

using namespace deepmine::repository;

namespace {

using Rule = std::vector<std::string> (*)(const std::string& path, std::string_view text);

std::vector<std::string> problems_of_repository(Rule rule) {
  const std::filesystem::path root = DEEPMINE_SOURCE_ROOT;
  const auto files = tracked_files(root);
  REQUIRE(files.size() > 20);
  std::vector<std::string> problems;
  for (const std::string& file : files) {
    const std::string text = read_text(root / file);
    if (looks_binary(text)) continue;
    const auto found = rule(file, text);
    problems.insert(problems.end(), found.begin(), found.end());
  }
  return problems;
}

}  // namespace

TEST_CASE("words that put work off are found where they stand alone") {
  const std::string word = std::string("TO") + "DO";
  CHECK(word_problems("io/csv.cpp", "int x;\n// " + word + ": later\n") ==
        std::vector<std::string>{"io/csv.cpp:2: '" + word + "' must not stand in the repository"});
  CHECK(word_problems("README.md", "(" + word + ")").size() == 1);
  CHECK(word_problems("a", "AU" + word + "R and auto" + word + " and " + word + "_list").empty());
  CHECK(word_problems("a", "mktemp name.XXXXXX").empty());
}

TEST_CASE("flags that break the arithmetic are found, documents excepted") {
  const std::string flag = std::string("-ffast") + "-math";
  CHECK(flag_problems("meson.build", "args = ['" + flag + "']").size() == 1);
  CHECK(flag_problems("docs/determinism.md", "never " + flag).empty());
  CHECK(flag_problems("meson.build", "args = ['-O3', '-ffp-contract=off']").empty());
}

TEST_CASE("a file has one job, so it is short") {
  const std::string long_text(351, '\n');
  CHECK(length_problems("io/csv.cpp", long_text).size() == 1);
  CHECK(length_problems("io/csv.cpp", long_text.substr(1)).empty());
  CHECK(length_problems("tests/io/test_csv.cpp", long_text).empty());
  CHECK(length_problems("docs/architecture.md", long_text).empty());
}

TEST_CASE("the repository contains none of those words") {
  const auto problems = problems_of_repository(word_problems);
  CHECK_MESSAGE(problems.empty(), join(problems));
}

TEST_CASE("the repository uses none of those flags") {
  const auto problems = problems_of_repository(flag_problems);
  CHECK_MESSAGE(problems.empty(), join(problems));
}

TEST_CASE("no source file of the program is too long") {
  const auto problems = problems_of_repository(length_problems);
  CHECK_MESSAGE(problems.empty(), join(problems));
}
