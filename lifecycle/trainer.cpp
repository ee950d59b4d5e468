#include "lifecycle/trainer.h"

#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "engine/nn/error.h"
#include "engine/nn/initialisers.h"
#include "engine/nn/kernels/select.h"
#include "engine/train/schedule.h"
#include "engine/train/training_step.h"
#include "lifecycle/evaluation.h"
#include "lifecycle/sample_source.h"

namespace deepmine::lifecycle {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// One training run; its members are what an epoch needs.
class Run {
 public:
  Run(const TrainingSetup& setup, const TrainingHooks& hooks)
      : setup_(setup),
        hooks_(hooks),
        network_(std::make_unique<Network>(setup.specification)),
        kernels_(nn::default_kernels()),
        source_(setup.dataset, setup.scaler, setup.split.training, setup.plan.class_weights),
        parameters_(network_->layout(), true),
        best_(network_->layout(), false),
        step_(*network_, parameters_, setup.plan, setup.plan.batch_size, kernels_),
        batch_(setup.specification, setup.plan.batch_size),
        prediction_(setup.specification, kernels_),
        validator_(prediction_, setup.plan.batch_size, setup.threads),
        schedule_(setup.plan),
        stopping_(setup.plan),
        order_(setup.split.training.windows) {
    nn::initialise(parameters_, setup.plan.seed);
  }

  TrainedNetwork finish() {
    const Clock::time_point start = Clock::now();
    for (int epoch = 1; epoch <= setup_.plan.epochs && !interrupted_; ++epoch) {
      if (!run_epoch(epoch)) break;
    }
    if (stopping_.best_epoch() == 0) {
      if (!interrupted_)
        throw Error(
            ErrorCode::failure,
            "the validation loss was never a number: try a lower --learning-rate, or a validation part "
            "with labels; nothing was published");
      remember_best();
    }
    TrainedNetwork trained{std::move(network_),
                           std::move(best_),
                           std::move(epochs_),
                           stopping_.best_epoch(),
                           interrupted_,
                           steps_,
                           samples_,
                           dropped_samples_,
                           0};
    trained.seconds = seconds_since(start);
    return trained;
  }

 private:
  bool has_validation() const { return !setup_.split.validation.windows.empty(); }

  /// False: training is over.
  bool run_epoch(int epoch) {
    RandomStream shuffle(
        derive_key(derive_key(setup_.plan.seed, "shuffle"), static_cast<std::uint64_t>(epoch)));
    order_ = setup_.split.training.windows;
    shuffle.shuffle(order_);
    EpochRecord record;
    record.epoch = epoch;
    record.learning_rate = schedule_.learning_rate();
    if (!run_batches(record)) return false;
    validate(record);
    schedule_.epoch_ended(record.validation_loss);
    const train::EarlyStopping::Verdict verdict = stopping_.epoch_ended(epoch, record.validation_loss);
    record.best = verdict == train::EarlyStopping::Verdict::improved;
    if (record.best) remember_best();
    last_validation_loss_ = record.validation_loss;
    epochs_.push_back(record);
    if (hooks_.epoch_ended) hooks_.epoch_ended(record, parameters_);
    interrupted_ = hooks_.stop_requested && hooks_.stop_requested();  // asked for during the validation
    return verdict != train::EarlyStopping::Verdict::stop;
  }

  /// All steps of an epoch. False if the caller asked to stop.
  bool run_batches(EpochRecord& record) {
    const Clock::time_point start = Clock::now();
    const auto size = static_cast<std::size_t>(setup_.plan.batch_size);
    const int steps =
        static_cast<int>((order_.size() + size - 1) / size) - (order_.size() % size == 1 ? 1 : 0);
    record.training_head_losses.assign(static_cast<std::size_t>(network_->heads()), 0.0);
    double samples = 0;
    for (int step = 1; step <= steps; ++step) {
      const std::size_t first = static_cast<std::size_t>(step - 1) * size;
      source_.fill(batch_, std::span(order_).subspan(first, std::min(size, order_.size() - first)),
                   setup_.split.training.targets_before);
      const train::StepLoss loss = step_.step(batch_.inputs(), batch_.targets(), batch_.samples(),
                                              record.learning_rate, setup_.threads);
      require_finite(loss.total, record.epoch, step);
      const double count = batch_.samples();
      for (std::size_t head = 0; head < record.training_head_losses.size(); ++head)
        record.training_head_losses[head] += count * loss.heads[head];
      record.training_loss += count * loss.total;
      samples += count;
      ++steps_;
      report_step(record, step, steps, samples, seconds_since(start));
      if (hooks_.stop_requested && hooks_.stop_requested()) {
        interrupted_ = true;
        return false;
      }
    }
    samples_ += static_cast<std::int64_t>(samples);
    dropped_samples_ += static_cast<std::int64_t>(order_.size()) - static_cast<std::int64_t>(samples);
    record.training_loss /= samples;
    for (double& loss : record.training_head_losses) loss /= samples;
    record.seconds = seconds_since(start);
    record.samples_per_second = samples / record.seconds;
    return true;
  }

  void report_step(const EpochRecord& record, int step, int steps, double samples, double seconds) {
    if (!hooks_.step_ended) return;
    hooks_.step_ended({.epoch = record.epoch,
                       .epochs = setup_.plan.epochs,
                       .step = step,
                       .steps = steps,
                       .loss = record.training_loss / samples,
                       .validation_loss = last_validation_loss_,
                       .samples_per_second = samples / seconds,
                       .seconds_left = seconds / step * (steps - step)});
  }

  void validate(EpochRecord& record) {
    record.penalty = nn::l2_penalty(parameters_, setup_.plan.l2);
    if (!has_validation()) {
      record.validation_loss = record.training_loss;
      record.validation_head_losses.assign(record.training_head_losses.size(),
                                           std::numeric_limits<double>::quiet_NaN());
      record.validation_accuracy = record.validation_head_losses;
      return;
    }
    prediction_.take(parameters_.view());
    const SelectionLoss loss =
        selection_loss(validator_, setup_.specification, source_, setup_.split.validation, record.penalty);
    record.validation_loss = loss.total;
    record.validation_head_losses = loss.heads;
    record.validation_accuracy = loss.accuracy;
  }

  void remember_best() {
    std::memcpy(best_.values(), parameters_.values(), network_->layout().size() * sizeof(float));
    best_.refresh_packed();
  }

  static void require_finite(double loss, int epoch, int step) {
    if (std::isfinite(loss)) return;
    throw Error(ErrorCode::failure, "the training loss is not a number any more (epoch " +
                                        std::to_string(epoch) + ", step " + std::to_string(step) +
                                        "): try a lower --learning-rate; nothing was published");
  }

  const TrainingSetup& setup_;
  const TrainingHooks& hooks_;
  std::unique_ptr<Network> network_;
  const nn::Kernels<float>& kernels_;
  SampleSource source_;
  nn::Parameters<float> parameters_, best_;
  train::TrainingStep<Network, float> step_;
  Batch batch_;
  PredictionNetwork prediction_;
  NetworkRunner validator_;
  train::PlateauSchedule schedule_;
  train::EarlyStopping stopping_;
  std::vector<std::uint32_t> order_;
  std::vector<EpochRecord> epochs_;
  double last_validation_loss_ = std::numeric_limits<double>::quiet_NaN();
  std::int64_t steps_ = 0, samples_ = 0, dropped_samples_ = 0;
  bool interrupted_ = false;
};

}  // namespace

TrainedNetwork train(const TrainingSetup& setup, const TrainingHooks& hooks) {
  if (setup.split.training.windows.size() < 2)
    throw Error(ErrorCode::data_invalid, "there are " + std::to_string(setup.split.training.windows.size()) +
                                             " windows to train on, expected at least 2: a window needs " +
                                             std::to_string(setup.dataset.plan().days) +
                                             " consecutive days of readings");
  return Run(setup, hooks).finish();
}

}  // namespace deepmine::lifecycle
