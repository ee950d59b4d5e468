// data_benchmark: how fast the files of a mine become batches for the network, stage by stage.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <nlohmann/json.hpp>

#include "apps/context.h"
#include "apps/terminal.h"
#include "benchmarks/command_line.h"
#include "benchmarks/data_stages.h"
#include "benchmarks/options.h"
#include "benchmarks/statistics.h"
#include "engine/nn/activations.h"

using namespace deepmine;
using namespace deepmine::benchmarks;

namespace {

constexpr const char* examples =
    "data_benchmark                                 # 10,000 stopes of 365 days: 3.65 million rows, 180 MB\n"
    "data_benchmark --stopes 1000 --rounds 9\n"
    "data_benchmark --stopes 1000 --json            # one line of JSON for each stage";

constexpr const char* description =
    "Times the way from the two CSV files to batches: reading, cutting into fields, parsing, checking, "
    "daily\n"
    "series, data report, windows, scaling. The files are simulated, in a temporary folder. Figures are\n"
    "processor time, the best of the rounds; MB are 10^6 bytes of the time-series file. First it checks "
    "that\n"
    "the readings came back with all their bits and that batches hold what they should; if not, it times\n"
    "nothing.\n"
    "Exit codes: 0 done, 1 failure or a wrong answer, 2 usage.";

struct DataOptions {
  std::size_t stopes = 10'000;
  int days = 365, rounds = 5, steps = 60, threads = default_threads();
  bool json = false;
};

/// -1: go on.
int read_data_options(int argument_count, const char* const* arguments, DataOptions& options) {
  CLI::App program;
  describe(program, "data_benchmark", description, examples);
  program
      .add_option("--stopes", options.stopes, "Stopes; there will be some more, for the ones that fail early")
      ->check(CLI::Range(10, 1'000'000))
      ->type_name("N")
      ->capture_default_str();
  program.add_option("--days", options.days, "Days of readings; the file has at least stopes × days rows")
      ->check(CLI::Range(100, 10'000))
      ->type_name("N")
      ->capture_default_str();
  program.add_option("--rounds", options.rounds, "How often each stage is timed")
      ->check(CLI::Range(1, 1000))
      ->type_name("N")
      ->capture_default_str();
  program.add_option("--steps", options.steps, "Training steps for the network's share of an epoch")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N")
      ->capture_default_str();
  program
      .add_option("--threads", options.threads, "Threads of a training step; the data is one thread's work")
      ->check(CLI::Range(1, 1024))
      ->type_name("N")
      ->default_str("all cores, at most " + std::to_string(nn::max_lanes));
  program.add_flag("--json", options.json, "Print one line of JSON for each stage");
  return parse(program, argument_count, arguments);
}

std::string rounded(double number) {
  return apps::with_thousands(static_cast<long long>(number + 0.5));
}

double megabytes(const DataFiles& files) {
  return 1e-6 * static_cast<double>(files.bytes());
}

std::string whole_text(const DataFiles& files, const WholeRun& whole) {
  return fmt::format(
      "data: {} stopes, {} rows, {} MB\n"
      "  answer      {} rows have the bits that were written; 3,200 samples are as they should be\n"
      "  whole       {:.2f} s of processor time ({:.2f} s on the wall) to read, check, report on, and cut "
      "into {} "
      "windows\n"
      "              {:.2f} s more ({:.2f} s) to gather an epoch of {} windows; {} MB at most\n",
      rounded(double(whole.stopes)), rounded(double(files.contents().rows)), rounded(megabytes(files)),
      rounded(double(files.contents().rows)), whole.cpu, whole.wall, rounded(double(whole.windows)),
      whole.gather_cpu, whole.gather_wall, rounded(double(whole.training_windows)),
      rounded(whole.peak_memory_mb));
}

std::string stage_text(const DataFiles& files, const Stage& stage) {
  const double best = stage.best(), spread = (quantile(stage.cpu, 0.75) - quantile(stage.cpu, 0.25)) / best;
  return fmt::format(
      "  {:<12}{:>7} MB/s{:>8.1f} ns a row{:>9.0f} ms, median {:.0f}, quartiles {:.0f} % apart: {}\n",
      stage.name, rounded(megabytes(files) / best), 1e9 * best / static_cast<double>(files.contents().rows),
      1e3 * best, 1e3 * median(stage.cpu), 100 * spread, stage.what);
}

std::string epoch_text(const EpochShare& share) {
  const double windows = double(share.steps) * share.batch;
  return fmt::format(
      "  epoch       {:.2f} % network: {:.2f} µs a window to gather, {:.0f} µs to train on {} threads ({} "
      "steps)\n",
      100 * share.network_share(), 1e6 * share.gather / windows, 1e6 * share.network / windows, share.threads,
      share.steps);
}

using Json = nlohmann::ordered_json;

Json line_head(const DataFiles& files, const DataOptions& options, const char* stage) {
  Json json;
  json["workload"] = "data";
  json["stage"] = stage;
  json["stopes"] = files.contents().stopes;
  json["days"] = options.days;
  json["rows"] = files.contents().rows;
  json["bytes"] = files.bytes();
  return json;
}

void print_json(const DataFiles& files, const DataOptions& options, const WholeRun& whole,
                const std::vector<Stage>& stages, const EpochShare& share) {
  Json json = line_head(files, options, "whole");
  json["cpu_s"] = whole.cpu;
  json["wall_s"] = whole.wall;
  json["gather_cpu_s"] = whole.gather_cpu;
  json["gather_wall_s"] = whole.gather_wall;
  json["peak_rss_mb"] = whole.peak_memory_mb;
  json["windows"] = whole.windows;
  json["training_windows"] = whole.training_windows;
  json["check"] = {{"passed", true}};
  std::string text = json.dump() + "\n";
  for (const Stage& stage : stages) {
    json = line_head(files, options, stage.name.c_str());
    json["cpu_s_best"] = stage.best();
    json["cpu_s_median"] = median(stage.cpu);
    json["spread"] = (quantile(stage.cpu, 0.75) - quantile(stage.cpu, 0.25)) / median(stage.cpu);
    json["mb_per_s_best"] = megabytes(files) / stage.best();
    json["mb_per_s"] = megabytes(files) / median(stage.cpu);
    json["rounds"] = stage.cpu.size();
    text += json.dump() + "\n";
  }
  json = line_head(files, options, "epoch");
  json["threads"] = share.threads;
  json["batch"] = share.batch;
  json["steps"] = share.steps;
  json["gather_us_per_window"] = 1e6 * share.gather / share.steps / share.batch;
  json["network_us_per_window"] = 1e6 * share.network / share.steps / share.batch;
  json["network_share"] = share.network_share();
  apps::print_result(text + json.dump() + "\n");
}

int run(const DataOptions& options) {
  const DataFiles files(options.stopes, options.days);
  const WholeRun whole = run_whole(files);  // throws where the answer is wrong
  if (!options.json) apps::print_result(whole_text(files, whole));
  const std::vector<Stage> stages = time_stages(files, options.rounds);
  if (!options.json)
    for (const Stage& stage : stages) apps::print_result(stage_text(files, stage));
  const EpochShare share = time_epoch(files, options.steps, options.threads);
  if (options.json)
    print_json(files, options, whole, stages, share);
  else
    apps::print_result(epoch_text(share));
  return 0;
}

}  // namespace

int main(int argument_count, char** arguments) {
  return run_main("data_benchmark", [&] {
    DataOptions options;
    const int end = read_data_options(argument_count, arguments, options);
    return end >= 0 ? end : run(options);
  });
}
