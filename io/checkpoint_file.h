// Everything that a training needs to go on to the very bits that it would have reached without a stop, and
// the one file that it is kept in: a checkpoint is whole or it is not there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/nn/parameter_layout.h"
#include "engine/stope/feature_table.h"
#include "engine/stope/network_specification.h"
#include "engine/stope/thresholds.h"
#include "engine/train/epoch_record.h"
#include "engine/train/schedule.h"
#include "engine/train/training_plan.h"
#include "io/frame.h"
#include "io/metadata_file.h"

namespace deepmine::io {

inline constexpr std::uint32_t checkpoint_schema_version = 3;

/// What a training's bits follow from. A run may be continued only where all of it is the same.
struct RunIdentity {
  DataSummary data;  ///< the files
  std::string
      records_sha256;  ///< of what was read from them: rejected stopes and sentinels are out, days sorted
  SplitSummary split;
  train::TrainingPlan plan;
  stope::NetworkSpecification network;
  stope::FeatureTable feature_table;
  stope::SiteSettings settings;  ///< the rules that made the labels among them
  std::string kernel_path;       ///< nn::Kernels::name
  std::int32_t numerics_version = 0;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("data", self.data);
    visit("records_sha256", self.records_sha256);
    visit("split", self.split);
    visit("plan", self.plan);
    visit("network", self.network);
    visit("feature_table", self.feature_table);
    visit("settings", self.settings);
    visit("kernel_path", self.kernel_path);
    visit("numerics_version", self.numerics_version);
  }
};

/// How far a training has come. Random numbers have no state: they follow from the seed, `epoch` (order of
/// the windows) and `steps` (dropout).
struct TrainingProgress {
  int epoch = 1;  ///< the one that runs, from 1; the plan's number + 1: all are finished
  int step = 0;   ///< steps made in it
  double epoch_samples = 0, epoch_seconds = 0;    ///< in it so far
  double epoch_loss_sum = 0;                      ///< of the batches' losses × samples, in it so far
  std::vector<double> epoch_head_loss_sums;       ///< the same, head by head
  std::int64_t steps = 0;                         ///< in all epochs
  std::int64_t samples = 0, dropped_samples = 0;  ///< in finished epochs
  double seconds = 0;                             ///< in all sessions
  train::PlateauSchedule::State schedule;
  train::EarlyStopping::State stopping;
  std::vector<train::EpochRecord> epochs;  ///< finished

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("epoch", self.epoch);
    visit("step", self.step);
    visit("epoch_samples", self.epoch_samples);
    visit("epoch_seconds", self.epoch_seconds);
    visit("epoch_loss_sum", self.epoch_loss_sum);
    visit("epoch_head_loss_sums", self.epoch_head_loss_sums);
    visit("steps", self.steps);
    visit("samples", self.samples);
    visit("dropped_samples", self.dropped_samples);
    visit("seconds", self.seconds);
    visit("schedule", self.schedule);
    visit("stopping", self.stopping);
    visit("epochs", self.epochs);
  }
};

/// A named tensor (shape and order as in the weights file) with what belongs to it.
struct StateTensor {
  std::string name;
  std::uint32_t rows = 0, columns = 0;
  nn::Role role = nn::Role::kernel;
  std::vector<float> values;
  std::vector<float> best;                         ///< of the best epoch; empty before there is one
  std::vector<float> first_moment, second_moment;  ///< Adam's; empty for a running statistic

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("name", self.name);
    visit("rows", self.rows);
    visit("columns", self.columns);
    visit("role", self.role);
    visit("values", self.values);
    visit("best", self.best);
    visit("first_moment", self.first_moment);
    visit("second_moment", self.second_moment);
  }
};

struct TrainingState {
  TrainingProgress progress;
  std::vector<StateTensor> tensors;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("progress", self.progress);
    visit("tensors", self.tensors);
  }
};

struct Checkpoint {
  RunId run_id{};               ///< in the frame's header
  std::string started_at;       ///< of the run; UTC, `2024-03-30T12:00:00Z`
  std::string saved_at;         ///< for people: nothing is ordered by it
  std::string program_version;  ///< for people: the numerics version decides
  RunIdentity identity;
  TrainingState state;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("started_at", self.started_at);
    visit("saved_at", self.saved_at);
    visit("program_version", self.program_version);
    visit("identity", self.identity);
    visit("state", self.state);
  }
};

/// What is wrong with the checkpoint, in words, or nothing: counts that can't be, lists that do not fit the
/// network's heads, tensors that miss a part or hold a number that is not finite.
std::string check_checkpoint(const Checkpoint& checkpoint);

/// The bytes of the file. Throws Error{failure} if check_checkpoint() finds something.
std::string write_checkpoint_file(const Checkpoint& checkpoint);
/// Reads what write_checkpoint_file() made. Throws Error{model_damaged} that names `source` for anything
/// else.
Checkpoint parse_checkpoint_file(std::string_view bytes, const std::string& source);

/// The four slabs of a training network: all tensors' values and best values (null: none yet), the trainable
/// tensors' moments.
template <class Pointer>
struct TrainingSlabs {
  Pointer values, best, first_moment, second_moment;
};
std::vector<StateTensor> state_tensors(const nn::ParameterLayout& layout,
                                       const TrainingSlabs<const float*>& slabs);
/// Wants exactly the layout's names, shapes and roles; `slabs.best` stays as it is where there is no best
/// yet. Throws Error{model_damaged} that names `source`; the slabs are as they were then.
void copy_to_slabs(const std::vector<StateTensor>& tensors, const nn::ParameterLayout& layout,
                   const TrainingSlabs<float*>& slabs, const std::string& source);

}  // namespace deepmine::io
