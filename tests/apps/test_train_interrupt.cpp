#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "tests/apps/sample.h"

using namespace deepmine;
using namespace deepmine::test;

TEST_CASE("a signal ends a training after its step: checkpoint saved, model in service as before, exit 130") {
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
    CHECK(contains(result.err, "the checkpoint is saved, the model in service is unchanged"));
    CHECK(contains(result.err, "\n  deepmine train --resume "));
    CHECK(read_text(store / "CURRENT") == current);

    if (signal == SIGTERM) continue;
    // The lock went with the process: the next training finds nothing in its way.
    CHECK(run_program(train_arguments(store, {"--epochs", "1", "--quiet"})).exit_code == 0);
    CHECK(read_text(store / "CURRENT") != current);
  }
}

TEST_CASE("a second signal of either kind ends the program at once, unless it comes with the first") {
  const TemporaryFolder folder;
  const std::string data = (folder / "data").string();
  REQUIRE(run_program({"simulate", "--stopes", "60", "--days", "90", "--out", data}).exit_code == 0);
  const auto start_a_long_step = [&] {
    return std::vector<std::string>{"train",
                                    "--static",
                                    data + "/static.csv",
                                    "--timeseries",
                                    data + "/timeseries.csv",
                                    "--store",
                                    (folder / "m").string(),
                                    "--network",
                                    "full",
                                    "--batch-size",
                                    "1500",
                                    "--threads",
                                    "1"};
  };
  for (const int second : {SIGINT, SIGTERM}) {
    RunningProgram training(start_a_long_step());
    REQUIRE(training.wait_for_stderr("checkpoint  "));
    training.send(SIGINT);
    ::usleep(350'000);
    REQUIRE(!training.has_ended());  // or the step was not long enough
    training.send(second);
    CHECK(training.finish().signal == second);
  }
  RunningProgram training(start_a_long_step());
  REQUIRE(training.wait_for_stderr("checkpoint  "));
  for (int i = 0; i < 5; ++i) {
    training.send(i % 2 == 0 ? SIGTERM : SIGINT);
    ::usleep(2'000);
  }
  CHECK(training.finish().exit_code == 130);
}

TEST_CASE("a signal before the training began ends the program at once, with a message") {
  for (const int signal : {SIGINT, SIGTERM}) {
    const TemporaryFolder folder;
    const std::filesystem::path pipe = folder / "static.csv";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    RunningProgram training({"train", "--static", pipe.string(), "--timeseries",
                             (small_mine() / "timeseries.csv").string(), "--store", (folder / "m").string()});
    const int writer = ::open(pipe.c_str(), O_WRONLY);  // waits until the program reads
    training.send(signal);
    const ProgramResult result = training.finish();
    ::close(writer);
    CHECK(result.exit_code == 130);
    CHECK(result.err == "deepmine: interrupted before the training began; nothing was changed\n");
    CHECK(!std::filesystem::exists(folder / "m"));
  }
}

TEST_CASE("a second training into the same store fails at once") {
  const TemporaryFolder folder;
  RunningProgram first(train_arguments(folder / "m", {"--epochs", "100000"}));
  REQUIRE(first.wait_for_stderr("epoch      1/100000"));
  const ProgramResult second = run_program(train_arguments(folder / "m", {"--epochs", "1"}));
  CHECK(second.exit_code == 1);
  CHECK(contains(second.err, "another training into this store is under way: process"));
  first.send(SIGINT);
  CHECK(first.finish().exit_code == 130);
}
