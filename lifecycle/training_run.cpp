#include "lifecycle/training_run.h"

#include <algorithm>

#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"
#include "engine/nn/numerics_version.h"
#include "lifecycle/baselines.h"
#include "lifecycle/calibration.h"
#include "lifecycle/checkpoint.h"
#include "lifecycle/checkpoint_writer.h"
#include "lifecycle/drift.h"
#include "lifecycle/prediction.h"
#include "lifecycle/predictor_sums.h"
#include "lifecycle/run_id.h"
#include "lifecycle/run_identity.h"
#include "lifecycle/stored_run.h"
#include "lifecycle/test_cases.h"
#include "lifecycle/training_locks.h"

namespace deepmine::lifecycle {
namespace {

void check_request(const TrainingRequest& request) {
  if (const std::string problem = train::problem_with(request.plan); !problem.empty())
    throw Error(ErrorCode::usage, "the training plan can't be used: " + problem);
  if (const std::string problem = stope::problem_with(request.network); !problem.empty())
    throw Error(ErrorCode::usage, "the network can't be built: " + problem);
  if (const std::string problem = stope::misfit_with_program(request.network); !problem.empty())
    throw Error(ErrorCode::usage, "the network can't be trained here: " + problem);
  if (request.network.days < request.settings.risk_rules.slope_days)
    throw Error(ErrorCode::usage, "the network sees " + std::to_string(request.network.days) +
                                      " days, but the rules that label the future look at " +
                                      std::to_string(request.settings.risk_rules.slope_days) +
                                      ": every future target would be masked");
}

stope::SplitPlan with_seed(stope::SplitPlan split, std::uint64_t seed) {
  split.seed = seed;
  return split;
}

std::map<std::string, std::map<std::string, double>> as_map(const HeadMetrics& heads) {
  std::map<std::string, std::map<std::string, double>> table;
  for (const auto& [head, metrics] : heads) table[head] = {metrics.begin(), metrics.end()};
  return table;
}

const char* method_name(stope::SplitMethod method) {
  switch (method) {
    case stope::SplitMethod::stope:
      return "stope";
    case stope::SplitMethod::forward:
      return "forward";
    case stope::SplitMethod::random:
      return "random";
  }
  return "stope";
}

constexpr int days_to_keep = 30;  // checkpoints of runs that nobody went on with

std::optional<LoadedCheckpoint> checkpoint_to_resume(const TrainingRequest& request) {
  if (!request.resume) return {};
  return load_checkpoint(choose_run(request.store, *request.resume));
}

/// One run, from the request to the store.
class TrainingRun {
 public:
  TrainingRun(TrainingRequest request, const TrainingRunHooks& hooks)
      : request_(std::move(request)),
        hooks_(hooks),
        store_(request_.store),
        lock_(lock_for_training(store_, patience())),
        resumed_(checkpoint_to_resume(request_)),
        records_sha256_(records_sha256(request_.records)),
        dataset_(std::move(request_.records), request_.settings,
                 {request_.network.days, request_.network.horizons}),
        split_(stope::split_windows(dataset_, with_seed(request_.split, request_.plan.seed))),
        scaler_(stope::fit_input_scaler(dataset_, split_.training)),
        network_(request_.network),
        run_id_(resumed_ ? resumed_->checkpoint.run_id : new_run_id()),
        metadata_(initial_metadata()),
        log_(training_log_header(request_.network.horizons)) {
    require_both_classes();
    if (resumed_) prepare_to_resume();
  }

  TrainingOutcome run() {
    if (resumed_)
      if (auto stored = stored_by(run_id_, store_)) return outcome_of_stored(std::move(*stored));
    open_checkpoints();
    if (hooks_.started) hooks_.started(outline());
    TrainingHooks hooks = hooks_.training;
    hooks.epoch_ended = [&](const EpochRecord& record, const nn::Parameters<float>& parameters) {
      epoch_ended(record, parameters);
    };
    hooks.save_wanted = [&](bool epoch_has_ended) { return checkpoint_->is_due(epoch_has_ended); };
    hooks.save_state = [&](io::TrainingState state) { save(std::move(state)); };
    const TrainedNetwork trained = train({dataset_, split_, scaler_, request_.network, request_.plan,
                                          request_.threads, resumed_ ? &resumed_->checkpoint.state : nullptr},
                                         hooks);
    metadata_.epochs_run = static_cast<std::int32_t>(trained.epochs.size());
    metadata_.best_epoch = trained.best_epoch;
    metadata_.duration_seconds = trained.seconds;
    TrainingOutcome outcome;
    outcome.run = run_id_text(run_id_);
    outcome.interrupted = trained.interrupted;
    outcome.dropped_samples = trained.dropped_samples;
    if (trained.interrupted) {
      if (saved_) outcome.checkpoint = checkpoint_->newest();
      outcome.epoch = saved_epoch_;
      outcome.step = saved_step_;
    } else {
      publish_or_say_how_to(trained, outcome);
    }
    outcome.metadata = metadata_;
    return outcome;
  }

 private:
  /// A network that saw one class only would call every stope the same, and sound certain.
  void require_both_classes() const {
    const auto& counts = dataset_.class_counts(split_.training).current;
    if (counts[0] > 0 && counts[1] > 0) return;
    throw Error(ErrorCode::data_invalid,
                "of the labelled training windows " + std::to_string(counts[0]) + " are of stable and " +
                    std::to_string(counts[1]) +
                    " of unstable stopes, expected some of both: a network can't learn from one kind alone; "
                    "add stopes of "
                    "the other kind, or choose another --seed if they all fell into the other parts");
  }

  TrainingOutline outline() const {
    return {.training_windows = split_.training.windows.size(),
            .validation_windows = split_.validation.windows.size(),
            .test_windows = split_.test.windows.size(),
            .training_stopes = metadata_.split.training_stopes.size(),
            .validation_stopes = metadata_.split.validation_stopes.size(),
            .test_stopes = metadata_.split.test_stopes.size(),
            .counts = dataset_.counts(),
            .parameters = network_.layout().parameter_count(),
            .run = run_id_text(run_id_),
            .checkpoint = checkpoint_->folder(),
            .resumed = resumed_.has_value(),
            .epoch = resumed_ ? resumed_->checkpoint.state.progress.epoch : 1,
            .step = resumed_ ? resumed_->checkpoint.state.progress.step : 0};
  }

  void warn(const std::string& text) const {
    if (hooks_.warning) hooks_.warning(text);
  }

  LockPatience patience() const { return writer_patience(request_.writer_patience, hooks_.warning); }

  io::RunIdentity identity() const {
    return {.data = metadata_.data,
            .records_sha256 = records_sha256_,
            .split = metadata_.split,
            .plan = request_.plan,
            .network = request_.network,
            .feature_table = stope::feature_table(),
            .settings = request_.settings,
            .kernel_path = nn::default_kernels().name,
            .numerics_version = nn::numerics_version};
  }

  /// Refuses a run that would not come to the bits that it was begun for; takes over what is known of it.
  void prepare_to_resume() {
    const io::Checkpoint& checkpoint = resumed_->checkpoint;
    if (const auto lines = differences(checkpoint.identity, identity()); !lines.empty()) {
      std::string text = "run " + run_id_text(run_id_) +
                         " can't be gone on with: it would not become the model that it was begun for. "
                         "Not the same are";
      for (const std::string& line : lines) text += "\n  " + line;
      throw Error(ErrorCode::usage, text);
    }
    metadata_.created_at = checkpoint.started_at;
    for (const EpochRecord& record : checkpoint.state.progress.epochs) log_ += training_log_line(record);
  }

  void open_checkpoints() {
    for (const std::string& run : remove_old_checkpoints(request_.store, days_to_keep, run_id_))
      warn("the checkpoints of run " + run + " were older than " + std::to_string(days_to_keep) +
           " days and are removed");
    const double every = request_.checkpoint_every;
    if (!resumed_) {
      checkpoint_.emplace(request_.store, run_id_, every, hooks_.warning);
      return;
    }
    for (const std::string& reason : resumed_->passed_over)
      warn(reason + "; going on from the checkpoint before it, " + resumed_->file.filename().string());
    if (resumed_->checkpoint.program_version != DEEPMINE_VERSION)
      warn("the run was begun or last saved by version " + resumed_->checkpoint.program_version +
           " of deepmine, this is " DEEPMINE_VERSION);
    checkpoint_.emplace(request_.store, run_id_, every, hooks_.warning, resumed_->file, resumed_->previous);
  }

  void save(io::TrainingState state) {
    saved_epoch_ = state.progress.epoch;
    saved_step_ = state.progress.step;
    saved_ = checkpoint_->save({.run_id = run_id_,
                                .started_at = metadata_.created_at,
                                .saved_at = utc_timestamp(),
                                .program_version = DEEPMINE_VERSION,
                                .identity = identity(),
                                .state = std::move(state)});
  }

  TrainingOutcome outcome_of_stored(StoredRun stored) {
    remove_checkpoints(resumed_->file.parent_path());
    TrainingOutcome outcome;
    outcome.run = run_id_text(run_id_);
    outcome.sequence = stored.publication.sequence;
    outcome.metadata = std::move(stored.metadata);
    outcome.publication = std::move(stored.publication);
    outcome.was_published_before = true;
    return outcome;
  }

  io::ModelMetadata initial_metadata() const {
    io::ModelMetadata metadata;
    metadata.run_id = run_id_;
    metadata.model_id = run_id_text(run_id_);
    metadata.created_at = utc_timestamp();
    metadata.program_version = DEEPMINE_VERSION;
    metadata.data = {request_.data_sha256, request_.static_rows, request_.timeseries_rows,
                     static_cast<std::int64_t>(dataset_.windows().size())};
    metadata.split = {method_name(request_.split.method),
                      request_.split.validation_fraction,
                      request_.split.test_fraction,
                      stope::stope_names(dataset_, split_.training),
                      stope::stope_names(dataset_, split_.validation),
                      stope::stope_names(dataset_, split_.test)};
    metadata.plan = request_.plan;
    metadata.total_parameters = static_cast<std::int64_t>(network_.layout().parameter_count());
    metadata.trainable_parameters = static_cast<std::int64_t>(network_.layout().trainable_count());
    return metadata;
  }

  io::Components components(const nn::Parameters<float>& parameters) const {
    io::Components components;
    components.run_id = run_id_;
    components.network = request_.network;
    components.feature_table = stope::feature_table();
    components.scaler = scaler_;
    components.settings = request_.settings;
    components.calibration = calibration_;
    components.distributions = fit_distributions(dataset_, split_.training);
    components.test_cases =
        make_test_cases(network_, parameters.view(), dataset_, scaler_, test_case_windows(dataset_));
    return components;
  }

  SavedModel saved_model(const nn::Parameters<float>& parameters) const {
    return {
        {run_id_, io::tensors_of(network_.layout(), parameters.values())}, components(parameters), metadata_};
  }

  void epoch_ended(const EpochRecord& record, const nn::Parameters<float>& parameters) {
    log_ += training_log_line(record);
    checkpoint_->save_log(log_);
    if (hooks_.training.epoch_ended) hooks_.training.epoch_ended(record, parameters);
  }

  /// The calibration first: figures are those of the answers that users get.
  void add_metrics(const nn::Parameters<float>& parameters) {
    SampleSource source(dataset_, request_.network, scaler_, split_.training, train::ClassWeights::none);
    PredictionNetwork network(request_.network, nn::default_kernels());
    network.take(parameters.view());
    NetworkRunner runner(network, 64, request_.threads);
    calibration_ = calibrate(judged_windows(dataset_, split_.validation),
                             window_logits(runner, source, split_.validation));
    // What decided when to stop is nothing to learn from for those that are judged on it, too.
    const Baselines baselines(dataset_, split_.training, request_.plan.class_weights, request_.plan.seed);
    const std::pair<const char*, const stope::WindowSelection*> parts[] = {
        {"training", &split_.training}, {"validation", &split_.validation}, {"test", &split_.test}};
    for (const auto& [part, selection] : parts) {
      if (selection->windows.empty()) continue;
      const JudgedWindows judged = judged_windows(dataset_, *selection);
      const auto figures = [&](const Answers& answers) {
        return as_map(PredictorSums(judged, answers, request_.settings.assessment).metrics());
      };
      metadata_.metrics[part] =
          figures(network_answers(runner, request_.network, source, *selection, calibration_.temperatures));
      for (const NamedAnswers& baseline : baselines.answers(*selection))
        metadata_.baselines[baseline.name][part] = figures(baseline.answers);
    }
  }

  /// What was trained is not lost because, say, the disk is full.
  void publish_or_say_how_to(const TrainedNetwork& trained, TrainingOutcome& outcome) {
    try {
      publish(trained, outcome);
    } catch (const Error& error) {
      if (checkpoint_->newest().empty()) throw;
      throw Error(error.code(),
                  std::string(error.what()) +
                      "; the training is over but not published: when that is mended, `deepmine "
                      "train --resume " +
                      outcome.run.substr(0, 8) + "` goes on from its last checkpoint");
    }
  }

  void publish(const TrainedNetwork& trained, TrainingOutcome& outcome) {
    add_metrics(trained.parameters);
    outcome.remarks = calibration_remarks(calibration_, request_.network.horizons,
                                          request_.settings.assessment.risk_set_coverage);
    SavedModel model = saved_model(trained.parameters);  // before the lock: nobody waits for test cases
    StoreWriter writer = store_.lock_for_writing(patience());
    metadata_.sequence = model.metadata.sequence = writer.next_sequence();
    outcome.publication = publish_model(writer, model, log_, request_.gate);
    outcome.sequence = outcome.publication.sequence;
    checkpoint_->remove();
  }

  TrainingRequest request_;
  const TrainingRunHooks& hooks_;
  ModelStore store_;
  StoreLock lock_;
  std::optional<LoadedCheckpoint> resumed_;
  std::string records_sha256_;
  stope::Dataset dataset_;
  stope::Split split_;
  stope::InputScaler scaler_;
  Network network_;  // the same layout as the one that is trained
  io::RunId run_id_;
  io::ModelMetadata metadata_;
  std::string log_;
  io::Calibration calibration_;
  std::optional<CheckpointWriter> checkpoint_;
  bool saved_ = false;  // the last attempt
  int saved_epoch_ = 1, saved_step_ = 0;
};

}  // namespace

TrainingOutcome run_training(TrainingRequest request, const TrainingRunHooks& hooks) {
  check_request(request);
  return TrainingRun(std::move(request), hooks).run();
}

}  // namespace deepmine::lifecycle
