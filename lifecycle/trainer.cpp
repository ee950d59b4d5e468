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

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// Adds what passes to a number of seconds that may come from an earlier session.
class Stopwatch {
 public:
  explicit Stopwatch(double seconds_before = 0) : before_(seconds_before) {}
  double seconds() const { return before_ + std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  double before_;
  Clock::time_point start_ = Clock::now();
};

/// One training run; its members are what an epoch needs.
class Run {
 public:
  Run(const TrainingSetup& setup, const TrainingHooks& hooks)
      : setup_(setup),
        hooks_(hooks),
        network_(std::make_unique<Network>(setup.specification)),
        kernels_(nn::default_kernels()),
        source_(setup.dataset, setup.specification, setup.scaler, setup.split.training,
                setup.plan.class_weights, setup.seen),
        parameters_(network_->layout(), true),
        best_(network_->layout(), false),
        step_(*network_, parameters_, setup.plan, setup.plan.batch_size, kernels_),
        batch_(setup.specification, setup.plan.batch_size),
        prediction_(setup.specification, kernels_),
        validator_(prediction_, setup.plan.batch_size, setup.threads),
        schedule_(setup.plan),
        stopping_(setup.plan) {
    if (setup.resume_from != nullptr) {
      restore(*setup.resume_from);
    } else {
      nn::initialise(parameters_, setup.plan.seed);
      clear_epoch_sums();
    }
    watch_ = Stopwatch(progress_.seconds);
  }

  TrainedNetwork finish() {
    while (!interrupted_ && progress_.epoch <= setup_.plan.epochs && !stopping_.is_over()) run_epoch();
    if (interrupted_ && hooks_.save_state) hooks_.save_state(state());
    if (stopping_.best_epoch() == 0) {
      if (!interrupted_)
        throw Error(
            ErrorCode::failure,
            "the validation loss was never a number: try a lower --learning-rate, or a validation part "
            "with labels; nothing was published");
      remember_best();
    }
    return {std::move(network_), std::move(best_), std::move(progress_.epochs), stopping_.best_epoch(),
            interrupted_,        progress_.steps,  progress_.samples,           progress_.dropped_samples,
            watch_.seconds()};
  }

 private:
  bool has_validation() const { return !setup_.split.validation.windows.empty(); }

  /// The whole state, copied.
  io::TrainingState state() {
    io::TrainingState state{progress_, {}};
    state.progress.epoch_seconds = epoch_watch_.seconds();
    state.progress.seconds = watch_.seconds();
    state.progress.schedule = schedule_.state();
    state.progress.stopping = stopping_.state();
    nn::Adam<float>& adam = step_.optimiser();
    state.tensors = io::state_tensors(network_->layout(), {.values = parameters_.values(),
                                                           .best = has_best() ? best_.values() : nullptr,
                                                           .first_moment = adam.first_moment(),
                                                           .second_moment = adam.second_moment()});
    return state;
  }

  void restore(const io::TrainingState& state) {
    nn::Adam<float>& adam = step_.optimiser();
    io::copy_to_slabs(state.tensors, network_->layout(),
                      {.values = parameters_.values(),
                       .best = best_.values(),
                       .first_moment = adam.first_moment(),
                       .second_moment = adam.second_moment()},
                      "the state to resume from");
    parameters_.refresh_packed();
    best_.refresh_packed();
    progress_ = state.progress;
    adam.set_steps_made(progress_.steps);
    schedule_.restore(progress_.schedule);
    stopping_.restore(progress_.stopping);
    epoch_watch_ = Stopwatch(progress_.epoch_seconds);
  }

  void run_epoch() {
    RandomStream shuffle(
        derive_key(derive_key(setup_.plan.seed, "shuffle"), static_cast<std::uint64_t>(progress_.epoch)));
    order_ = setup_.split.training.windows;
    shuffle.shuffle(order_);
    epoch_watch_ = Stopwatch(progress_.epoch_seconds);
    if (!run_batches()) return;
    EpochRecord record = training_record();
    validate(record);
    const double deciding_loss = has_validation() ? record.validation_loss : record.training_loss;
    schedule_.epoch_ended(deciding_loss);
    record.best =
        stopping_.epoch_ended(progress_.epoch, deciding_loss) == train::EarlyStopping::Verdict::improved;
    if (record.best) remember_best();
    end_epoch(std::move(record));
    interrupted_ = hooks_.stop_requested && hooks_.stop_requested();  // asked for during the validation
    if (!interrupted_) save_if_wanted(true);
  }

  /// The steps of the epoch that are not made yet. False if the caller asked to stop.
  bool run_batches() {
    const auto size = static_cast<std::size_t>(setup_.plan.batch_size);
    const int steps =
        static_cast<int>((order_.size() + size - 1) / size) - (order_.size() % size == 1 ? 1 : 0);
    while (progress_.step < steps) {
      const std::size_t first = static_cast<std::size_t>(progress_.step) * size;
      source_.fill(batch_, std::span(order_).subspan(first, std::min(size, order_.size() - first)),
                   setup_.split.training.targets_before);
      const train::StepLoss loss = step_.step(batch_.inputs(), batch_.targets(), batch_.samples(),
                                              schedule_.learning_rate(), setup_.threads);
      require_finite(loss.total, progress_.epoch, progress_.step + 1);
      add_to_epoch(loss, batch_.samples());
      report_step(steps);
      if (hooks_.stop_requested && hooks_.stop_requested()) {
        interrupted_ = true;
        return false;
      }
      save_if_wanted(false);
    }
    return true;
  }

  void add_to_epoch(const train::StepLoss& loss, double samples) {
    for (std::size_t head = 0; head < progress_.epoch_head_loss_sums.size(); ++head)
      progress_.epoch_head_loss_sums[head] += samples * loss.heads[head];
    progress_.epoch_loss_sum += samples * loss.total;
    progress_.epoch_samples += samples;
    ++progress_.step;
    ++progress_.steps;
  }

  void save_if_wanted(bool epoch_has_ended) {
    if (hooks_.save_wanted && hooks_.save_wanted(epoch_has_ended)) hooks_.save_state(state());
  }

  /// What the batches of the epoch say of it.
  EpochRecord training_record() const {
    const double samples = progress_.epoch_samples;
    EpochRecord record;
    record.epoch = progress_.epoch;
    record.learning_rate = schedule_.learning_rate();
    record.training_loss = progress_.epoch_loss_sum / samples;
    for (const double sum : progress_.epoch_head_loss_sums)
      record.training_head_losses.push_back(sum / samples);
    record.seconds = epoch_watch_.seconds();
    record.samples_per_second = samples / record.seconds;
    return record;
  }

  void end_epoch(EpochRecord record) {
    progress_.samples += static_cast<std::int64_t>(progress_.epoch_samples);
    progress_.dropped_samples +=
        static_cast<std::int64_t>(order_.size()) - static_cast<std::int64_t>(progress_.epoch_samples);
    ++progress_.epoch;
    clear_epoch_sums();
    progress_.epochs.push_back(std::move(record));
    if (hooks_.epoch_ended) hooks_.epoch_ended(progress_.epochs.back(), parameters_);
  }

  void clear_epoch_sums() {
    progress_.step = 0;
    progress_.epoch_samples = progress_.epoch_seconds = progress_.epoch_loss_sum = 0;
    progress_.epoch_head_loss_sums.assign(static_cast<std::size_t>(network_->heads()), 0.0);
    epoch_watch_ = Stopwatch();
  }

  void report_step(int steps) {
    if (!hooks_.step_ended) return;
    const double seconds = epoch_watch_.seconds();
    hooks_.step_ended(
        {.epoch = progress_.epoch,
         .epochs = setup_.plan.epochs,
         .step = progress_.step,
         .steps = steps,
         .loss = progress_.epoch_loss_sum / progress_.epoch_samples,
         .validation_loss = progress_.epochs.empty() ? unknown : progress_.epochs.back().validation_loss,
         .samples_per_second = progress_.epoch_samples / seconds,
         .seconds_left = seconds / progress_.step * (steps - progress_.step)});
  }

  void validate(EpochRecord& record) {
    record.penalty = nn::l2_penalty(parameters_, setup_.plan.l2);
    if (!has_validation()) {
      record.validation_head_losses.assign(record.training_head_losses.size(), unknown);
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

  bool has_best() const { return stopping_.best_epoch() > 0; }
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
  std::vector<std::uint32_t> order_;  // of the epoch's windows
  io::TrainingProgress progress_;     // but for the schedule's and the stopping's state and the time
  Stopwatch watch_, epoch_watch_;
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
