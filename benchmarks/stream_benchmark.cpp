// stream_benchmark: how many cases a second `deepmine predict --stream` answers, by the clock on the wall.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "apps/context.h"
#include "apps/terminal.h"
#include "benchmarks/clocks.h"
#include "benchmarks/command_line.h"
#include "benchmarks/statistics.h"
#include "benchmarks/stream_cases.h"
#include "benchmarks/stream_client.h"

using namespace deepmine;
using namespace deepmine::benchmarks;

namespace {

constexpr const char* examples =
    "stream_benchmark                                # 1 and 2 threads; one line in flight, and sixteen\n"
    "stream_benchmark --threads 2 --in-flight 8 --days 90\n"
    "stream_benchmark --network full --json          # one line of JSON for each combination";

constexpr const char* description =
    "Times `deepmine predict --stream`, from line to answer: the program is started, and this one sends it\n"
    "cases of a simulated mine, with so many of them in flight. One in flight is a client that waits for "
    "each\n"
    "answer. A round is every case once; figures are by the clock on the wall, medians of the rounds. First "
    "it\n"
    "checks every answer against the service, byte for byte; if one is wrong, it times nothing.\n"
    "Exit codes: 0 done, 1 failure or a wrong answer, 2 usage.";

struct StreamOptions {
  std::string program = DEEPMINE_PROGRAM;
  std::vector<int> threads{1, 2};
  std::vector<std::size_t> in_flight{1, 16};
  std::size_t cases = 1000;
  int days = 35, rounds = 15;
  bool full_network = false, json = false;
};

/// -1: go on.
int read_stream_options(int argument_count, const char* const* arguments, StreamOptions& options) {
  CLI::App program;
  describe(program, "stream_benchmark", description, examples);
  program.add_option("--program", options.program, "The program to be timed")
      ->type_name("FILE")
      ->default_str("deepmine of this build");
  program.add_option("--threads", options.threads, "Its threads; several numbers: one after the other")
      ->check(CLI::Range(1, 1024))
      ->delimiter(',')
      ->type_name("N,...")
      ->default_str("1,2");
  program
      .add_option("--in-flight", options.in_flight, "Lines that may be unanswered; several numbers likewise")
      ->check(CLI::Range(1, 10'000))
      ->delimiter(',')
      ->type_name("N,...")
      ->default_str("1,16");
  program.add_option("--cases", options.cases, "Cases of a round")
      ->check(CLI::Range(1, 100'000))
      ->type_name("N")
      ->capture_default_str();
  program.add_option("--days", options.days, "Days of readings of a case")
      ->check(CLI::Range(30, 365))
      ->type_name("N")
      ->capture_default_str();
  program.add_option("--rounds", options.rounds, "Rounds")
      ->check(CLI::Range(1, 1000))
      ->type_name("N")
      ->capture_default_str();
  program
      .add_option_function<std::string>(
          "--network", [&options](const std::string& name) { options.full_network = name == "full"; },
          "The model's network, as of `deepmine train`")
      ->check(CLI::IsMember({"compact", "full"}))
      ->option_text("full|compact [compact]");
  program.add_flag("--json", options.json, "Print one line of JSON for each combination");
  return parse(program, argument_count, arguments);
}

/// Of one number of threads and of lines in flight.
struct Timing {
  int threads = 1;
  std::size_t in_flight = 1;
  std::vector<double> cases_per_second;  ///< of each round
  std::vector<double> latencies;         ///< seconds, of all lines
  double program_cpu = 0;                ///< seconds a case
  double cores = 0;                      ///< that the program had: its processor time over the wall's
};

Timing time_stream(const StreamCases& cases, const StreamOptions& options, int threads,
                   std::size_t in_flight) {
  StreamClient client({options.program, "predict", "--stream", "--store", cases.store().string(), "--threads",
                       std::to_string(threads)});
  client.ask(cases.lines(), in_flight,
             [&](std::size_t line, std::string_view answer) { cases.check(line, answer); });
  Timing timing;
  timing.threads = threads;
  timing.in_flight = in_flight;
  const double cpu_before = client.cpu_seconds();
  double wall = 0;
  for (int round = 0; round < options.rounds; ++round) {
    const auto begin = Clock::now();
    const std::vector<double> latencies =
        client.ask(cases.lines(), in_flight, [](std::size_t /*line*/, std::string_view /*answer*/) {});
    const double seconds = seconds_since(begin);
    wall += seconds;
    timing.cases_per_second.push_back(static_cast<double>(latencies.size()) / seconds);
    timing.latencies.insert(timing.latencies.end(), latencies.begin(), latencies.end());
  }
  const double cpu = client.cpu_seconds() - cpu_before;
  timing.program_cpu = cpu / static_cast<double>(timing.latencies.size());
  timing.cores = cpu / wall;
  return timing;
}

std::string rounded(double number) {
  return apps::with_thousands(std::llround(number));
}

void print_text(const Timing& timing) {
  apps::print_result(
      fmt::format("  threads {}, in flight {:>3}: {:>7} cases/s (quartiles {} to {}); a case {:.0f} µs (99 % "
                  "below {:.0f}), "
                  "{:.0f} µs of processor time; {:.2f} cores\n",
                  timing.threads, timing.in_flight, rounded(median(timing.cases_per_second)),
                  rounded(quantile(timing.cases_per_second, 0.25)),
                  rounded(quantile(timing.cases_per_second, 0.75)), 1e6 * median(timing.latencies),
                  1e6 * quantile(timing.latencies, 0.99), 1e6 * timing.program_cpu, timing.cores));
}

void print_json(const StreamCases& cases, const StreamOptions& options, const Timing& timing) {
  nlohmann::ordered_json json;
  json["workload"] = "stream";
  json["network"] = options.full_network ? "full" : "compact";
  json["threads"] = timing.threads;
  json["in_flight"] = timing.in_flight;
  json["days"] = options.days;
  json["cases"] = cases.lines().size();
  json["bytes_per_case"] = cases.bytes_a_line();
  json["rounds"] = timing.cases_per_second.size();
  json["cases_per_s"] = median(timing.cases_per_second);
  json["cases_per_s_quartiles"] = {quantile(timing.cases_per_second, 0.25),
                                   quantile(timing.cases_per_second, 0.75)};
  json["cases_per_s_best"] = quantile(timing.cases_per_second, 1);
  json["latency_us"] = 1e6 * median(timing.latencies);
  json["latency_us_p99"] = 1e6 * quantile(timing.latencies, 0.99);
  json["cpu_us_per_case"] = 1e6 * timing.program_cpu;
  json["cores"] = timing.cores;
  json["check"] = {{"passed", true}};
  apps::print_result(json.dump() + "\n");
}

int run(const StreamOptions& options) {
  const StreamCases cases(options.cases, options.days, options.full_network);
  if (!options.json)
    apps::print_result(fmt::format("stream: {} cases of {} days, {} bytes a line, {} network\n",
                                   rounded(static_cast<double>(cases.lines().size())), options.days,
                                   cases.bytes_a_line(), options.full_network ? "full" : "default"));
  for (const int threads : options.threads)
    for (const std::size_t in_flight : options.in_flight) {
      const Timing timing = time_stream(cases, options, threads, in_flight);
      if (options.json)
        print_json(cases, options, timing);
      else
        print_text(timing);
    }
  return 0;
}

}  // namespace

int main(int argument_count, char** arguments) {
  return run_main("stream_benchmark", [&] {
    StreamOptions options;
    const int end = read_stream_options(argument_count, arguments, options);
    return end >= 0 ? end : run(options);
  });
}
