// Every flag of `train` has an effect: on the plan in the metadata and on what comes out of the training.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/train/training_plan.h"
#include "tests/apps/sample.h"

using namespace deepmine;
using namespace deepmine::test;
using nlohmann::json;

namespace {

struct Outcome {
  json metadata;
  std::string log;  ///< without the columns of time
  bool operator==(const Outcome& other) const { return log == other.log; }
};

/// The log without its columns seconds and samples_per_second: losses, learning rates and accuracies to nine
/// digits, which differ if the weights do.
std::string without_times(const std::string& log) {
  std::string text;
  for (const std::string& line : lines_of(log)) {
    const std::size_t best = line.rfind(','), rate = line.rfind(',', best - 1),
                      seconds = line.rfind(',', rate - 1);
    text += line.substr(0, seconds) + line.substr(best) + "\n";
  }
  return text;
}

using Flags = std::vector<std::string>;

Outcome train_with(Flags flags) {
  const TemporaryFolder folder;
  flags.insert(flags.end(), {"--json", "--quiet"});
  // What a flag of the plan does is plain to see from the first step on where a network begins from nothing.
  if (std::find(flags.begin(), flags.end(), "--network") == flags.end())
    flags.insert(flags.end(), {"--network", "full"});
  ProgramOptions options;
  options.environment["DEEPMINE_THREADS"] = "1";  // so little work is done sooner by one
  const ProgramResult result = run_program(train_arguments(folder / "m", flags), options);
  CAPTURE(result.err);
  REQUIRE(result.exit_code == 0);
  const std::filesystem::path version = folder.path() / "m" / "versions" / "00000000000000000001";
  return {json::parse(result.out), without_times(read_text(version / "training_log.csv"))};
}

const Flags few{"--epochs", "2", "--batch-size", "16"};

Flags few_and(const Flags& more) {
  Flags flags = few;
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

const Outcome& plain() {
  static const Outcome outcome = train_with(few);
  return outcome;
}

std::string field_of(std::string flag) {
  flag.erase(0, 2);
  for (char& c : flag)
    if (c == '-') c = '_';
  return flag;
}

}  // namespace

TEST_CASE("the same flags give the same training, whatever the number of threads") {
  CHECK(train_with(few_and({"--threads", "2"})) == plain());
  CHECK(train_with(few_and({"--threads", "1"})) == plain());
}

TEST_CASE("the compact network is the default, the full one can be asked for by name") {
  const TemporaryFolder folder;
  const ProgramResult result = run_program(train_arguments(folder / "m", few_and({"--json", "--quiet"})));
  REQUIRE(result.exit_code == 0);
  const auto parameters = [](const json& metadata) { return metadata["total_parameters"].get<int>(); };
  const int by_default = parameters(json::parse(result.out));
  CHECK(by_default == parameters(train_with(few_and({"--network", "compact"})).metadata));
  CHECK(parameters(plain().metadata) == 419468);
  CHECK(by_default < 5000);
}

TEST_CASE("every flag of the plan changes the plan and the training") {
  // What happens between epochs shows in the third one, if nothing counts as an improvement.
  const auto three_epochs = [](const Flags& more) {
    Flags flags{"--batch-size", "16", "--epochs", "3"};
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  };
  const Flags plateau = three_epochs({"--plateau-patience", "1", "--plateau-improvement", "1000"});
  struct Change {
    std::string flag;
    std::string value;
    Flags before, after;
  };
  const auto simple = [](const char* flag, const char* value) {
    return Change{flag, value, few, few_and({flag, value})};
  };
  const std::vector<Change> changes{
      {"--epochs", "1", few, {"--epochs", "1", "--batch-size", "16"}},
      {"--batch-size", "8", few, {"--epochs", "2", "--batch-size", "8"}},
      simple("--learning-rate", "0.002"),
      simple("--beta1", "0.5"),
      simple("--beta2", "0.9"),
      simple("--adam-epsilon", "0.01"),
      simple("--clip-norm", "0.01"),
      simple("--l2", "0.01"),
      simple("--class-weights", "balanced"),
      simple("--seed", "77"),
      {"--patience", "1", three_epochs({"--minimum-improvement", "1000", "--patience", "2"}),
       three_epochs({"--minimum-improvement", "1000", "--patience", "1"})},
      {"--minimum-improvement", "1000", three_epochs({"--patience", "1"}),
       three_epochs({"--patience", "1", "--minimum-improvement", "1000"})},
      {"--plateau-factor", "0.1", plateau,
       three_epochs({"--plateau-patience", "1", "--plateau-improvement", "1000", "--plateau-factor", "0.1"})},
      {"--plateau-patience", "2", plateau,
       three_epochs({"--plateau-patience", "2", "--plateau-improvement", "1000"})},
      {"--plateau-improvement", "1000", three_epochs({"--plateau-patience", "1"}), plateau},
      {"--lowest-learning-rate", "0.0009", plateau,
       three_epochs(
           {"--plateau-patience", "1", "--plateau-improvement", "1000", "--lowest-learning-rate", "0.0009"})},
  };
  std::vector<std::pair<Flags, Outcome>> known{{few, plain()}};
  const auto outcome_of = [&known](const Flags& flags) -> const Outcome& {
    for (const auto& [of, outcome] : known)
      if (of == flags) return outcome;
    return known.emplace_back(flags, train_with(flags)).second;
  };
  for (const Change& change : changes) {
    CAPTURE(change.flag);
    const Outcome before = outcome_of(change.before), after = outcome_of(change.after);
    CHECK(after.log != before.log);
    const json value = after.metadata["plan"][field_of(change.flag)];
    CHECK(
        (value.is_string() ? value.get<std::string>() == change.value : value == json::parse(change.value)));
  }
  // No field of the plan was left out.
  train::TrainingPlan plan;
  train::TrainingPlan::visit_fields(plan, [&changes](const std::string& field, const auto&) {
    CAPTURE(field);
    CHECK(std::any_of(changes.begin(), changes.end(),
                      [&field](const Change& change) { return field_of(change.flag) == field; }));
  });
}

TEST_CASE("the split and the network can be chosen") {
  const Outcome forward = train_with(few_and({"--split", "forward"}));
  CHECK(forward.metadata["split"]["method"] == "forward");
  CHECK(forward.log != plain().log);
  const Outcome fewer = train_with(few_and({"--validation-split", "0.3", "--test-split", "0.1"}));
  CHECK(fewer.metadata["split"]["validation_fraction"] == 0.3);
  CHECK(fewer.metadata["split"]["test_fraction"] == 0.1);
  CHECK(fewer.metadata["split"]["validation_stopes"].size() > fewer.metadata["split"]["test_stopes"].size());
  CHECK(train_with(few_and({"--cross-attention", "pooled"})).log != plain().log);
}

TEST_CASE("windows at random: a warning that --quiet does not silence, and a remark beside the figures") {
  const TemporaryFolder folder;
  const ProgramResult result =
      run_program(train_arguments(folder / "m", few_and({"--split", "random", "--epochs", "1"})));
  CHECK(result.exit_code == 2);  // a flag given twice
  const ProgramResult random =
      run_program(train_arguments(folder / "m", {"--split", "random", "--epochs", "1", "--quiet"}));
  REQUIRE(random.exit_code == 0);
  CHECK(contains(random.err, "warning: --split random"));
  CHECK(contains(random.out, "too\ngood"));
}
