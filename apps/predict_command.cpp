#include "apps/predict_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "apps/assessment_table.h"
#include "apps/assessment_text.h"
#include "apps/common_options.h"
#include "apps/day_options.h"
#include "apps/input_files.h"
#include "apps/predict_help.h"
#include "apps/predict_stream.h"
#include "apps/printable_text.h"
#include "apps/result_table.h"
#include "apps/terminal.h"
#include "engine/nn/error.h"
#include "io/assessment_csv.h"
#include "io/assessment_json.h"
#include "io/stope_csv.h"
#include "lifecycle/audit_trail.h"
#include "lifecycle/service.h"

namespace deepmine::apps {
namespace {

namespace fs = std::filesystem;

struct PredictOptions {
  std::vector<std::string> names;
  InputFiles files;
  std::string store, export_file, audit_file;
  DayOptions days;
  std::optional<double> threshold;
  bool detailed = false, exit_on_alert = false, stream = false;
  int threads = 1;
};

/// An export that would write over its own input, or over the record of all answers, is a slip of the hand
/// that costs the data.
void check_export(const PredictOptions& options) {
  for (const std::string& input : {options.files.statics, options.files.timeseries, options.audit_file}) {
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
      options.audit_file, std::map<std::string, std::string>{{"static", options.files.statics},
                                                             {"timeseries", options.files.timeseries},
                                                             {"store", options.store}});
}

Days check(const PredictOptions& options) {
  if (options.threshold && !(*options.threshold > 0 && *options.threshold < 1))
    throw Error(ErrorCode::usage,
                fmt::format("--threshold is {}, expected a probability between 0 and 1, both excluded",
                            *options.threshold));
  check_export(options);
  return checked(options.days);
}

/// What answers. That it is not the model in service is said here.
std::shared_ptr<const lifecycle::ServiceSnapshot> load_model(lifecycle::Service& service) {
  const std::string store = service.store().root().string();
  auto from = service.current();
  using lifecycle::ServiceState;
  if (from->state == ServiceState::unavailable) throw Error(from->error, from->problem);
  if (from->state == ServiceState::degraded)
    print_warning("deepmine: DEGRADED: " + printable(from->degradation()));
  if (from->state == ServiceState::rules_only) {
    const std::string problem =
        from->problem.empty()
            ? fmt::format("{}: there is no model; train one with `deepmine train --store {}`", store, store)
            : fmt::format("the model can't be used: {}", from->problem);
    print_warning("deepmine: " + printable(problem) +
                  "\ndeepmine: the rule set answers in its place: it can say unstable, but never stable");
  }
  return from;
}

io::StopeData read_data(const PredictOptions& options, const Days& days, const stope::SiteSettings& settings,
                        const Context& context) {
  io::StopeCsvOptions csv;
  csv.sort = options.files.sort;
  csv.sentinels = settings.data.sentinels;
  // Readings after an as-of day are not seen, wrong dates among them.
  if (!days.as_of) csv.now = days.today;
  io::StopeData data = io::read_stope_csv(options.files.statics, options.files.timeseries, csv);
  io::require_usable(data);
  for (const stope::Issue& issue : data.issues)
    if (issue.stope.empty()) print_message(context, "deepmine: " + printable(stope::describe(issue)));
  return data;
}

std::vector<std::string> each_once(const std::vector<std::string>& names) {
  std::set<std::string> seen;
  std::vector<std::string> once;
  for (const std::string& name : names)
    if (seen.insert(name).second) once.push_back(name);
  return once;
}

/// A prediction run: what was asked, what answers, and the answers.
struct Run {
  std::shared_ptr<const lifecycle::ServiceSnapshot> from;
  stope::SiteSettings settings;
  std::vector<int> horizons;
  std::vector<stope::Assessment> assessments;
  ReportContext report;
};

Run predict(const PredictOptions& options, const Days& days, lifecycle::AuditTrail* audit,
            const Context& context) {
  Run run;
  lifecycle::Service service{lifecycle::ModelStore(options.store)};
  run.from = load_model(service);
  run.horizons = stope::WindowPlan{}.horizons;
  if (const auto& model = run.from->model) {
    run.settings = model->components().settings;
    run.horizons = model->components().network.horizons;
    const io::ModelMetadata& metadata = model->metadata();
    run.report.training_stopes = metadata.split.training_stopes.size();
    run.report.validation_stopes = metadata.split.validation_stopes.size();
    run.report.test_stopes = metadata.split.test_stopes.size();
    run.report.lost_to_rules = horizons_lost_to_rules(metadata);
    run.report.model = {metadata.model_id, std::to_string(metadata.sequence), metadata.created_at};
  }
  run.settings = options.files.settings(run.settings);
  run.report.today = days.today;
  run.report.as_of = days.as_of;
  run.report.largest_age = run.settings.data.largest_age;
  run.report.threshold = options.threshold.value_or(run.settings.assessment.decision_threshold);
  io::StopeData data = read_data(options, days, run.settings, context);
  lifecycle::PredictionRequest request;
  request.names = each_once(options.names);
  request.as_of = days.as_of;
  request.today = days.today;
  if (!options.files.site.empty()) request.settings = run.settings;
  request.threshold = options.threshold;
  request.timestamp = lifecycle::utc_timestamp();
  request.threads = options.threads;
  request.degraded = run.from->degradation();  // as the service says it: the audit log tells it, too
  if (audit != nullptr) audit->note_inputs(run.from->model.get(), data.stopes, data.issues, request);
  run.assessments = lifecycle::predict(*run.from, std::move(data.stopes), data.issues, std::move(request));
  return run;
}

/// With --audit, no answer is shown that is not safely in the log, and a run without answers leaves a record.
Run predict_and_record(const PredictOptions& options, const Context& context) {
  const Days days = check(options);
  const std::unique_ptr<lifecycle::AuditTrail> audit = open_audit(options);
  if (!audit) return predict(options, days, nullptr, context);
  Run run;
  try {
    run = predict(options, days, audit.get(), context);
  } catch (const Error& error) {
    audit->record_failure(error.what());
    throw;
  }
  const lifecycle::AuditHead head = audit->record(run.assessments);
  print_message(context, fmt::format("deepmine: recorded in {}: record {}, head {}",
                                     printable(options.audit_file), head.records, head.check));
  return run;
}

std::string report_text(const Run& run, const std::vector<const stope::Assessment*>& ordered, bool detailed) {
  std::string text = heading(ordered, run.report) + "\n" +
                     assessment_table(ordered, run.horizons, stdout_has_colour()) + "\n";
  if (detailed) {
    for (const stope::Assessment* assessment : ordered) text += details_text(*assessment);
  } else {
    text += reasons_text(ordered);
  }
  return text + summary_line(ordered) + origin_text(run.report);
}

/// Whatever the form of the answer, these must not go unread.
void warn(const Run& run, const std::vector<const stope::Assessment*>& ordered, bool json) {
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

int exit_code_of(const Run& run, bool exit_on_alert) {
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
  const bool has_files = !options.files.statics.empty() || !options.files.timeseries.empty();
  if (!options.stream) {
    for (const auto& [option, value] :
         {std::pair{"--static", &options.files.statics}, {"--timeseries", &options.files.timeseries}})
      if (value->empty())
        throw Error(ErrorCode::usage,
                    fmt::format("{} is required (or --stream, for cases on stdin)", option));
    return;
  }
  for (const auto& [option, is_given] : {std::pair{"NAME", !options.names.empty()},
                                         {"--static and --timeseries", has_files},
                                         {"--sort", options.files.sort},
                                         {"--detailed", options.detailed},
                                         {"--export", !options.export_file.empty()},
                                         {"--audit", !options.audit_file.empty()}})
    if (is_given)
      throw Error(
          ErrorCode::usage,
          fmt::format("--stream reads cases from stdin and answers each on stdout: not with {}", option));
}

int run_stream(const PredictOptions& options) {
  check(options);
  StreamOptions stream;
  stream.days = options.days;
  stream.site_file = options.files.site;
  stream.threshold = options.threshold;
  stream.exit_on_alert = options.exit_on_alert;
  stream.threads = options.threads;
  lifecycle::Service service{lifecycle::ModelStore(options.store)};
  load_model(service);
  return predict_stream(service, stream);
}

int run_predict(const PredictOptions& options, const Context& context) {
  check_sources(options);
  if (options.stream) return run_stream(options);
  const Run run = predict_and_record(options, context);
  const std::vector<const stope::Assessment*> ordered = worst_first(run.assessments);
  // The answers first: an export that fails must not take them away.
  print_result(context.json ? io::predictions_json(run.report.model, run.assessments)
                            : report_text(run, ordered, options.detailed));
  warn(run, ordered, context.json);
  if (!options.export_file.empty()) {
    io::export_assessments(options.export_file, run.assessments, run.horizons);
    print_message(context, "deepmine: written to " + printable(options.export_file));
  }
  return exit_code_of(run, options.exit_on_alert);
}

void add_choices(CLI::App& verb, PredictOptions& options) {
  verb.add_option("--threshold", options.threshold,
                  "A stope is unstable from this probability on (default: the model's)")
      ->type_name("P");
  verb.add_flag("--detailed", options.detailed, "Everything that is known about each stope");
  verb.add_option("--export", options.export_file, "Write the answers to a CSV file as well")
      ->type_name("FILE");
  verb.add_option("--audit", options.audit_file,
                  "Add the answers, and all that they were made from, to an audit log first; no answer is "
                  "shown that could not be recorded (docs/audit.md)")
      ->type_name("FILE");
  add_day_options(verb, options.days);
  verb.add_flag("--stream", options.stream,
                "Answer cases from stdin, a line each, until it ends, in place of --static and --timeseries");
  verb.add_flag("--exit-on-alert", options.exit_on_alert, "Exit code 10 if an alert is recommended");
}

}  // namespace

void add_predict_command(CLI::App& program, Context& context) {
  auto options = std::make_shared<PredictOptions>();
  CLI::App* verb = program.add_subcommand("predict", predict_description);
  set_examples(*verb, predict_examples);
  verb->add_option("NAME", options->names, "Stopes to answer for, in this order; all of them without a name");
  add_input_options(*verb, options->files);
  for (const char* option : {"--static", "--timeseries"}) verb->get_option(option)->required(false);
  add_store_option(*verb, options->store);
  add_choices(*verb, *options);
  add_threads_option(*verb, options->threads);
  verb->callback(
      [options, &context] { context.run = [options, &context] { return run_predict(*options, context); }; });
}

}  // namespace deepmine::apps
