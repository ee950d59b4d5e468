#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "io/components_file.h"
#include "io/metadata_file.h"
#include "io/model_file_names.h"
#include "io/weights_file.h"
#include "tests/apps/sample.h"

using namespace deepmine;
using namespace deepmine::test;
namespace names = deepmine::io::model_file_names;

namespace {

/// The folder that the message names: "… are in FOLDER, the model …".
std::filesystem::path checkpoint_of(const std::string& message) {
  const std::string before = " are in ";
  const std::size_t begin = message.find(before) + before.size();
  return message.substr(begin, message.find(',', begin) - begin);
}

}  // namespace

TEST_CASE(
    "a signal ends a training after its step: checkpoint readable, model in service as before, exit 130") {
  for (const int signal : {SIGINT, SIGTERM}) {
    const TemporaryFolder folder;
    const std::filesystem::path store = folder / "m";
    REQUIRE(run_program(train_arguments(store, {"--epochs", "1"})).exit_code == 0);
    const std::string current = read_text(store / "CURRENT");

    RunningProgram training(
        train_arguments(store, {"--epochs", "100000", "--patience", "100000", "--seed", "5"}));
    REQUIRE(training.wait_for_stderr("epoch      1/100000"));
    training.send(signal);
    const ProgramResult result = training.finish();
    CAPTURE(result.err);
    CHECK(result.exit_code == 130);
    CHECK(result.out.empty());
    CHECK(contains(result.err, "the model in service is unchanged"));
    CHECK(read_text(store / "CURRENT") == current);

    const std::filesystem::path checkpoint = checkpoint_of(result.err);
    const auto metadata = io::parse_metadata_file(read_text(checkpoint / names::best_metadata), "metadata");
    CHECK(metadata.plan.seed == 5);
    CHECK(metadata.best_epoch >= 1);
    const auto weights = io::parse_weights_file(read_text(checkpoint / names::best_weights), "weights");
    CHECK(weights.run_id == metadata.run_id);
    CHECK(io::parse_components_file(read_text(checkpoint / names::best_components), "components").run_id ==
          metadata.run_id);
    CHECK(lines_of(read_text(checkpoint / names::training_log)).size() >= 2);

    if (signal == SIGTERM) continue;
    // The lock went with the process: the next training finds nothing in its way.
    CHECK(run_program(train_arguments(store, {"--epochs", "1", "--quiet"})).exit_code == 0);
    CHECK(read_text(store / "CURRENT") != current);
  }
}

TEST_CASE("a second Ctrl-C ends the program at once") {
  const TemporaryFolder folder;
  RunningProgram training(train_arguments(folder / "m", {"--epochs", "100000"}));
  REQUIRE(training.wait_for_stderr("epoch      1/100000"));
  // Again and again: two signals that arrive together are one.
  while (!training.has_ended()) {
    training.send(SIGINT);
    ::usleep(500);
  }
  CHECK(training.finish().signal == SIGINT);
}

TEST_CASE("a second training into the same store fails at once") {
  const TemporaryFolder folder;
  RunningProgram first(train_arguments(folder / "m", {"--epochs", "100000"}));
  REQUIRE(first.wait_for_stderr("epoch      1/100000"));
  const ProgramResult second = run_program(train_arguments(folder / "m", {"--epochs", "1"}));
  CHECK(second.exit_code == 1);
  CHECK(contains(second.err, "is being written to"));
  first.send(SIGINT);
  CHECK(first.finish().exit_code == 130);
}
