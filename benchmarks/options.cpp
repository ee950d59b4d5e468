#include "benchmarks/options.h"

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <thread>

#include "benchmarks/command_line.h"
#include "engine/nn/activations.h"

namespace deepmine::benchmarks {

namespace {

std::string joined(const std::vector<int>& numbers) {
  std::string text;
  for (const int number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
  return text;
}

}  // namespace

int default_threads() {
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, nn::max_lanes);
}

int read_options(int argument_count, const char* const* arguments, const ProgramText& text,
                 Options& options) {
  constexpr int most_threads = 1024, largest_batch = 65536, most_steps = 100000000, most_features = 4096,
                most_days = 4096, most_units = 4096;
  CLI::App program;
  describe(program, text.name, text.description, text.examples);
  const auto add_numbers = [&](const char* name, std::vector<int>& numbers, const std::string& help,
                               const CLI::Validator& range, const std::string& usual) {
    program.add_option(name, numbers, help)
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(range)
        ->type_name("N[,N...]")
        ->default_str(usual);
  };
  add_numbers("--threads", options.threads, "Threads; several numbers: one after the other",
              CLI::Range(1, most_threads), "all cores, at most " + std::to_string(nn::max_lanes));
  add_numbers("--batch", options.batches, text.batch_help, CLI::Range(text.least_batch, largest_batch),
              joined(options.batches));
  add_numbers("--days", options.days, "Days of a sample", CLI::Range(1, most_days), joined(options.days));
  add_numbers("--hidden", options.hidden_units,
              "Units of the first two LSTMs; all other layers in proportion", CLI::Range(16, most_units),
              joined(options.hidden_units));
  program.add_option("--steps", options.steps, "Timed steps of each workload")
      ->check(CLI::Range(1, most_steps))
      ->type_name("N")
      ->default_str("about five seconds");
  program.add_option("--static-features", options.static_features, "Static inputs of the network")
      ->check(CLI::Range(1, most_features))
      ->type_name("N")
      ->default_str(std::to_string(options.static_features));
  program.add_flag("--json", options.json, "Print one line of JSON for each workload");
  if (text.can_profile)
    program.add_flag("--profile", options.profile, "Show where a step's time goes, by layer, instead");
  program.add_flag(
      "--on-request", options.on_request,
      "Measure whenever a line with a number of steps arrives on standard input, to its end; one "
      "workload");
  return parse(program, argument_count, arguments);
}

}  // namespace deepmine::benchmarks
