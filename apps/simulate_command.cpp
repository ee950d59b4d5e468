#include "apps/simulate_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "apps/interrupt.h"
#include "apps/terminal.h"
#include "engine/nn/error.h"
#include "engine/stope/simulator.h"
#include "io/field_json.h"
#include "io/stope_csv_writer.h"

namespace deepmine::apps {
namespace {

namespace fs = std::filesystem;

constexpr const char* examples =
    "deepmine simulate --out data                                      # 50 stopes, 90 days\n"
    "deepmine simulate --stopes 500 --days 365 --seed 11 --out data    # another, larger mine\n"
    "deepmine simulate --stopes 50 --no-sensor-faults --out clean      # without gaps and stuck sensors";

constexpr const char* description =
    "Writes sample data of an imaginary mine.\n"
    "It makes DIR/static.csv, DIR/timeseries.csv, and DIR/failures.csv with the days on which its\n"
    "unstable stopes fail (the truth that the other two do not hold). Files of these names are replaced.\n"
    "The same seed gives the same bytes, and the first 50 of 100 stopes are the 50 of 50. It is no model of\n"
    "any real mine. At most 100 million readings (stopes times days). Ctrl-C leaves no files behind.";

struct SimulateOptions {
  stope::SimulationPlan plan;
  std::string first_day = "2024-01-01", folder;
  bool no_sensor_faults = false;
};

struct SimulationCounts {
  std::size_t readings = 0, unstable = 0;
};

fs::path create_folder(const std::string& name) {
  std::error_code problem;
  fs::create_directories(name, problem);
  if (problem) throw Error(ErrorCode::failure, name + ": the folder can't be created: " + problem.message());
  return name;
}

std::size_t reading_count(const stope::DailySeries& series) {
  std::size_t count = 0;
  for (const stope::DailyReading& reading : series.days)
    count += std::all_of(reading.begin(), reading.end(), stope::is_missing) ? 0 : 1;
  return count;
}

/// A stope at a time: the size of a simulation is bounded by the disk, not by memory.
SimulationCounts write_files(const stope::SimulationPlan& plan, const fs::path& folder,
                             ProgressLine& progress) {
  io::StaticCsvWriter statics(folder / "static.csv");
  io::TimeseriesCsvWriter timeseries(folder / "timeseries.csv");
  io::FailuresCsvWriter failures(folder / "failures.csv");
  SimulationCounts counts;
  InterruptFlag interrupt("deepmine: interrupted; nothing was written\n");
  interrupt.listen();
  for (std::size_t index = 0; index < plan.stopes; ++index) {
    if (interrupt.is_set())  // the writers take their files with them
      throw Error(ErrorCode::interrupted, "interrupted; nothing was written");
    const stope::SimulatedStope simulated = stope::simulate_stope(plan, index);
    statics.add(simulated.record);
    timeseries.add(simulated.record);
    counts.readings += reading_count(simulated.record.readings);
    if (simulated.record.statics.stable == false && simulated.failure_day) {
      failures.add(simulated.record.name, *simulated.failure_day);
      ++counts.unstable;
    }
    if (progress.is_due())
      progress.draw(fmt::format("simulating {} {}/{} stopes",
                                progress_bar(double(index + 1) / double(plan.stopes), 30), index + 1,
                                plan.stopes));
  }
  statics.commit();
  timeseries.commit();
  failures.commit();
  return counts;
}

std::string result_json(const SimulateOptions& options, const SimulationCounts& counts,
                        const fs::path& folder) {
  io::OrderedJson json;
  json["static"] = (folder / "static.csv").string();
  json["timeseries"] = (folder / "timeseries.csv").string();
  json["failures"] = (folder / "failures.csv").string();
  json["seed"] = options.plan.seed;
  json["stopes"] = options.plan.stopes;
  json["unstable_stopes"] = counts.unstable;
  json["days"] = options.plan.days;
  json["readings"] = counts.readings;
  return io::json_text(json);
}

std::string result_text(const SimulateOptions& options, const SimulationCounts& counts,
                        const fs::path& folder) {
  const auto path = [&](const char* name) { return (folder / name).string(); };
  return fmt::format(
      "{} stopes ({} unstable), {} readings of {} days, seed {}\n"
      "  {}\n  {}\n  {}\n"
      "Next: deepmine train --static {} --timeseries {}\n",
      with_thousands(options.plan.stopes), with_thousands(counts.unstable), with_thousands(counts.readings),
      options.plan.days, options.plan.seed, path("static.csv"), path("timeseries.csv"), path("failures.csv"),
      path("static.csv"), path("timeseries.csv"));
}

int run_simulate(SimulateOptions options, const Context& context) {
  const std::optional<stope::Day> first_day = stope::parse_day(options.first_day);
  if (!first_day)
    throw Error(ErrorCode::usage,
                "--first-day is '" + options.first_day + "', expected a day such as 2024-01-01");
  options.plan.first_day = *first_day;
  options.plan.sensor_faults = !options.no_sensor_faults;
  stope::check_plan(options.plan);
  const fs::path folder = create_folder(options.folder);
  ProgressLine progress(!context.quiet && stderr_is_terminal());
  const SimulationCounts counts = write_files(options.plan, folder, progress);
  progress.clear();
  print_result(context.json ? result_json(options, counts, folder) : result_text(options, counts, folder));
  return 0;
}

}  // namespace

void add_simulate_command(CLI::App& program, Context& context) {
  auto options = std::make_shared<SimulateOptions>();
  CLI::App* verb = program.add_subcommand("simulate", description);
  set_examples(*verb, examples);
  verb->add_option("--stopes", options->plan.stopes, "How many stopes")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->type_name("N");
  verb->add_option("--days", options->plan.days, "How many days of readings")
      ->capture_default_str()
      ->type_name("N");
  verb->add_option("--seed", options->plan.seed, "Another number, another mine")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->type_name("N");
  verb->add_option("--out", options->folder, "Folder for the files; created if need be")
      ->required()
      ->type_name("DIR");
  verb->add_option("--first-day", options->first_day, "Day of the first reading")
      ->capture_default_str()
      ->type_name("DATE");
  verb->add_option("--label-margin-days", options->plan.label_margin_days,
                   "A stope is labelled unstable if it fails in the period or so many days after it")
      ->capture_default_str()
      ->type_name("N");
  verb->add_flag("--no-sensor-faults", options->no_sensor_faults,
                 "No missing cells, missing days or stuck sensors");
  verb->callback(
      [options, &context] { context.run = [options, &context] { return run_simulate(*options, context); }; });
}

}  // namespace deepmine::apps
