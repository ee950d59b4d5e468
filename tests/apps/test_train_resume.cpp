// `train --resume` as a user meets it.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>

#include "engine/nn/kernels/select.h"
#include "engine/nn/random.h"
#include "tests/apps/sample.h"

using namespace deepmine;
using namespace deepmine::test;

namespace {

using Flags = std::vector<std::string>;

const Flags plan{"--epochs",          "4",      "--batch-size",    "16",       "--seed",  "5",
                 "--learning-rate",   "0.01",   "--class-weights", "balanced", "--split", "random",
                 "--cross-attention", "pooled", "--test-split",    "0.1"};

/// The weights of version 1, without the frame, which names the run.
std::string weights_of(const std::filesystem::path& store) {
  const std::string bytes =
      read_text(store / "versions" / "00000000000000000001" / "enhanced_dual_branch_model_weights");
  return bytes.substr(64, bytes.size() - 96);
}

/// The log without its columns of time.
std::string log_of(const std::filesystem::path& store) {
  std::string text;
  for (const std::string& line :
       lines_of(read_text(store / "versions" / "00000000000000000001" / "training_log.csv"))) {
    const std::size_t best = line.rfind(','), rate = line.rfind(',', best - 1);
    text += line.substr(0, line.rfind(',', rate - 1)) + line.substr(best) + "\n";
  }
  return text;
}

/// Starts the training and interrupts it after its first epoch.
std::string interrupted_run(const std::filesystem::path& store, Flags flags) {
  flags.insert(flags.end(), {"--epochs", "100000"});
  RunningProgram training(train_arguments(store, flags));
  REQUIRE(training.wait_for_stderr("epoch      1/100000"));
  training.send(SIGINT);
  const ProgramResult result = training.finish();
  REQUIRE(result.exit_code == 130);
  const std::string before = "train --resume ";
  return result.err.substr(result.err.find(before) + before.size(), 8);
}

}  // namespace

TEST_CASE("interrupted by signals at random moments and resumed with no other flags: the same bits") {
  const TemporaryFolder folder;
  const auto begin = std::chrono::steady_clock::now();
  Flags undisturbed = plan;
  undisturbed.insert(undisturbed.end(), {"--threads", "1"});
  REQUIRE(run_program(train_arguments(folder / "whole", undisturbed)).exit_code == 0);
  const auto microseconds = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin)
          .count());

  RandomStream random(static_cast<RandomKey>(begin.time_since_epoch().count()));
  const std::filesystem::path store = folder / "m";
  int interruptions = 0;
  for (bool begun = false, done = false; !done;) {
    RunningProgram training(train_arguments(store, begun ? Flags{"--resume"} : plan));
    if (interruptions < 5) {
      ::usleep(static_cast<useconds_t>(random.below(microseconds / 2)));
      training.send(interruptions % 2 == 0 ? SIGINT : SIGTERM);
    }
    const ProgramResult result = training.finish();
    CAPTURE(result.err);
    // Before main() has begun, a signal has its usual effect.
    REQUIRE((result.exit_code == 0 || result.exit_code == 130 || (result.signal != 0 && result.err.empty())));
    done = result.exit_code == 0;
    interruptions += !done;
    if (contains(result.err, "the checkpoint is saved")) begun = true;
  }
  MESSAGE(interruptions << " interruptions");
  CHECK(weights_of(store) == weights_of(folder / "whole"));
  CHECK(log_of(store) == log_of(folder / "whole"));
}

TEST_CASE("killed, it says where it goes on, and shows the plan that it was begun with") {
  const TemporaryFolder folder;
  const std::filesystem::path store = folder / "m";
  Flags flags = plan;
  flags.insert(flags.end(), {"--checkpoint-every", "0"});
  RunningProgram training(train_arguments(store, flags));
  REQUIRE(training.wait_for_stderr("epoch 2/4"));
  training.send(SIGKILL);
  REQUIRE(training.finish().signal == SIGKILL);
  const ProgramResult result = run_program(train_arguments(store, {"--resume", "--json"}));
  CAPTURE(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(contains(result.err, "warning: --split random"));
  CHECK(contains(result.err, "\nsplit       random, seed 5\n"));
  CHECK(contains(result.err, "batches of 16, at most 4 epochs"));
  CHECK(contains(result.err, "\nresumed     in epoch "));
  CHECK(!contains(result.err, "\nepoch 1/4"));
  const auto metadata = nlohmann::json::parse(result.out);
  CHECK(metadata["plan"]["class_weights"] == "balanced");
  CHECK(metadata["epochs_run"] == 4);
  const auto log = lines_of(log_of(store));
  CHECK(log.size() == 5);
  CHECK(std::filesystem::is_empty(store / "checkpoints"));
}

TEST_CASE("a run that is not the same is refused, naming what differs; one that is not there, too") {
  const TemporaryFolder folder;
  const std::filesystem::path store = folder / "m";
  const ProgramResult none = run_program(train_arguments(store, {"--resume"}));
  CHECK(none.exit_code == 4);
  CHECK(contains(none.err, "there is no checkpoint to resume from"));
  const std::string first = interrupted_run(store, {"--seed", "1"});

  const ProgramResult seed = run_program(train_arguments(store, {"--resume", "--seed", "2"}));
  CHECK(seed.exit_code == 2);
  CHECK(contains(seed.err, "\n  plan.seed: 1 when the run began, 2 now\n"));
  const ProgramResult network =
      run_program(train_arguments(store, {"--resume", "--cross-attention", "pooled"}));
  CHECK(network.exit_code == 2);
  CHECK(contains(network.err, "\n  network.cross_attention: days when the run began, pooled now\n"));
  if (nn::available_kernels().size() > 1) {
    ProgramOptions options;
    options.environment["DEEPMINE_KERNELS"] = "reference";
    const ProgramResult kernels = run_program(train_arguments(store, {"--resume"}), options);
    CHECK(kernels.exit_code == 2);
    CHECK(contains(kernels.err, "\n  kernel_path: "));
  }

  std::filesystem::copy(small_mine(), folder / "data");
  std::string series = read_text(folder / "data" / "timeseries.csv");
  series.replace(series.rfind('.') + 1, 1, series[series.rfind('.') + 1] == '1' ? "2" : "1");
  write_text(folder / "data" / "timeseries.csv", series);
  const ProgramResult data =
      run_program({"train", "--resume", "--static", (folder / "data" / "static.csv").string(), "--timeseries",
                   (folder / "data" / "timeseries.csv").string(), "--store", store.string()});
  CHECK(data.exit_code == 2);
  CHECK(contains(data.err, "\n  data.sha256: "));
  CHECK(contains(data.err, "\n  records_sha256: "));

  const std::string second = interrupted_run(store, {"--seed", "2"});
  const ProgramResult which = run_program(train_arguments(store, {"--resume"}));
  CHECK(which.exit_code == 2);
  CHECK(contains(which.err, "2 runs can be resumed: name one"));
  CHECK(contains(which.err, "\n  " + first));
  CHECK(contains(which.err, "\n  " + second));
  const ProgramResult chosen = run_program(train_arguments(store, {"--resume", second, "--seed", "3"}));
  CHECK(contains(chosen.err, "plan.seed: 2 when the run began, 3 now"));
}

TEST_CASE("without a validation part nothing is called validation loss") {
  const TemporaryFolder folder;
  const ProgramResult result =
      run_program(train_arguments(folder / "m", {"--epochs", "1", "--validation-split", "0"}));
  REQUIRE(result.exit_code == 0);
  CHECK(contains(result.err, "\nvalidation  none\n"));
  CHECK(contains(result.err, "the training loss decides when to stop"));
  CHECK(!contains(result.err, " val "));
  const std::string line =
      lines_of(read_text(folder.path() / "m" / "versions" / "00000000000000000001" / "training_log.csv"))
          .at(1);
  std::size_t comma = 0;
  for (int column = 0; column < 3; ++column) comma = line.find(',', comma) + 1;
  CHECK(line[comma] == ',');  // the validation loss is not known
}

TEST_CASE("the help of train names every exit code that it can end with") {
  const std::string help = run_program({"train", "--help"}).out;
  for (const char* code :
       {"0 done", "1 failure", "2 usage", "3 data invalid", "4 the store is damaged", "130 interrupted"})
    CHECK(contains(help, code));
  CHECK(contains(help, "--resume [RUN]"));
}
