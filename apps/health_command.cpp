#include "apps/health_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <cmath>
#include <memory>

#include "apps/common_options.h"
#include "apps/input_files.h"
#include "apps/printable_text.h"
#include "apps/terminal.h"
#include "engine/nn/error.h"
#include "io/data_quality.h"
#include "lifecycle/health_json.h"

namespace deepmine::apps {
namespace {

using lifecycle::HealthReport;
using lifecycle::HealthState;

constexpr const char* examples =
    "deepmine health --store models                  # a look\n"
    "deepmine health --store models --json           # for a monitor: \"state\" and the exit code\n"
    "deepmine health --static static.csv --timeseries timeseries.csv   # and can this data be trained on?";

constexpr const char* description =
    "Says whether the store can answer: which model answers and why that one, whether it still gives the\n"
    "answers of its test cases (they are replayed), how old it is, which data there is to train on (where "
    "it\n"
    "is named), the room on the disk, and what somebody should do. Changes nothing.\n"
    "Exit codes: 0 healthy: the model in service answers; 1 degraded: an older version answers in its "
    "place,\n"
    "or the data that was named can't be used; 4 unavailable: no model answers (`predict` then has the "
    "rules\n"
    "alone); 2 usage.";

struct HealthOptions {
  std::string store;
  InputFiles files;
  lifecycle::HealthLimits limits;
  double least_free_megabytes = 256;
};

/// What is wrong with the data is part of the answer.
lifecycle::DataHealth look_at_data(const HealthOptions& options, const stope::SiteSettings& settings) {
  lifecycle::DataHealth health;
  io::StopeCsvOptions csv;
  csv.sentinels = settings.data.sentinels;
  csv.sort = options.files.sort;
  try {
    const io::StopeData data = io::read_stope_csv(options.files.statics, options.files.timeseries, csv);
    io::require_usable(data);
    const io::DataReport report = io::make_data_report(data, settings.data);
    health.stopes = report.stopes;
    health.rejected = report.rejected.size();
    health.stable = report.labelled_stable;
    health.unstable = report.labelled_unstable;
    health.unlabelled = report.unlabelled;
    health.windows = report.windows[static_cast<std::size_t>(stope::WindowState::usable)];
    if (report.first_day) health.first_day = stope::format_day(*report.first_day);
    if (report.last_day) health.last_day = stope::format_day(*report.last_day);
  } catch (const Error& error) {
    health.problem = error.what();
  }
  return health;
}

std::optional<lifecycle::DataHealth> data_of(const HealthOptions& options) {
  const InputFiles& files = options.files;
  if (files.statics.empty() != files.timeseries.empty())
    throw Error(ErrorCode::usage, "give both --static and --timeseries, or neither");
  if (files.statics.empty()) return std::nullopt;
  return look_at_data(options, files.settings());
}

std::string origin_text(const HealthReport& report) {
  switch (report.origin) {
    case lifecycle::AnswerOrigin::model_in_service:
      return "the model in service";
    case lifecycle::AnswerOrigin::older_model:
      return "another version, in place of the model in service";
    case lifecycle::AnswerOrigin::rule_set:
      return "the rule set alone, flagged: it can say unstable, but never stable";
    case lifecycle::AnswerOrigin::nothing:
      return "nothing";
  }
  return "nothing";
}

std::string age_text(double days) {
  if (days < 0) return "after now";
  const long hours = std::lround(24 * days);
  return days < 2 ? fmt::format("{} hour{} ago", hours, hours == 1 ? "" : "s")
                  : fmt::format("{:.0f} days ago", days);
}

std::string data_text(const lifecycle::DataHealth& data) {
  if (!data.problem.empty()) return "can't be used";
  return fmt::format(
      "{} stopes ({} rejected), {} stable, {} unstable, {} without label; {} windows, {} to {}", data.stopes,
      data.rejected, data.stable, data.unstable, data.unlabelled, with_thousands(data.windows),
      data.first_day.empty() ? "-" : data.first_day, data.last_day.empty() ? "-" : data.last_day);
}

std::string state_text(HealthState state) {
  std::string text(name(state));
  for (char& c : text) c = static_cast<char>(c - 'a' + 'A');
  if (!stdout_has_colour()) return text;
  const char* colour = state == HealthState::healthy ? "32" : state == HealthState::degraded ? "33" : "31";
  return fmt::format("\x1b[1;{}m{}\x1b[0m", colour, text);
}

std::string report_text(const HealthReport& report) {
  constexpr std::string_view field = "{:<14}";
  std::string text = fmt::format(field, "State") + state_text(report.state) + "\n";
  const auto add = [&](std::string_view label, const std::string& value) {
    text += wrapped(fmt::format(field, label), printable(value));
  };
  if (!report.reason.empty()) add("Reason", report.reason);
  add("Answers from", origin_text(report));
  if (const auto& model = report.model) {
    add("Model", fmt::format("version {}, {}", model->version, model->id));
    add("Trained",
        fmt::format("{}{} on {} stopes", model->created_at,
                    model->age_days ? ", " + age_text(*model->age_days) + "," : "", model->training_stopes));
    add("Test cases", fmt::format("{} replayed: {}", model->test_cases, name(model->verified)));
  }
  add("Versions",
      fmt::format("{} in the store, {} of them rejected", report.versions, report.rejected_versions));
  if (!report.trainer.empty()) add("Training", "under way: " + report.trainer);
  if (report.data) add("Data", data_text(*report.data));
  if (report.disk)
    add("Disk", fmt::format("{:.1f} of {:.1f} GB free", static_cast<double>(report.disk->free_bytes) / 1e9,
                            static_cast<double>(report.disk->total_bytes) / 1e9));
  if (report.advice.empty()) add("To do", "nothing");
  bool is_first = true;
  for (const lifecycle::HealthAdvice& advice : report.advice) {
    add(is_first ? "To do" : "", advice.message);
    is_first = false;
  }
  return text;
}

int exit_code_of(HealthState state) {
  constexpr int degraded = 1, unavailable = 4;
  if (state == HealthState::healthy) return 0;
  return state == HealthState::degraded ? degraded : unavailable;
}

int run_health(const HealthOptions& options, const Context& context) {
  lifecycle::HealthLimits limits = options.limits;
  limits.least_free = static_cast<std::uint64_t>(options.least_free_megabytes * 1e6);
  lifecycle::Service service{lifecycle::ModelStore(options.store)};
  const HealthReport report = lifecycle::check_health(service, data_of(options), limits);
  print_result(context.json ? lifecycle::health_json(report, options.store) : report_text(report));
  return exit_code_of(report.state);
}

}  // namespace

void add_health_command(CLI::App& program, Context& context) {
  auto options = std::make_shared<HealthOptions>();
  CLI::App* verb = program.add_subcommand("health", description);
  set_examples(*verb, examples);
  add_store_option(*verb, options->store);
  add_input_options(*verb, options->files);
  for (CLI::Option* option : verb->get_options()) option->required(false);  // data is welcome, not needed
  verb->add_option("--max-age", options->limits.oldest_days,
                   "Age of a model in days from which a new training is recommended")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->type_name("DAYS");
  verb->add_option("--min-free", options->least_free_megabytes,
                   "Room on the disk in MB below which it is recommended to make some")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->type_name("MB");
  verb->callback(
      [options, &context] { context.run = [options, &context] { return run_health(*options, context); }; });
}

}  // namespace deepmine::apps
