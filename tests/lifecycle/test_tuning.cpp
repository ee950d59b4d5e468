// The search: it finds what is better, it honours its space, and it goes on after a stop to the same results.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

#include "engine/nn/error.h"
#include "io/search_space_file.h"
#include "lifecycle/trials_file.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/tiny_training.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

constexpr const char* small_space =
    R"({"learning_rate": {"choice": [0.003, 1e-7]}, "units": {"choice": [3, 4]}})";

TuningRequest tiny_tuning(int trials = 5) {
  TuningRequest request;
  request.records = simulated_records(8, 40);
  request.data_sha256 = "abc";
  request.base = {short_plan(4), tiny_network()};
  request.base.plan.learning_rate = 1e-6;
  request.space = io::parse_search_space(small_space, "space");
  REQUIRE(prepare(request.space, request.base).empty());
  request.trials = trials;
  request.fewest_epochs = 1;
  request.folds = 2;
  return request;
}

std::vector<TrialResult> all_results(const TuningOutcome& outcome) {
  std::vector<TrialResult> results;
  for (const Trial& trial : outcome.trials)
    results.insert(results.end(), trial.results.begin(), trial.results.end());
  return results;
}

/// The whole search, once for all tests.
const TuningOutcome& searched() {
  static const TuningOutcome outcome = tune(tiny_tuning(), {});
  return outcome;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> problems_of(const char* text) {
  train::SearchSpace space = io::parse_search_space(text, "space");
  return prepare(space, {short_plan(4), tiny_network()});
}

template <class Action>
std::string error_of(ErrorCode code, const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.code() == code);
    return error.what();
  }
  FAIL("no error");
  return {};
}

}  // namespace

TEST_CASE("tuning: trials have the settings of the space, trial 1 those that were given") {
  const TuningRequest request = tiny_tuning(40);
  const std::vector<Trial> trials = draw_trials(request);
  REQUIRE(trials.size() == 40);
  CHECK(trials[0].settings.empty());
  CHECK(trials[0].parameters == request.base);
  std::set<double> rates;
  std::set<int> units;
  for (std::size_t t = 1; t < trials.size(); ++t) {
    const HyperParameters& parameters = trials[t].parameters;
    rates.insert(parameters.plan.learning_rate);
    for (const int size : {parameters.network.static_units, parameters.network.temporal_units,
                           parameters.network.branch_units, parameters.network.shared_units,
                           parameters.network.shared_output_units, parameters.network.head_units})
      units.insert(size);
    CHECK(parameters.plan.batch_size == request.base.plan.batch_size);
    CHECK(parameters.network.key_size == request.base.network.key_size);
    CHECK(trials[t].parameter_count == Network(parameters.network).layout().parameter_count());
  }
  CHECK(rates == std::set<double>{0.003, 1e-7});
  CHECK(units == std::set<int>{3, 4});
}

TEST_CASE("tuning: the best of each rung go on, the given settings always, and what learns wins") {
  const TuningOutcome& outcome = searched();
  REQUIRE(outcome.rungs.size() == 2);
  CHECK(outcome.rungs[0] == train::Rung{5, 1});
  CHECK(outcome.rungs[1] == train::Rung{2, 4});
  std::vector<double> losses;
  for (const Trial& trial : outcome.trials) {
    REQUIRE_FALSE(trial.results.empty());
    CHECK(trial.results[0].epochs == 1);
    CHECK(trial.results[0].fold_losses.size() == 2);
    CHECK(trial.results[0].loss == (trial.results[0].fold_losses[0] + trial.results[0].fold_losses[1]) / 2);
    losses.push_back(trial.results[0].loss);
  }
  const std::vector<std::size_t> best = train::best_trials(losses, 2);
  for (std::size_t t = 0; t < outcome.trials.size(); ++t) {
    const bool goes_on = t == 0 || std::find(best.begin(), best.end(), t) != best.end();
    CHECK(outcome.trials[t].results.size() == (goes_on ? 2 : 1));
  }
  REQUIRE(outcome.best > 1);
  const Trial& winner = outcome.trials[static_cast<std::size_t>(outcome.best - 1)];
  CHECK(winner.parameters.plan.learning_rate == 0.003);  // of the others nothing can be learnt
  CHECK(winner.results.back().loss < outcome.trials[0].results.back().loss);
  CHECK(winner.results.back().balanced_accuracy >= 0);
  CHECK(winner.results.back().level_accuracy > 0);
}

TEST_CASE("tuning: the same for any number of threads") {
  TuningRequest request = tiny_tuning();
  request.threads = 3;
  CHECK(all_results(tune(std::move(request), {})) == all_results(searched()));
}

TEST_CASE("tuning: stopped anywhere and gone on with, the same results") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "trials.jsonl";
  int sessions = 0, steps_allowed = 3;
  for (bool over = false; !over; ++sessions) {
    REQUIRE(sessions < 60);
    const TuningRequest request = tiny_tuning();
    TrialsFile file(path, request);
    int steps = 0, new_results = 0;
    TuningHooks hooks;
    hooks.result = [&](const Trial& trial, const TrialResult& result) {
      file.append(trial, result);
      ++new_results;
    };
    hooks.stop_requested = [&] { return ++steps > steps_allowed; };
    const TuningOutcome outcome = tune(request, file.known(), hooks);
    over = !outcome.interrupted;
    CHECK(outcome.interrupted == (outcome.best == 0));
    if (over) {
      CHECK(all_results(outcome) == all_results(searched()));
      CHECK(outcome.best == searched().best);
      CHECK(new_results < static_cast<int>(all_results(searched()).size()));  // something was known
    }
    steps_allowed += 25;
  }
  CHECK(sessions > 2);
  CHECK(TrialsFile(path, tiny_tuning()).known().size() == all_results(searched()).size());
}

TEST_CASE("trials file: a line that was not written to its end is cut off") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "trials.jsonl";
  const TuningRequest request = tiny_tuning();
  Trial trial = draw_trials(request)[1];
  const TrialResult first{.trial = 2,
                          .rung = 1,
                          .epochs = 3,
                          .loss = 0.1,
                          .balanced_accuracy = 0.75,
                          .level_accuracy = 1.0 / 3,
                          .fold_losses = {0.1, 0.2}};
  TrialResult failed = first;
  failed.trial = 3;
  failed.loss = INFINITY;
  failed.balanced_accuracy = NAN;
  failed.fold_losses = {INFINITY, 0.5};
  {
    TrialsFile file(path, request);
    file.append(trial, first);
    file.append(trial, failed);
  }
  const std::string whole = text_of(path);
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, length);
    const TrialsFile file(path, request);
    const auto lines = static_cast<std::size_t>(
        std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length), '\n'));
    REQUIRE(file.known().size() == (lines > 1 ? lines - 1 : 0));
    if (lines > 1) REQUIRE(file.known()[0] == first);
    REQUIRE(text_of(path).back() == '\n');
  }
  const TrialsFile file(path, request);
  CHECK(std::isinf(file.known()[1].loss));
  CHECK(std::isnan(file.known()[1].balanced_accuracy));
  CHECK(std::isinf(file.known()[1].fold_losses[0]));
}

TEST_CASE("trials file: another search, another writer, another kind of file") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "trials.jsonl";
  const TrialsFile held(path, tiny_tuning());
  CHECK(error_of(ErrorCode::failure, [&] {
          TrialsFile(path, tiny_tuning());
        }).find("another search writes") != std::string::npos);
  const std::filesystem::path other = folder / "other.jsonl";
  { const TrialsFile begun(other, tiny_tuning()); }
  const auto differs = [&](const char* what, const auto& change) {
    TuningRequest request = tiny_tuning();
    change(request);
    const std::string error = error_of(ErrorCode::usage, [&] { TrialsFile(other, request); });
    CHECK_MESSAGE(error.find(what) != std::string::npos, error);
  };
  differs("trials was 5, now 6", [](TuningRequest& r) { r.trials = 6; });
  differs("plan.learning_rate was", [](TuningRequest& r) { r.base.plan.learning_rate = 1; });
  differs("plan.seed was 5, now 6", [](TuningRequest& r) { r.base.plan.seed = 6; });
  differs("network.key_size was", [](TuningRequest& r) { r.base.network.key_size = 2; });
  differs("data_sha256 was", [](TuningRequest& r) { r.data_sha256 = "abd"; });
  differs("space.units.choice was [3.0,4.0], now [3.0,5.0]",
          [](TuningRequest& r) { r.space[1].choices[1] = 5.0; });
  differs("site_settings_sha256 was", [](TuningRequest& r) { r.settings.data.largest_age = 3; });
  std::ofstream(folder / "text.jsonl") << "hello\n";
  CHECK(error_of(ErrorCode::failure, [&] {
          TrialsFile(folder / "text.jsonl", tiny_tuning());
        }).find("text.jsonl:1") != std::string::npos);
  std::ofstream(other, std::ios::app) << "{\"trial\": 2}\n";
  CHECK(error_of(ErrorCode::failure, [&] { TrialsFile(other, tiny_tuning()); }).find("other.jsonl:2") !=
        std::string::npos);
}

TEST_CASE("hyper-parameters: what a space must not name or hold") {
  const auto complains = [](const char* space, const char* text) {
    const std::vector<std::string> problems = problems_of(space);
    REQUIRE(problems.size() == 1);
    CHECK_MESSAGE(problems[0].find(text) != std::string::npos, problems[0]);
  };
  complains(R"({"learning_rat": {"choice": [1]}})",
            "learning_rat: there is no such setting, expected one of batch_size");
  complains(R"({"seed": {"choice": [1]}})", "seed: there is no such setting");
  complains(R"({"epochs": {"choice": [1]}})", "epochs: there is no such setting");
  complains(R"({"days": {"choice": [20]}})", "days: there is no such setting");
  complains(R"({"rule_prior": {"choice": [1]}})", "rule_prior: there is no such setting");
  complains(R"({"batch_size": {"choice": [32, 1.5]}})", "batch_size: expected a whole number, found 1.5");
  complains(R"({"batch_size": {"uniform": [1.5, 32]}})", "batch_size: expected a whole number, found 1.5");
  complains(R"({"batch_size": {"choice": ["many"]}})", "batch_size: expected a whole number, found 'many'");
  complains(R"({"units": {"choice": [0]}})", "units: ");
  complains(R"({"dense_dropout": {"uniform": [0, 1]}})", "dense_dropout");
  complains(R"({"learning_rate": {"choice": [-1]}})", "learning_rate");
  complains(R"({"class_weights": {"choice": ["some"]}})",
            "class_weights: expected one of none, balanced, found 'some'");
  complains(R"({"cross_attention": {"choice": [1]}})",
            "cross_attention: expected one of pooled, days, found 1");
  CHECK(problems_of(R"({"batch_size": {"choice": [0]}, "l2": {"choice": [-1]}})").size() == 2);
  for (const std::string& name : hyper_parameter_names()) CHECK(name != "seed");
}

TEST_CASE("hyper-parameters: each is set, and units is all six sizes unless one is named itself") {
  HyperParameters parameters{short_plan(4), tiny_network()};
  CHECK(apply_settings({{"units", 5.0},
                        {"head_units", 7.0},
                        {"l2", 0.5},
                        {"class_weights", std::string("balanced")},
                        {"cross_attention", std::string("pooled")},
                        {"lstm_dropout", 0.25}},
                       parameters)
            .empty());
  CHECK(parameters.network.static_units == 5);
  CHECK(parameters.network.shared_output_units == 5);
  CHECK(parameters.network.head_units == 7);
  CHECK(parameters.network.key_size == tiny_network().key_size);
  CHECK(parameters.network.lstm_dropout == 0.25);
  CHECK(parameters.network.cross_attention == stope::CrossAttention::pooled);
  CHECK(parameters.plan.l2 == 0.5);
  CHECK(parameters.plan.class_weights == train::ClassWeights::balanced);
}

TEST_CASE("the default space can be used with the default network") {
  train::SearchSpace space = io::parse_search_space(default_search_space(), "default");
  CHECK(prepare(space, {{}, stope::compact_network()}).empty());
  CHECK(space.size() == 8);
}

TEST_CASE("tuning: requests that make no sense") {
  const auto refused = [](const char* text, const auto& change) {
    TuningRequest request = tiny_tuning();
    change(request);
    const std::string error = error_of(ErrorCode::usage, [&] { tune(std::move(request), {}); });
    CHECK_MESSAGE(error.find(text) != std::string::npos, error);
  };
  refused("--trials is 0", [](TuningRequest& r) { r.trials = 0; });
  refused("--keep-one-in is 1", [](TuningRequest& r) { r.factor = 1; });
  refused("--folds is 1", [](TuningRequest& r) { r.folds = 1; });
  refused("--fewest-epochs is 0", [](TuningRequest& r) { r.fewest_epochs = 0; });
  refused("batch_size", [](TuningRequest& r) { r.base.plan.batch_size = 0; });
  refused("key_size", [](TuningRequest& r) { r.base.network.key_size = 0; });
}
