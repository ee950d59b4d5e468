#include "apps/prediction_run.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <set>

#include "apps/common_options.h"
#include "apps/printable_text.h"
#include "apps/result_table.h"
#include "engine/nn/error.h"
#include "io/stope_csv.h"

namespace deepmine::apps {
namespace {

io::StopeData read_data(const PredictionOptions& options, const Days& days,
                        const stope::SiteSettings& settings, const Context& context) {
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

/// Throws Error{usage} for one that the model does not answer for.
std::vector<int> explained_horizons(const PredictionOptions& options, const std::vector<int>& horizons) {
  std::vector<int> known = horizons;
  known.insert(known.begin(), 0);
  if (options.explain_every_horizon) return known;
  for (const int horizon : options.explained_horizons)
    if (std::find(known.begin(), known.end(), horizon) == known.end())
      throw Error(ErrorCode::usage, fmt::format("--horizon is {}, this model answers for {} days", horizon,
                                                fmt::join(horizons, ", ")));
  return options.explained_horizons;
}

std::vector<std::string> each_once(const std::vector<std::string>& names) {
  std::set<std::string> seen;
  std::vector<std::string> once;
  for (const std::string& name : names)
    if (seen.insert(name).second) once.push_back(name);
  return once;
}

}  // namespace

std::shared_ptr<const lifecycle::ServiceSnapshot> answering_model(lifecycle::Service& service,
                                                                  bool has_site_file) {
  auto from = service.current();
  using lifecycle::ServiceState;
  if (from->state == ServiceState::unavailable) throw Error(from->error, from->problem);
  if (from->state == ServiceState::degraded)
    print_warning("deepmine: DEGRADED: " + printable(from->degradation()));
  if (from->state == ServiceState::rules_only) {
    const std::string problem = from->problem.empty()
                                    ? lifecycle::no_model_text(service.store().root())
                                    : fmt::format("the model can't be used: {}", from->problem);
    // What a mine has set for itself went with the model that held it; nobody should have to find that out.
    const char* settings =
        from->problem.empty() || has_site_file
            ? ""
            : "\ndeepmine: thresholds, age limits and response plan that were stored with it can't be read "
              "either, and the product's are taken; give the mine's with --site";
    print_warning("deepmine: " + printable(problem) + settings +
                  "\ndeepmine: the rule set answers in its place: it can say unstable, but never stable");
  }
  return from;
}

Days check_prediction_options(const PredictionOptions& options) {
  if (options.threshold && !(*options.threshold > 0 && *options.threshold < 1))
    throw Error(ErrorCode::usage,
                fmt::format("--threshold is {}, expected a probability between 0 and 1, both excluded",
                            *options.threshold));
  if (options.coverage) {
    stope::SiteSettings settings;
    settings.assessment.risk_set_coverage = *options.coverage;
    if (!stope::problems(settings).empty())
      throw Error(
          ErrorCode::usage,
          fmt::format("--coverage is {}, expected whole hundredths from 0.50 to 0.99", *options.coverage));
  }
  return checked(options.days);
}

PredictionRun run_prediction(const PredictionOptions& options, const Days& days, lifecycle::AuditTrail* audit,
                             const Context& context) {
  PredictionRun run;
  lifecycle::Service service{lifecycle::ModelStore(options.store)};
  run.from = answering_model(service, !options.files.site.empty());
  run.horizons = stope::WindowPlan{}.horizons;
  if (const auto& model = run.from->model) {
    run.settings = model->components().settings;
    run.horizons = model->components().network.horizons;
    const io::ModelMetadata& metadata = model->metadata();
    run.report.training_stopes = metadata.split.training_stopes.size();
    run.report.validation_stopes = metadata.split.validation_stopes.size();
    run.report.test_stopes = metadata.split.test_stopes.size();
    const auto& heads = model->components().calibration.heads;
    run.report.calibrated = !heads.empty() && std::all_of(heads.begin(), heads.end(),
                                                          [](const auto& head) { return head.fitted; });
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
  if (options.coverage) run.settings.assessment.risk_set_coverage = *options.coverage;
  if (!options.files.site.empty() || options.coverage) request.settings = run.settings;
  request.draws = options.samples;
  request.draw_seed = options.sample_seed;
  request.attributions = options.attributions;
  request.explained_horizons = explained_horizons(options, run.horizons);
  request.threshold = options.threshold;
  request.timestamp = lifecycle::utc_timestamp();
  request.threads = options.threads;
  request.degraded = run.from->degradation();  // as the service says it: the audit log tells it, too
  if (audit != nullptr) audit->note_inputs(run.from->model.get(), data.stopes, data.issues, request);
  run.assessments =
      lifecycle::predict(*run.from, std::move(data.stopes), data.issues, std::move(request), &run.findings);
  return run;
}

void add_prediction_options(CLI::App& verb, PredictionOptions& options) {
  add_input_options(verb, options.files);
  add_store_option(verb, options.store);
  add_day_options(verb, options.days);
  add_threads_option(verb, options.threads);
}

}  // namespace deepmine::apps
