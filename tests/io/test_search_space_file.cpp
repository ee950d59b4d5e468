#include <doctest/doctest.h>

#include "engine/nn/error.h"
#include "io/search_space_file.h"
#include "tests/io/temporary_folder.h"

using namespace deepmine;
using Kind = train::SearchDimension::Kind;

namespace {

std::string refusal(const std::string& text) {
  try {
    io::parse_search_space(text, "space.json");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::usage);
    const std::string what = error.what();
    CHECK(what.starts_with("space.json: "));
    return what;
  }
  FAIL("no error for " << text);
  return {};
}

bool says(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a search space is read, in the order of the names") {
  const train::SearchSpace space = io::parse_search_space(
      R"({"learning_rate": {"log_uniform": [0.001, 0.1]}, "dense_dropout": {"uniform": [0, 0.5]},
          "batch_size": {"choice": [16, 32]}, "class_weights": {"choice": ["none", "balanced"]}})",
      "space.json");
  REQUIRE(space.size() == 4);
  CHECK(space[0].name == "batch_size");
  CHECK(space[0].choices == std::vector<train::SettingValue>{16.0, 32.0});
  CHECK(space[1].choices == std::vector<train::SettingValue>{std::string("none"), std::string("balanced")});
  CHECK(space[2].kind == Kind::uniform);
  CHECK(space[2].highest == 0.5);
  CHECK(space[3].kind == Kind::log_uniform);
  CHECK(space[3].lowest == 0.001);
  CHECK(io::parse_search_space(io::search_space_json(space), "again") == space);
}

TEST_CASE("a space that can't be used: what, where, all at once") {
  CHECK(says(refusal("{"), "line 1, column 2"));
  CHECK(says(refusal(R"({"a": {"choice": [1]}, "a": {"choice": [2]}})"), "the name 'a' stands twice"));
  CHECK(says(refusal("[]"), "the file: expected an object in braces with a setting a name, found []"));
  CHECK(says(refusal("{}"), "expected at least one setting"));
  CHECK(says(refusal(R"({"a": 3})"), "a: expected one of"));
  CHECK(says(refusal(R"({"a": {"normal": [0, 1]}})"),
             "a: expected one of choice, uniform, log_uniform, found 'normal'"));
  CHECK(says(refusal(R"({"a": {"choice": []}})"), "a.choice: expected a list of at least one value"));
  CHECK(
      says(refusal(R"({"a": {"choice": [1, null]}})"), "a.choice[1]: expected a number or a text in quotes"));
  CHECK(says(refusal(R"({"a": {"uniform": [1]}})"), "a.uniform: expected two numbers"));
  CHECK(says(refusal(R"({"a": {"uniform": [2, 1]}})"), "a.uniform: expected the lower number first"));
  CHECK(says(refusal(R"({"a": {"uniform": [1, 1]}})"), "a.uniform: expected the lower number first"));
  CHECK(says(refusal(R"({"a": {"uniform": [1, 1e999]}})"), "1e999"));
  CHECK(says(refusal(R"({"a": {"log_uniform": [0, 1]}})"), "a.log_uniform[0]: expected a number above 0"));
  CHECK(says(refusal(R"({"a": {"uniform": [0, 1], "choice": [2]}})"), "a: expected one of"));
  const std::string both = refusal(R"({"a": 3, "b": {"uniform": [2, 1]}})");
  CHECK(says(both, "\n  a: "));
  CHECK(says(both, "\n  b.uniform: "));
}

TEST_CASE("a space file that is not there is named") {
  const test::TemporaryFolder folder;
  try {
    io::read_search_space(folder / "none.json");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::usage);
    CHECK(says(error.what(), "none.json"));
  }
}
