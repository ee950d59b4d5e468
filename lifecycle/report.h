// What a report about a model and a mine's stopes shows, as values: the model's record, how it was trained,
// how good it is on stopes that it has not seen, and every stope's state and recent past.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/stope/assessment.h"
#include "engine/train/epoch_record.h"
#include "io/data_quality.h"
#include "io/evaluation_report.h"
#include "lifecycle/drift.h"
#include "lifecycle/judgement.h"
#include "lifecycle/loaded_model.h"
#include "lifecycle/skill_figures.h"

namespace deepmine::lifecycle {

/// A stope's last days, up to its last reading or the as-of day. All vectors have one entry a day; NaN
/// (levels: stope::masked) where there is nothing.
struct StopePast {
  stope::Day first_day = 0;
  std::vector<double> instability;      ///< the network's probability, asked as on that day
  std::vector<std::int8_t> next_level;  ///< the level that it expected at the shortest horizon
  std::array<std::vector<double>, stope::sensor_count> sensors;  ///< daily means, as read
};

struct ReportStope {
  std::string name;
  std::string part;            ///< training, validation, test: in the model's training; empty: in none
  std::optional<bool> stable;  ///< the label of the static file
  stope::Assessment assessment;
  StopePast past;
};

struct Report {
  std::string created_at, program_version;
  io::ModelMetadata metadata;
  stope::NetworkSpecification network;
  stope::SiteSettings settings;  ///< in effect
  std::vector<train::EpochRecord> epochs;

  /// The rest is there only where data was given.
  bool has_data = false;
  std::optional<stope::Day> today;  ///< of the request
  io::DataReport data;
  DriftReport drift;  ///< of the stopes of the data against those of the training
  std::optional<io::EvaluationReport> evaluation;  ///< with permutation importance, where it can be had
  std::string why_no_evaluation;
  std::vector<HeadFigures> figures;  ///< of the windows that were judged
  std::vector<ReportStope> stopes;   ///< in the order of the files
};

struct ReportRequest {
  std::optional<io::StopeData> data;            ///< nothing: a report about the model alone
  std::optional<stope::SiteSettings> settings;  ///< instead of the model's
  std::optional<stope::Day> as_of;              ///< of the stopes' answers; the evaluation sees all days
  std::optional<stope::Day> today;
  std::string created_at;  ///< UTC
  int past_days = 60;
  Bootstrap bootstrap;
  int threads = 1;
};

/// `training_log`: the text of the version's training_log.csv, as training_log.h writes it; a line that is
/// not is Error{model_damaged}.
Report make_report(const LoadedModel& model, const std::string& training_log, ReportRequest request);

}  // namespace deepmine::lifecycle
