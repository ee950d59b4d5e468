// tiny_trainer STORE THREADS [resume]: trains the tiny network into a store, with a checkpoint after each
// step. A process for tests to kill. Exit codes as the command line's.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/lifecycle/tiny_request.h"

using namespace deepmine;

int main(int argument_count, char** arguments) {
  if (argument_count < 3) return 2;
  lifecycle::TrainingRequest request = test::tiny_request(arguments[1], 4);
  request.plan.batch_size = 64;
  request.plan.learning_rate = 0.01;
  request.threads = std::atoi(arguments[2]);
  request.checkpoint_every = 0;
  if (argument_count > 3 && std::string_view(arguments[3]) == "resume") request.resume = "";
  lifecycle::TrainingRunHooks hooks;
  hooks.warning = [](const std::string& text) { std::fprintf(stderr, "warning: %s\n", text.c_str()); };
  try {
    lifecycle::run_training(std::move(request), hooks);
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return exit_code(error.code());
  }
}
