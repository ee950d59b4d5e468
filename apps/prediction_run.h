// What `predict`, `explain` and `drift` share: from options and files to answers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/assessment_text.h"
#include "apps/context.h"
#include "apps/day_options.h"
#include "apps/input_files.h"
#include "lifecycle/audit_trail.h"
#include "lifecycle/service.h"

namespace deepmine::apps {

struct PredictionOptions {
  std::vector<std::string> names;  ///< of stopes; none: all
  InputFiles files;
  std::string store;
  DayOptions days;
  std::optional<double> threshold, coverage;
  int samples = 0;
  std::uint64_t sample_seed = 0;
  bool attributions = false;
  std::vector<int> explained_horizons;  ///< 0: the present
  bool explain_every_horizon = false;   ///< the present and all that the model answers for
  int threads = 1;
};

/// Store, input files, `--as-of`, `--today`, `--threads`.
void add_prediction_options(CLI::App& verb, PredictionOptions& options);

/// The days, after all options were checked. Throws Error{usage}.
Days check_prediction_options(const PredictionOptions& options);

/// What was asked, what answers, and the answers.
struct PredictionRun {
  std::shared_ptr<const lifecycle::ServiceSnapshot> from;
  stope::SiteSettings settings;
  std::vector<int> horizons;
  std::vector<stope::Assessment> assessments;
  lifecycle::PredictionFindings findings;
  ReportContext report;
};

/// What answers. That it is not the model in service is said on stderr, and that a mine's settings went with
/// it. Throws what its state says if nothing may answer.
std::shared_ptr<const lifecycle::ServiceSnapshot> answering_model(lifecycle::Service& service,
                                                                  bool has_site_file);

/// Loads the model (says on stderr if it is not the one in service), reads the files, answers. `audit` may be
/// null.
PredictionRun run_prediction(const PredictionOptions& options, const Days& days, lifecycle::AuditTrail* audit,
                             const Context& context);

}  // namespace deepmine::apps
