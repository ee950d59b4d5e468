#include "lifecycle/training_run.h"

#include <algorithm>

#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"
#include "lifecycle/checkpoint.h"
#include "lifecycle/evaluation.h"
#include "lifecycle/prediction.h"
#include "lifecycle/run_id.h"
#include "lifecycle/test_cases.h"

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

/// One run, from the request to the store.
class TrainingRun {
 public:
  TrainingRun(TrainingRequest request, const TrainingRunHooks& hooks)
      : request_(std::move(request)),
        hooks_(hooks),
        store_(request_.store),
        writer_(store_.lock_for_writing()),
        dataset_(std::move(request_.records), request_.settings,
                 {request_.network.days, request_.network.horizons}),
        split_(stope::split_windows(dataset_, with_seed(request_.split, request_.plan.seed))),
        scaler_(stope::fit_input_scaler(dataset_, split_.training)),
        network_(request_.network),
        run_id_(new_run_id()),
        checkpoint_(request_.store / "checkpoints" / run_id_text(run_id_)) {
    require_both_classes();
    log_ = training_log_header(request_.network.horizons);
    metadata_ = initial_metadata();
  }

  TrainingOutcome run() {
    if (hooks_.started) hooks_.started(outline());
    TrainingHooks hooks = hooks_.training;
    hooks.epoch_ended = [&](const EpochRecord& record, const nn::Parameters<float>& parameters) {
      epoch_ended(record, parameters);
    };
    const TrainedNetwork trained =
        train({dataset_, split_, scaler_, request_.network, request_.plan, request_.threads}, hooks);
    metadata_.epochs_run = static_cast<std::int32_t>(trained.epochs.size());
    metadata_.best_epoch = trained.best_epoch;
    metadata_.duration_seconds = trained.seconds;
    TrainingOutcome outcome;
    outcome.interrupted = trained.interrupted;
    outcome.dropped_samples = trained.dropped_samples;
    if (trained.interrupted) {
      checkpoint_.write_best(saved_model(trained.parameters));
      checkpoint_.write_log(log_);
      outcome.checkpoint = checkpoint_.folder();
    } else {
      publish(trained, outcome);
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
            .checkpoint = checkpoint_.folder()};
  }

  io::ModelMetadata initial_metadata() const {
    io::ModelMetadata metadata;
    metadata.run_id = run_id_;
    metadata.model_id = run_id_text(run_id_);
    metadata.sequence = writer_.next_sequence();
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
    components.calibration.temperatures.assign(1 + request_.network.horizons.size(), 1.0);
    components.test_cases =
        make_test_cases(network_, parameters.view(), dataset_, scaler_, test_case_windows());
    return components;
  }

  SavedModel saved_model(const nn::Parameters<float>& parameters) const {
    return {
        {run_id_, io::tensors_of(network_.layout(), parameters.values())}, components(parameters), metadata_};
  }

  /// A few windows from all over the data.
  std::vector<std::uint32_t> test_case_windows() const {
    constexpr std::size_t wanted = 8;
    const std::size_t available = dataset_.windows().size(), count = std::min(wanted, available);
    std::vector<std::uint32_t> windows;
    for (std::size_t i = 0; i < count; ++i)
      windows.push_back(static_cast<std::uint32_t>(i * available / count));
    return windows;
  }

  void epoch_ended(const EpochRecord& record, const nn::Parameters<float>& parameters) {
    log_ += training_log_line(record);
    checkpoint_.write_log(log_);
    if (record.best) {
      metadata_.epochs_run = metadata_.best_epoch = record.epoch;
      checkpoint_.write_best(saved_model(parameters));
    }
    if (hooks_.training.epoch_ended) hooks_.training.epoch_ended(record, parameters);
  }

  void add_metrics(const nn::Parameters<float>& parameters) {
    SampleSource source(dataset_, scaler_, split_.training, train::ClassWeights::none);
    PredictionNetwork network(request_.network, nn::default_kernels());
    network.take(parameters.view());
    NetworkRunner runner(network, 64, request_.threads);
    const std::pair<const char*, const stope::WindowSelection*> parts[] = {
        {"training", &split_.training}, {"validation", &split_.validation}, {"test", &split_.test}};
    for (const auto& [part, selection] : parts) {
      if (selection->windows.empty()) continue;
      metadata_.metrics[part] = as_map(network_metrics(runner, request_.network, source, *selection));
      metadata_.baselines["majority"][part] = as_map(majority_metrics(dataset_, split_.training, *selection));
      metadata_.baselines["rules"][part] = as_map(rule_metrics(dataset_, *selection));
    }
  }

  void publish(const TrainedNetwork& trained, TrainingOutcome& outcome) {
    add_metrics(trained.parameters);
    metadata_.sequence = writer_.next_sequence();
    const StoredVersion version = writer_.publish(saved_model_files(saved_model(trained.parameters), log_));
    outcome.sequence = version.sequence;
    checkpoint_.remove();
  }

  TrainingRequest request_;
  const TrainingRunHooks& hooks_;
  ModelStore store_;
  StoreWriter writer_;
  stope::Dataset dataset_;
  stope::Split split_;
  stope::InputScaler scaler_;
  Network network_;  // the same layout as the one that is trained
  io::RunId run_id_;
  Checkpoint checkpoint_;
  io::ModelMetadata metadata_;
  std::string log_;
};

}  // namespace

TrainingOutcome run_training(TrainingRequest request, const TrainingRunHooks& hooks) {
  check_request(request);
  return TrainingRun(std::move(request), hooks).run();
}

}  // namespace deepmine::lifecycle
