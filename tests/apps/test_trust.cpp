// Doubt, reasons and drift as a user asks for them.
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/apps/small_mine.h"
#include "tests/texts.h"

using namespace deepmine::test;
using Json = nlohmann::ordered_json;

namespace {

/// A verb on a mine.
ProgramResult run(const SmallMine& mine, std::vector<std::string> words,
                  const std::filesystem::path& store = trained_store()) {
  const TemporaryFolder folder;
  std::ofstream(folder / "static.csv") << mine.statics.text();
  std::ofstream(folder / "timeseries.csv") << mine.readings.text();
  words.insert(words.end(), {"--static", folder / "static.csv", "--timeseries", folder / "timeseries.csv",
                             "--store", store.string(), "--threads", "1"});
  return run_program(words);
}

/// A store with the product's own network, trained for an epoch.
const std::filesystem::path& compact_store() {
  static const TemporaryFolder folder;
  static const std::filesystem::path store = [] {
    const ProgramResult trained = run(SmallMine(), {"train", "--epochs", "1"}, folder / "m");
    REQUIRE_MESSAGE(trained.exit_code == 0, trained.err);
    return folder / "m";
  }();
  return store;
}

/// A store whose model says that it was trained on so many stopes (of the same kind).
const std::filesystem::path& store_of_many_stopes() {
  static const TemporaryFolder folder;
  static const std::filesystem::path store = [] {
    publish_variant(folder / "m", [](auto& components) { components.distributions.groups = 60; });
    return folder / "m";
  }();
  return store;
}

}  // namespace

TEST_CASE("predict --samples tells doubt, the same each time; without it there is none") {
  const SmallMine mine;
  const std::string& stope = good_stopes().at(0);
  const Json plain = predict_json(mine, {stope}).of(stope);
  CHECK(plain["current_stability"]["uncertainty"].is_null());
  CHECK(!plain["future_predictions"][0]["risk_set"].empty());
  const Json drawn = predict_json(mine, {stope, "--samples", "40"}).of(stope);
  const Json& uncertainty = drawn["current_stability"]["uncertainty"];
  CHECK(uncertainty["samples"] == 40);
  CHECK(uncertainty["interval"][0].get<double>() <= uncertainty["interval"][1].get<double>());
  CHECK(uncertainty["mutual_information"].get<double>() >= 0);
  CHECK(drawn["future_predictions"][4]["uncertainty"]["samples"] == 40);
  CHECK(drawn["current_stability"]["instability_probability"] ==
        plain["current_stability"]["instability_probability"]);
  CHECK(predict_json(mine, {"--samples", "40", "--threads", "2"}).of(stope)["current_stability"] ==
        drawn["current_stability"]);
  CHECK(predict_json(mine, {stope, "--samples", "40", "--sample-seed", "1"}).of(stope)["current_stability"] !=
        drawn["current_stability"]);
  const ProgramResult text = run(mine, {"predict", stope, "--samples", "40", "--detailed"});
  CHECK(contains(text.out, "Doubt: of 40 draws"));
  CHECK(contains(text.out, "Can't be ruled out: "));
  CHECK(run(mine, {"predict", "--samples", "1"}).exit_code == 2);
  CHECK(run(mine, {"predict", "--coverage", "0.4"}).exit_code == 2);
  CHECK(run(mine, {"predict", "--coverage", "0.905"}).exit_code == 2);
}

TEST_CASE("a wider coverage never rules out more") {
  const SmallMine mine;
  std::size_t previous = 0;
  for (const char* coverage : {"0.5", "0.6", "0.9"}) {
    std::size_t levels = 0;
    const Predictions answers = predict_json(mine, {"--coverage", coverage});
    for (const Json& prediction : answers.predictions())
      for (const Json& future : prediction["future_predictions"]) levels += future["risk_set"].size();
    CHECK(levels >= previous);
    previous = levels;
  }
  CHECK(previous > 0);
}

TEST_CASE("explain shows what moved the answer: contributions that add up, days, raw units") {
  const SmallMine mine;
  const std::string& stope = good_stopes().at(0);
  const ProgramResult page = run(mine, {"explain", stope}, compact_store());
  CHECK(page.exit_code == 0);
  for (const char* part : {"Why: P(unstable) is ", "average stope of the training", "Day by day: attention",
                           "MPa", "deformation_rate", "The person in charge decides who enters."})
    CHECK_MESSAGE(contains(page.out, part), std::string(part));
  CHECK(!contains(page.out, "rule_prior"));  // the present does not begin from it
  const ProgramResult ahead = run(mine, {"explain", stope, "--horizon", "14"}, compact_store());
  for (const char* part :
       {"the expected level in 14 days is ", "rule_prior is what the rules expect in 14 days",
        "deformation_rate_slope", "mm/s"})
    CHECK_MESSAGE(contains(ahead.out, part), std::string(part));
  CHECK(run(mine, {"explain", stope, "--horizon", "15"}, compact_store()).exit_code == 2);
  CHECK(run(mine, {"explain"}, compact_store()).exit_code == 2);
  CHECK(run(mine, {"explain", "nobody"}, compact_store()).exit_code == 2);

  const ProgramResult result = run(mine, {"explain", stope, "--json"}, compact_store());
  const Json document = Json::parse(result.out);
  const Json& one = document["explanations"][0];
  CHECK(one["stope_name"] == stope);
  CHECK(one["attributions"] == one["network"]["heads"][0]["attributions"]);
  CHECK(one["network"]["attention"].size() == 30);
  REQUIRE(one["network"]["heads"].size() == 6);
  for (const Json& head : one["network"]["heads"]) {
    double sum = 0;
    for (const Json& input : head["attributions"]) sum += input["contribution"].get<double>();
    const double change = head["output"].get<double>() - head["baseline_output"].get<double>();
    CHECK(head["complete"] == true);
    CHECK(std::abs(sum - change) <= std::max(0.001, 0.01 * std::abs(change)));
    CHECK(head["days"].size() == 30);
    CHECK(head["rules"].is_null() == (head["head"] == "current"));
    double points = 0;
    if (head["rules"].is_object())
      for (const Json& share : head["rules"]["points"]) points += share["levels"].get<double>();
    if (head["rules"].is_object()) CHECK(points == doctest::Approx(head["rules"]["score"].get<double>()));
  }
}

TEST_CASE("a stope without an answer has nothing to explain but why, and says so") {
  SmallMine mine;
  const std::string stope = good_stopes().at(0);
  mine.property(stope, "rock_type") = "Obsidian";
  mine.property(stope, "rqd") = "1";
  const ProgramResult page = run(mine, {"explain", stope}, compact_store());
  CHECK(page.exit_code == 5);
  CHECK(contains(page.out, "nothing to explain"));
  CHECK(contains(page.out, "UNKNOWN: INSPECT"));
  CHECK(
      Json::parse(run(mine, {"explain", stope, "--json"}, compact_store()).out)["explanations"][0]["network"]
          .is_null());
}

TEST_CASE("drift: none of the mine that was learnt from, all of a sensor that was exchanged") {
  SmallMine mine;
  const ProgramResult same = run(mine, {"drift", "--exit-on-drift"}, store_of_many_stopes());
  CHECK(same.exit_code == 0);
  CHECK(contains(same.out, "0 of 23 features have drifted"));
  // `risk_level` is a word of the answers: the input of that name is shown under another, and stored as ever.
  CHECK(contains(same.out, "\nstatic risk index "));
  CHECK(contains(same.out, "static risk index: 0 to 1"));
  CHECK_FALSE(contains(same.out, "\nrisk_level "));
  CHECK(predict_json(mine, {}, store_of_many_stopes()).document()["drift"]["drifted"].empty());

  const std::size_t column = mine.readings.column("temperature");
  for (std::size_t row = 1; row < mine.readings.rows.size(); ++row) {
    std::string& cell = mine.readings.rows[row][column];
    if (!cell.empty()) cell = std::to_string(std::stod(cell) + 40);
  }
  const ProgramResult drifted = run(mine, {"drift", "--exit-on-drift", "--json"}, store_of_many_stopes());
  CHECK(drifted.exit_code == 10);
  CHECK(Json::parse(drifted.out)["drift"]["drifted"] == Json::array({"temperature"}));
  CHECK(contains(run(mine, {"drift"}, store_of_many_stopes()).out, "1 of 23 features have drifted"));
  CHECK(contains(run(mine, {"predict"}, store_of_many_stopes()).out, "DRIFT: these stopes are not like"));
  // Without a model there is nothing to compare with.
  const TemporaryFolder empty;
  CHECK(run(mine, {"drift"}, empty / "none").exit_code == 4);
}

TEST_CASE("evaluate tells the calibration, and which inputs matter") {
  const SmallMine mine;
  const ProgramResult text = run(mine, {"evaluate", "--importance", "--bootstrap", "0"});
  CHECK(text.exit_code == 0);
  CHECK(contains(text.out, "no intervals were asked for"));
  CHECK_FALSE(contains(text.out, "95 % interval"));
  for (const char* part : {"ECE before", "Risk set holds the level (target 0.90)", "Increase of the log-loss",
                           "deformation_rate", "not calibrated"})
    CHECK_MESSAGE(contains(text.out, part), std::string(part));
  const Json document =
      Json::parse(run(mine, {"evaluate", "--importance", "--bootstrap", "0", "--json"}).out);
  const Json& heads = document["calibration"]["heads"];
  CHECK(heads.size() == 6);
  CHECK(heads["current"]["fitted"] == false);
  CHECK(heads["current"]["temperature"] == 1.0);
  CHECK(std::abs(heads["current"]["ece_after"].get<double>() - document["current"]["ece"].get<double>()) <
        1e-9);
  CHECK(heads["future_7d"].contains("risk_set_coverage"));
  CHECK(document["importance"]["inputs"].size() == 15);
  CHECK(document["importance"]["inputs"]["rqd"]["future_14d"].contains("log_loss_increase"));
  CHECK(!Json::parse(run(mine, {"evaluate", "--bootstrap", "0", "--json"}).out).contains("importance"));
  CHECK(run(mine, {"evaluate", "--importance", "--cross-validate", "2"}).exit_code == 2);
}
