#include "apps/predict_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/assessment_table.h"
#include "apps/assessment_text.h"
#include "apps/common_options.h"
#include "apps/drift_text.h"
#include "apps/predict_help.h"
#include "apps/predict_stream.h"
#include "apps/prediction_run.h"
#include "apps/printable_text.h"
#include "apps/response_text.h"
#include "apps/terminal.h"
#include "engine/nn/error.h"
#include "io/assessment_csv.h"
#include "io/assessment_json.h"

namespace deepmine::apps {
namespace {

namespace fs = std::filesystem;

struct PredictOptions {
  PredictionOptions prediction;
  std::string export_file, audit_file;
  bool detailed = false, exit_on_alert = false, stream = false;
};

/// An export that would write over its own input, or over the record of all answers, is a slip of the hand
/// that costs the data.
void check_export(const PredictOptions& options) {
  for (const std::string& input :
       {options.prediction.files.statics, options.prediction.files.timeseries, options.audit_file}) {
    std::error_code not_there;
    if (fs::equivalent(options.export_file, input, not_there))
      throw Error(ErrorCode::usage,
                  fmt::format("--export {} is {}; name another file", printable(options.export_file),
                              input == options.audit_file ? "the audit log" : "one of the input files"));
  }
}

/// Null without --audit.
std::unique_ptr<lifecycle::AuditTrail> open_audit(const PredictOptions& options) {
  if (options.audit_file.empty()) return nullptr;
  return std::make_unique<lifecycle::AuditTrail>(
      options.audit_file,
      std::map<std::string, std::string>{{"static", options.prediction.files.statics},
                                         {"timeseries", options.prediction.files.timeseries},
                                         {"store", options.prediction.store}});
}

/// With --audit, no answer is shown that is not safely in the log, and a run without answers leaves a record.
PredictionRun predict_and_record(const PredictOptions& options, const Context& context) {
  const Days days = check_prediction_options(options.prediction);
  check_export(options);
  const std::unique_ptr<lifecycle::AuditTrail> audit = open_audit(options);
  if (!audit) return run_prediction(options.prediction, days, nullptr, context);
  PredictionRun run;
  try {
    run = run_prediction(options.prediction, days, audit.get(), context);
  } catch (const Error& error) {
    audit->record_failure(error.what());
    throw;
  }
  const lifecycle::AuditHead head = audit->record(run.assessments);
  print_message(context, fmt::format("deepmine: recorded in {}: record {}, head {}",
                                     printable(options.audit_file), head.records, head.check));
  return run;
}

std::string report_text(const PredictionRun& run, const std::vector<const stope::Assessment*>& ordered,
                        bool detailed) {
  std::string text = heading(ordered, run.report) + "\n" +
                     assessment_table(ordered, run.horizons, stdout_has_colour(), run.report.threshold) +
                     "\n";
  if (detailed) {
    for (const stope::Assessment* assessment : ordered)
      text += details_text(*assessment, run.report.threshold);
  } else {
    text += reasons_text(ordered);
  }
  text += response_text(ordered);
  return text + summary_line(ordered) + drift_line(run.findings.drift) + origin_text(run.report);
}

/// Whatever the form of the answer, these must not go unread.
void warn(const PredictionRun& run, const std::vector<const stope::Assessment*>& ordered, bool json) {
  if (json)
    if (const std::string warning = age_warning(ordered, run.report); !warning.empty())
      print_warning("deepmine: " + warning);
  const bool from_the_future =
      std::any_of(ordered.begin(), ordered.end(), [](const stope::Assessment* assessment) {
        return std::any_of(
            assessment->reasons.begin(), assessment->reasons.end(),
            [](const stope::Reason& reason) { return reason.code == stope::reason_code::reading_after_now; });
      });
  if (from_the_future)
    print_warning(
        fmt::format("deepmine: there are readings after today, which is taken to be {} (this computer's "
                    "calendar and time zone): if the mine's day is another, give --today",
                    stope::format_day(run.report.today)));
}

int exit_code_of(const PredictionRun& run, bool exit_on_alert) {
  constexpr int unusable_model = 4, some_unanswered = 5, alert_present = 10;
  const auto any = [&](auto holds) {
    return std::any_of(run.assessments.begin(), run.assessments.end(), holds);
  };
  if (run.from->state != lifecycle::ServiceState::ready) return unusable_model;
  if (exit_on_alert && any([](const stope::Assessment& a) { return a.alert_recommended.value_or(false); }))
    return alert_present;
  const bool unanswered = any([](const stope::Assessment& a) {
    return a.status == stope::Status::abstain || a.status == stope::Status::rejected;
  });
  return unanswered ? some_unanswered : 0;
}

/// What a stream has no room for, and what the files are needed for.
void check_sources(const PredictOptions& options) {
  const PredictionOptions& asked = options.prediction;
  const bool has_files = !asked.files.statics.empty() || !asked.files.timeseries.empty();
  if (!options.stream) {
    for (const auto& [option, value] :
         {std::pair{"--static", &asked.files.statics}, {"--timeseries", &asked.files.timeseries}})
      if (value->empty())
        throw Error(ErrorCode::usage,
                    fmt::format("{} is required (or --stream, for cases on stdin)", option));
    return;
  }
  for (const auto& [option, is_given] : {std::pair{"NAME", !asked.names.empty()},
                                         {"--static and --timeseries", has_files},
                                         {"--sort", asked.files.sort},
                                         {"--detailed", options.detailed},
                                         {"--export", !options.export_file.empty()},
                                         {"--audit", !options.audit_file.empty()}})
    if (is_given)
      throw Error(
          ErrorCode::usage,
          fmt::format("--stream reads cases from stdin and answers each on stdout: not with {}", option));
}

int run_stream(const PredictOptions& options) {
  const PredictionOptions& asked = options.prediction;
  check_prediction_options(asked);
  StreamOptions stream;
  stream.days = asked.days;
  stream.site_file = asked.files.site;
  stream.threshold = asked.threshold;
  stream.coverage = asked.coverage;
  stream.samples = asked.samples;
  stream.sample_seed = asked.sample_seed;
  stream.attributions = asked.attributions;
  stream.exit_on_alert = options.exit_on_alert;
  stream.threads = asked.threads;
  lifecycle::Service service{lifecycle::ModelStore(asked.store)};
  answering_model(service, !asked.files.site.empty());
  return predict_stream(service, stream);
}

int run_predict(const PredictOptions& options, const Context& context) {
  check_sources(options);
  if (options.stream) return run_stream(options);
  const PredictionRun run = predict_and_record(options, context);
  const std::vector<const stope::Assessment*> ordered = worst_first(run.assessments);
  // The answers first: an export that fails must not take them away.
  if (context.json) {
    const nlohmann::ordered_json drift = drift_json(run.findings.drift);
    print_result(io::predictions_json(run.report.model, run.assessments, run.from->model ? &drift : nullptr));
  } else {
    print_result(report_text(run, ordered, options.detailed));
  }
  warn(run, ordered, context.json);
  if (!options.export_file.empty()) {
    io::export_assessments(options.export_file, run.assessments, run.horizons);
    print_message(context, "deepmine: written to " + printable(options.export_file));
  }
  return exit_code_of(run, options.exit_on_alert);
}

void add_choices(CLI::App& verb, PredictOptions& options) {
  verb.add_option("--threshold", options.prediction.threshold,
                  "A stope is unstable from this probability on (default: the model's)")
      ->type_name("P");
  verb.add_flag("--detailed", options.detailed, "Everything that is known about each stope");
  verb.add_option("--export", options.export_file, "Write the answers to a CSV file as well")
      ->type_name("FILE");
  verb.add_option("--audit", options.audit_file,
                  "Add the answers, and all that they were made from, to an audit log first; no answer is "
                  "shown that could not be recorded (docs/audit.md)")
      ->type_name("FILE");
  verb.add_flag("--stream", options.stream,
                "Answer cases from stdin, a line each, until it ends, in place of --static and --timeseries");
  verb.add_option("--coverage", options.prediction.coverage,
                  "How often the level that comes is to lie in risk_set: 0.50 to 0.99 (default: the model's)")
      ->type_name("P");
  verb.add_option("--samples", options.prediction.samples,
                  "Ask the network so many times with its dropout left on, and tell how far its answers lie "
                  "apart")
      ->check(CLI::Range(2, lifecycle::most_draws))
      ->type_name("N");
  verb.add_option("--sample-seed", options.prediction.sample_seed, "Seed of --samples")
      ->capture_default_str()
      ->type_name("SEED");
  verb.add_flag(
      "--attributions", options.prediction.attributions,
      "How much each input moved each answer (in --json and --export; `deepmine explain` shows it)");
  verb.add_flag("--exit-on-alert", options.exit_on_alert, "Exit code 10 if an alert is recommended");
}

}  // namespace

void add_predict_command(CLI::App& program, Context& context) {
  auto options = std::make_shared<PredictOptions>();
  CLI::App* verb = program.add_subcommand("predict", predict_description);
  set_examples(*verb, predict_examples);
  verb->add_option(
      "NAME", options->prediction.names,
      "Stopes to answer for; all of them without a name. The table has the worst first; --json and "
      "--export have them in this order. A name that is given twice is answered once");
  add_prediction_options(*verb, options->prediction);
  for (const char* option : {"--static", "--timeseries"}) verb->get_option(option)->required(false);
  add_choices(*verb, *options);
  verb->callback(
      [options, &context] { context.run = [options, &context] { return run_predict(*options, context); }; });
}

}  // namespace deepmine::apps
