// `deepmine tune`, and the flags of the network's sizes that its file sets.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/apps/sample.h"

using namespace deepmine::test;

namespace {

constexpr const char* space_text =
    R"({"learning_rate": {"log_uniform": [0.001, 0.01]}, "units": {"choice": [2, 3]}, "batch_size": {"choice": [64]}})";

std::vector<std::string> tune_arguments(const std::filesystem::path& out,
                                        const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments{"tune",
                                     "--static",
                                     (small_mine() / "static.csv").string(),
                                     "--timeseries",
                                     (small_mine() / "timeseries.csv").string(),
                                     "--out",
                                     out.string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::vector<std::string> small_search(const std::filesystem::path& folder, std::vector<std::string> more = {},
                                      const std::string& trials = "3", const std::string& epochs = "2") {
  write_text(folder / "space.json", space_text);
  more.insert(more.end(), {"--space", (folder / "space.json").string(), "--trials", trials, "--epochs",
                           epochs, "--fewest-epochs", "1", "--folds", "2", "--seed", "4"});
  return tune_arguments(folder / "out", more);
}

}  // namespace

TEST_CASE("tune: a table, a record, and a file that train takes") {
  const TemporaryFolder folder;
  const ProgramResult result = run_program(small_search(folder.path()));
  CAPTURE(result.err);
  REQUIRE(result.exit_code == 0);
  for (const char* text :
       {"Trial", "Balanced accuracy", "as given", "learning_rate", "units", "best.toml", "flatters"})
    if (!(std::string(text) == "flatters" && contains(result.out, "No trial was better")))
      CHECK_MESSAGE(contains(result.out, text), text);
  CHECK(contains(result.err, "rung 1"));

  const auto json = nlohmann::json::parse(run_program(small_search(folder.path(), {"--json"})).out);
  REQUIRE(json["trials"].size() == 3);
  CHECK(json["rungs"][0]["trials"] == 3);
  const auto& best = json["trials"][json["best_trial"].get<std::size_t>() - 1];
  for (const auto& trial : json["trials"]) {
    CHECK(trial["results"][0]["loss"].is_number());
    CHECK(trial["results"].back()["loss"].get<double>() > 0);
  }

  const std::string best_file = (folder / "out" / "best.toml").string();
  const ProgramResult trained = run_program(
      train_arguments(folder / "models", {"--config", best_file, "--epochs", "1", "--seed", "4", "--json"}));
  CAPTURE(trained.err);
  REQUIRE(trained.exit_code == 0);
  const auto metadata = nlohmann::json::parse(trained.out);
  if (best["settings"].contains("learning_rate"))
    CHECK(metadata["plan"]["learning_rate"] == best["settings"]["learning_rate"]);
  CHECK(metadata["plan"]["epochs"] == 1);  // a flag stands above the file
  CHECK(metadata["total_parameters"] == best["parameters"]);
}

TEST_CASE("tune: killed and begun again, the same table; other options are refused") {
  const TemporaryFolder folder;
  const ProgramResult whole = run_program(small_search(folder.path(), {"--json"}));
  REQUIRE(whole.exit_code == 0);
  const std::filesystem::path record = folder / "out" / "trials.jsonl";
  const std::string text = read_text(record);
  // As after a kill: some lines, and half a one.
  const std::size_t third_line = text.find('\n', text.find('\n') + 1) + 1;
  write_text(record, text.substr(0, third_line + 20));
  const ProgramResult again = run_program(small_search(folder.path(), {"--json"}));
  CHECK(again.exit_code == 0);
  CHECK(contains(again.err, "1 results are known"));
  CHECK(again.out == whole.out);
  CHECK(read_text(record) == text);
  const ProgramResult other = run_program(small_search(folder.path(), {"--l2", "0.5"}));
  CHECK(other.exit_code == 2);
  CHECK(contains(other.err, "plan.l2 was 0.001, now 0.5"));
}

TEST_CASE("tune: interrupted, what was found is kept") {
  const TemporaryFolder folder;
  // The first of many trials ends soon, all of them would take minutes.
  RunningProgram program(small_search(folder.path(), {}, "500", "60"));
  REQUIRE(program.wait_for_stderr("rung 1"));
  program.send(SIGINT);
  const ProgramResult result = program.finish();
  CHECK(result.exit_code == 130);
  CHECK(contains(result.err, "the same command goes on from there"));
  CHECK(lines_of(read_text(folder / "out" / "trials.jsonl")).size() >= 2);
  CHECK_FALSE(std::filesystem::exists(folder / "out" / "best.toml"));
}

TEST_CASE("tune: a bad space is refused before any data is read") {
  const TemporaryFolder folder;
  write_text(folder / "bad.json", R"({"learning_rat": {"choice": [1]}, "units": {"choice": [1.5]}})");
  const ProgramResult result =
      run_program({"tune", "--static", "none.csv", "--timeseries", "none.csv", "--out",
                   (folder / "out").string(), "--space", (folder / "bad.json").string()});
  CHECK(result.exit_code == 2);
  CHECK(contains(result.err, "bad.json: the search space can't be used"));
  CHECK(contains(result.err, "learning_rat: there is no such setting"));
  CHECK(contains(result.err, "units: expected a whole number, found 1.5"));
  CHECK_FALSE(std::filesystem::exists(folder / "out"));
}

TEST_CASE("tune --print-space prints a space that it takes") {
  const ProgramResult result = run_program({"tune", "--print-space"});
  CHECK(result.exit_code == 0);
  CHECK(nlohmann::json::parse(result.out).contains("learning_rate"));
  CHECK(run_program({"tune"}).exit_code == 2);
}

TEST_CASE("every size of the network is a flag with an effect") {
  const auto parameters = [](const std::vector<std::string>& flags) {
    std::vector<std::string> arguments{"summary", "--json", "--network", "compact"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const ProgramResult result = run_program(arguments);
    CAPTURE(result.err);
    REQUIRE(result.exit_code == 0);
    return nlohmann::json::parse(result.out)["total_parameters"].get<int>();
  };
  const int base = parameters({});
  for (const char* flag :
       {"--static-units", "--temporal-units", "--branch-units", "--self-attention-heads",
        "--cross-attention-heads", "--key-size", "--shared-units", "--shared-output-units", "--head-units"}) {
    CAPTURE(flag);
    CHECK(parameters({flag, "9"}) > base);
  }
  CHECK(run_program({"summary", "--key-size", "0"}).exit_code == 2);
  CHECK(run_program({"summary", "--key-size", "3", "--store", "none"}).exit_code == 2);
}

TEST_CASE("every dropout rate of the network is a flag with an effect") {
  const TemporaryFolder folder;
  const auto trained = [&](const std::vector<std::string>& flags) {
    std::vector<std::string> arguments{"--epochs", "1", "--json", "--static-units", "3"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const ProgramResult result = run_program(train_arguments(folder / "models", arguments));
    CAPTURE(result.err);
    REQUIRE(result.exit_code == 0);
    return nlohmann::json::parse(result.out);
  };
  const auto base = trained({});
  for (const char* flag : {"--dense-dropout", "--branch-dropout", "--lstm-dropout", "--temporal-dropout",
                           "--attention-dropout"}) {
    CAPTURE(flag);
    const auto other = trained({flag, "0.9"});
    CHECK(other["total_parameters"] == base["total_parameters"]);
    CHECK(other["metrics"]["training"] != base["metrics"]["training"]);
  }
  CHECK(run_program(train_arguments(folder / "none", {"--dense-dropout", "1"})).exit_code == 2);
}
