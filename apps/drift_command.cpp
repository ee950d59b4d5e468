#include "apps/drift_command.h"

#include <CLI/App.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/common_options.h"
#include "apps/drift_text.h"
#include "apps/prediction_run.h"
#include "apps/terminal.h"
#include "io/field_json.h"

namespace deepmine::apps {
namespace {

constexpr const char* examples =
    "deepmine drift --static data/static.csv --timeseries data/timeseries.csv --store models\n"
    "deepmine drift --json --static ... --timeseries ... | jq '.drift.drifted'\n"
    "deepmine drift --as-of 2024-03-01 --static ... --timeseries ...       # as it was then\n"
    "deepmine drift --exit-on-drift --static ... --timeseries ...          # for a monitor";

constexpr const char* description =
    "Compares the stopes of these files, each with the days that a prediction would see, with the stopes\n"
    "that the model in service learnt from: for each sensor, number and category the population stability\n"
    "index, what chance alone could make of it, and by how much the mean has moved. A feature has drifted\n"
    "if its index is above 0.25 and that can't be chance (docs/calibration.md). `predict` says the same in\n"
    "a line.\n"
    "Exit codes: 0; 2 usage; 3 the files can't be used; 4 no model, or a damaged one; 10 something has\n"
    "drifted (with --exit-on-drift).";

struct DriftOptions {
  PredictionOptions prediction;
  bool exit_on_drift = false;
};

int run_drift(const DriftOptions& options, const Context& context) {
  const PredictionRun run =
      run_prediction(options.prediction, check_prediction_options(options.prediction), nullptr, context);
  constexpr int unusable_model = 4, drifted = 10;
  const lifecycle::DriftReport& report = run.findings.drift;
  if (!run.from->model) return unusable_model;  // said when it was loaded
  if (context.json) {
    io::OrderedJson json;
    json["schema_version"] = 1;
    json["model"] = {{"id", run.report.model->id}, {"version", run.report.model->version}};
    json["drift"] = drift_json(report);
    print_result(io::json_text(json));
  } else {
    print_result(drift_table(report, stdout_has_colour()));
  }
  if (run.from->state != lifecycle::ServiceState::ready) return unusable_model;
  return options.exit_on_drift && !report.drifted().empty() ? drifted : 0;
}

}  // namespace

void add_drift_command(CLI::App& program, Context& context) {
  auto options = std::make_shared<DriftOptions>();
  CLI::App* verb = program.add_subcommand("drift", description);
  set_examples(*verb, examples);
  add_prediction_options(*verb, options->prediction);
  verb->add_flag("--exit-on-drift", options->exit_on_drift, "Exit code 10 if a feature has drifted");
  verb->callback(
      [options, &context] { context.run = [options, &context] { return run_drift(*options, context); }; });
}

}  // namespace deepmine::apps
