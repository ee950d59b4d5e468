#include "lifecycle/tuning.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"
#include "engine/stope/split.h"
#include "engine/train/binary_metrics.h"
#include "lifecycle/answers.h"
#include "lifecycle/cross_validation.h"
#include "lifecycle/evaluation.h"
#include "lifecycle/trainer.h"

namespace deepmine::lifecycle {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

void check_request(const TuningRequest& request) {
  const auto require = [](bool holds, const char* flag, int value, const char* expected) {
    if (!holds)
      throw Error(ErrorCode::usage,
                  std::string(flag) + " is " + std::to_string(value) + ", expected " + expected);
  };
  require(request.trials >= 1 && request.trials <= 100'000, "--trials", request.trials, "1 to 100000");
  require(request.factor >= 2, "--keep-one-in", request.factor, "2 or more");
  require(request.fewest_epochs >= 1, "--fewest-epochs", request.fewest_epochs, "1 or more");
  require(request.folds >= 2, "--folds", request.folds, "2 or more");
  if (const std::string fault = train::problem_with(request.base.plan); !fault.empty())
    throw Error(ErrorCode::usage, "the training plan can't be used: " + fault);
  std::string problem = stope::problem_with(request.base.network);
  if (problem.empty()) problem = stope::misfit_with_program(request.base.network);
  if (!problem.empty()) throw Error(ErrorCode::usage, "the network can't be trained here: " + problem);
}

class Search {
 public:
  Search(TuningRequest request, const std::vector<TrialResult>& known, const TuningHooks& hooks)
      : request_(std::move(request)),
        known_(known),
        hooks_(hooks),
        dataset_(std::move(request_.records), request_.settings,
                 {request_.base.network.days, request_.base.network.horizons}),
        splits_(stope_folds(dataset_, request_.folds, request_.validation_fraction, request_.base.plan.seed,
                            request_.base.plan.seed)) {
    for (const stope::Split& split : splits_) {
      require_both_classes(split);
      scalers_.push_back(stope::fit_input_scaler(dataset_, split.training));
    }
    outcome_.trials = draw_trials(request_);
    outcome_.rungs = train::halving_rungs(request_.trials, request_.base.plan.epochs, request_.factor,
                                          request_.fewest_epochs);
  }

  TuningOutcome run() {
    std::vector<std::size_t> running(outcome_.trials.size());
    std::iota(running.begin(), running.end(), std::size_t{0});
    for (std::size_t rung = 0; rung < outcome_.rungs.size(); ++rung) {
      if (rung > 0) running = survivors(running, static_cast<std::size_t>(outcome_.rungs[rung].trials));
      if (!run_rung(static_cast<int>(rung), running)) return std::move(outcome_);
    }
    const std::size_t best = ranked(running, 1).front();
    outcome_.best = outcome_.trials[best].number;
    return std::move(outcome_);
  }

 private:
  void require_both_classes(const stope::Split& split) const {
    const auto training = dataset_.class_counts(split.training).current;
    if (training[0] > 0 && training[1] > 0 && !split.test.windows.empty()) return;
    throw Error(ErrorCode::data_invalid, "with " + std::to_string(request_.folds) +
                                             " folds there is one without stable or without "
                                             "unstable stopes to learn from: use fewer folds, or add stopes");
  }

  /// The best of those that ran, by their last results.
  std::vector<std::size_t> ranked(const std::vector<std::size_t>& running, std::size_t count) const {
    std::vector<double> losses;
    for (const std::size_t t : running) losses.push_back(outcome_.trials[t].results.back().loss);
    std::vector<std::size_t> best;
    for (const std::size_t position : train::best_trials(losses, count)) best.push_back(running[position]);
    return best;
  }

  /// The best, and trial 1.
  std::vector<std::size_t> survivors(const std::vector<std::size_t>& running, std::size_t count) const {
    std::vector<std::size_t> next = ranked(running, count);
    if (std::find(next.begin(), next.end(), std::size_t{0}) == next.end()) next.push_back(0);
    std::sort(next.begin(), next.end());
    return next;
  }

  bool run_rung(int rung, const std::vector<std::size_t>& running) {
    progress_ = {.rung = rung + 1, .rungs = static_cast<int>(outcome_.rungs.size())};
    progress_.all = static_cast<int>(running.size() * splits_.size());
    for (const std::size_t t : running) {
      Trial& trial = outcome_.trials[t];
      progress_.trial = trial.number;
      if (const TrialResult* result = known(trial.number, rung + 1)) {
        trial.results.push_back(*result);
        progress_.done += static_cast<int>(splits_.size());
        continue;
      }
      std::optional<TrialResult> result = run_trial(trial, rung);
      if (!result) {
        outcome_.interrupted = true;
        return false;
      }
      trial.results.push_back(std::move(*result));
      if (hooks_.result) hooks_.result(trial, trial.results.back());
    }
    return true;
  }

  const TrialResult* known(int trial, int rung) const {
    for (const TrialResult& result : known_)
      if (result.trial == trial && result.rung == rung) return &result;
    return nullptr;
  }

  /// What the folds of a trial add up to.
  struct Pool {
    std::vector<std::int8_t> labels;
    std::vector<double> probabilities;
    double level_accuracy = 0;
    int heads = 0;
  };

  /// Nothing if it was interrupted.
  std::optional<TrialResult> run_trial(const Trial& trial, int rung) {
    TrialResult result;
    result.trial = trial.number;
    result.rung = rung + 1;
    result.epochs = outcome_.rungs[static_cast<std::size_t>(rung)].epochs;
    Pool pool;
    for (std::size_t fold = 0; fold < splits_.size(); ++fold) {
      progress_.fold = static_cast<int>(fold) + 1;
      const std::optional<double> loss = run_fold(trial.parameters, fold, result.epochs, pool);
      if (!loss) return std::nullopt;
      result.fold_losses.push_back(*loss);
      ++progress_.done;
    }
    const auto folds = static_cast<double>(splits_.size());
    result.loss = std::accumulate(result.fold_losses.begin(), result.fold_losses.end(), 0.0) / folds;
    const double threshold = request_.settings.assessment.decision_threshold;
    const train::Metrics metrics = train::binary_metrics(pool.labels, pool.probabilities, threshold);
    result.balanced_accuracy = train::value_of(metrics, "balanced_accuracy");
    result.level_accuracy = pool.level_accuracy / pool.heads;
    return result;
  }

  /// The loss on the fold's stopes; nothing if it was interrupted.
  std::optional<double> run_fold(const HyperParameters& parameters, std::size_t fold, int epochs,
                                 Pool& pool) {
    train::TrainingPlan plan = parameters.plan;
    plan.epochs = epochs;
    const stope::Split& split = splits_[fold];
    TrainingHooks hooks;
    hooks.stop_requested = hooks_.stop_requested;
    hooks.step_ended = [this](const StepReport& report) {
      progress_.epoch = report.epoch;
      progress_.epochs = report.epochs;
      if (hooks_.progress) hooks_.progress(progress_);
    };
    try {
      const TrainedNetwork trained =
          train({dataset_, split, scalers_[fold], parameters.network, plan, request_.threads}, hooks);
      if (trained.interrupted) return std::nullopt;
      return judge(parameters.network, trained, fold, pool);
    } catch (const Error& error) {
      // Settings with which training runs away are a finding of the search, not its end.
      if (error.code() != ErrorCode::failure) throw;
      ++pool.heads;
      return infinite;
    }
  }

  double judge(const stope::NetworkSpecification& specification, const TrainedNetwork& trained,
               std::size_t fold, Pool& pool) {
    constexpr int batch = 64;
    const stope::Split& split = splits_[fold];
    PredictionNetwork network(specification, nn::default_kernels());
    network.take(trained.parameters.view());
    NetworkRunner runner(network, batch, request_.threads);
    SampleSource source(dataset_, specification, scalers_[fold], split.training, train::ClassWeights::none);
    const SelectionLoss loss = selection_loss(runner, specification, source, split.test, 0);
    const Answers answers = network_answers(runner, specification, source, split.test);
    for (std::size_t i = 0; i < split.test.windows.size(); ++i) {
      const std::int8_t label = dataset_.current_target(split.test.windows[i]);
      if (label == stope::masked) continue;
      pool.labels.push_back(label);
      pool.probabilities.push_back(answers.current[i]);
    }
    for (std::size_t head = 1; head < loss.accuracy.size(); ++head) {
      if (std::isnan(loss.accuracy[head])) continue;
      pool.level_accuracy += loss.accuracy[head];
      ++pool.heads;
    }
    return std::isfinite(loss.total) ? loss.total : infinite;
  }

  TuningRequest request_;
  const std::vector<TrialResult>& known_;
  const TuningHooks& hooks_;
  stope::Dataset dataset_;
  std::vector<stope::Split> splits_;
  std::vector<stope::InputScaler> scalers_;
  TuningOutcome outcome_;
  TuningProgress progress_;
};

}  // namespace

std::vector<Trial> draw_trials(const TuningRequest& request) {
  std::vector<Trial> trials;
  for (int number = 1; number <= request.trials; ++number) {
    Trial& trial = trials.emplace_back();
    trial.number = number;
    trial.parameters = request.base;
    if (number > 1) trial.settings = train::draw_settings(request.space, request.base.plan.seed, number);
    // Each setting alone was tried by prepare(); some do not go together.
    if (const std::string problem = apply_settings(trial.settings, trial.parameters); !problem.empty())
      throw Error(ErrorCode::usage, "trial " + std::to_string(number) + " of the search space: " + problem);
    trial.parameter_count = Network(trial.parameters.network).layout().parameter_count();
  }
  return trials;
}

TuningOutcome tune(TuningRequest request, const std::vector<TrialResult>& known, const TuningHooks& hooks) {
  check_request(request);
  return Search(std::move(request), known, hooks).run();
}

}  // namespace deepmine::lifecycle
