#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/apps/sample.h"

using namespace deepmine;
using namespace deepmine::test;

namespace {

std::vector<std::string> evaluate_arguments(const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"evaluate",
                                     "--static",
                                     (small_mine() / "static.csv").string(),
                                     "--timeseries",
                                     (small_mine() / "timeseries.csv").string(),
                                     "--bootstrap",
                                     "50"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

/// A store with a model of one epoch; made once.
const std::filesystem::path& store() {
  static const TemporaryFolder folder;
  static const std::filesystem::path path = [] {
    const ProgramResult trained =
        run_program(train_arguments(folder / "models", {"--epochs", "1", "--quiet"}));
    REQUIRE(trained.exit_code == 0);
    return folder / "models";
  }();
  return path;
}

nlohmann::json evaluated(std::vector<std::string> more) {
  more.emplace_back("--json");
  const ProgramResult result = run_program(evaluate_arguments(more));
  CAPTURE(result.err);
  REQUIRE(result.exit_code == 0);
  return nlohmann::json::parse(result.out);
}

ProgramResult refused(const std::vector<std::string>& more) {
  ProgramResult result = run_program(evaluate_arguments(more));
  CHECK(result.out.empty());
  return result;
}

}  // namespace

TEST_CASE("evaluate judges the model in service beside the baselines, in words") {
  const ProgramResult result = run_program(evaluate_arguments({"--store", store().string()}));
  CAPTURE(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(contains(result.out, "version 1: "));
  CHECK(contains(result.out, "Network [95 % interval]"));
  CHECK(contains(result.out, "Majority  Logistic  Persistence  Rules  Prior"));
  CHECK(contains(result.out, "The network, head by head"));
  CHECK(contains(result.out, "in 1 day, accuracy: "));
  CHECK(contains(result.out, "The data is thin"));
  CHECK(contains(result.out, "not observed failures"));
  const ProgramResult detailed = run_program(evaluate_arguments({"--store", store().string(), "--detailed"}));
  CHECK(contains(detailed.out, "recall level 3"));
  CHECK_FALSE(contains(result.out, "recall level 3"));
}

TEST_CASE("evaluate --json agrees with the metadata of the training") {
  const auto json = evaluated({"--store", store().string()});
  const auto shown =
      nlohmann::json::parse(run_program({"models", "show", "--store", store().string(), "--json"}).out);
  for (const char* head : {"current", "future_1d"}) {
    REQUIRE(shown["metrics"]["test"][head].size() > 10);
    for (const auto& [metric, value] : shown["metrics"]["test"][head].items()) {
      CAPTURE(metric);
      CHECK(json[head][metric] == value);
    }
  }
  CHECK(json["baselines"]["rules"]["future_1d"]["accuracy"] ==
        shown["baselines"]["rules"]["test"]["future_1d"]["accuracy"]);
  CHECK(shown["baselines"].contains("logistic"));
  CHECK(shown["baselines"].contains("persistence"));
  CHECK(json["evaluation"]["model_id"] == shown["model_id"]);
  CHECK(json["evaluation"]["data_sha256"] == shown["data"]["sha256"]);
  CHECK(json["evaluation"]["stopes_seen_in_training"] == 0);
  CHECK(json["differences"]["rules"]["future_1d"]["accuracy"].contains("network_is"));
  CHECK(evaluated({"--store", store().string(), "--model-version", "1"}) == json);
  CHECK(evaluated({"--store", store().string(), "--threads", "1"}) == json);
}

TEST_CASE("stopes of the training are judged only where that is asked for, with a warning") {
  const ProgramResult result =
      run_program(evaluate_arguments({"--store", store().string(), "--include-training-stopes", "--json"}));
  REQUIRE(result.exit_code == 0);
  CHECK(contains(result.err, "warning: --include-training-stopes"));
  const auto json = nlohmann::json::parse(result.out);
  CHECK(json["evaluation"]["stopes_seen_in_training"] > 0);
  CHECK(json["evaluation"]["stopes"] > evaluated({"--store", store().string()})["evaluation"]["stopes"]);
}

TEST_CASE("evaluate --cross-validate trains by the plan's flags and touches no store") {
  const TemporaryFolder folder;
  const ProgramResult result =
      run_program(evaluate_arguments({"--cross-validate", "2", "--epochs", "1", "--seeds", "2", "--json",
                                      "--store", (folder / "s").string()}));
  CAPTURE(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(contains(result.err, "training 1/4  seed 0  fold 1/2  network  best epoch 1 of 1"));
  CHECK(contains(result.err, "training 4/4  seed 1  fold 2/2"));
  CHECK_FALSE(std::filesystem::exists(folder / "s"));
  const auto json = nlohmann::json::parse(result.out);
  CHECK(json["evaluation"]["folds"] == 2);
  CHECK(json["evaluation"]["seeds"] == nlohmann::json::array({0, 1}));
  CHECK(json["evaluation"]["stopes"].get<int>() >= 8);
  const auto faster = evaluated(
      {"--cross-validate", "2", "--epochs", "1", "--seeds", "2", "--learning-rate", "0.01", "--quiet"});
  CHECK(faster["current"] != json["current"]);
  const auto full =
      evaluated({"--cross-validate", "2", "--epochs", "1", "--seeds", "2", "--network", "full", "--quiet"});
  CHECK(full["current"] != json["current"]);
}

TEST_CASE("evaluate --split and --ablate") {
  const auto forward = evaluated({"--split", "forward", "--epochs", "1", "--ablate", "--test-split", "0.4"});
  CHECK(forward["evaluation"]["split"] == "forward");
  CHECK(forward["ablations"].contains("static_only"));
  CHECK(forward["ablations"].contains("temporal_only"));
  const ProgramResult random = run_program(evaluate_arguments({"--split", "random", "--epochs", "1"}));
  REQUIRE(random.exit_code == 0);
  CHECK(contains(random.err, "warning: --split random"));
  CHECK(contains(random.out, "too\ngood"));
}

TEST_CASE("failure dates make the early warning; dates of unknown stopes are refused") {
  const TemporaryFolder folder;
  const std::string line = lines_of(read_text(small_mine() / "static.csv")).at(1);
  const std::string name = line.substr(0, line.find(','));
  write_text(folder / "failures.csv", "stope_name,failure_date\n" + name + ",2024-02-03\n");
  const std::vector<std::string> arguments{"--store", store().string(), "--include-training-stopes",
                                           "--failures", (folder / "failures.csv").string()};
  const auto json = evaluated(arguments);
  CHECK(json["evaluation"]["warning_events"] == "failures");
  CHECK(json["early_warning"]["events"] == 1);
  write_text(folder / "failures.csv", "stope_name,failure_date\nElsewhere,2024-02-03\n");
  const ProgramResult unknown = refused(arguments);
  CHECK(unknown.exit_code == 3);
  CHECK(contains(unknown.err, "'Elsewhere' is not in"));
}

TEST_CASE("options that have no effect are refused, and so is a store without a model") {
  const TemporaryFolder folder;
  const ProgramResult plan = refused({"--store", store().string(), "--epochs", "3"});
  CHECK(plan.exit_code == 2);
  CHECK(contains(plan.err, "--epochs is about training"));
  CHECK(refused({"--cross-validate", "2", "--model-version", "1"}).exit_code == 2);
  CHECK(refused({"--cross-validate", "2", "--test-split", "0.1"}).exit_code == 2);
  CHECK(refused({"--cross-validate", "2", "--split", "forward"}).exit_code == 2);
  CHECK(refused({"--cross-validate", "1"}).exit_code == 2);
  const ProgramResult none = refused({"--store", (folder / "none").string()});
  CHECK(none.exit_code == 4);
  CHECK(contains(none.err, "there is no model"));
  CHECK(refused({"--store", store().string(), "--model-version", "9"}).exit_code == 4);
}
