// What happens between epochs: the learning rate is halved on a plateau, and training stops when nothing gets
// better.
#pragma once

#include <limits>

#include "engine/train/training_plan.h"

namespace deepmine::train {

/// Multiplies the learning rate by `plateau_factor` once `plateau_patience` epochs have passed without an
/// improvement of more than `plateau_improvement` (as Keras' ReduceLROnPlateau, without cooldown).
class PlateauSchedule {
 public:
  explicit PlateauSchedule(const TrainingPlan& plan);
  double learning_rate() const { return state_.learning_rate; }
  /// Takes an epoch's validation loss in; true if the learning rate was lowered. Not a number counts as no
  /// improvement.
  bool epoch_ended(double validation_loss);

  /// All that a checkpoint needs.
  struct State {
    double learning_rate = 0, best = std::numeric_limits<double>::infinity();
    int epochs_without = 0;

    template <class Self, class Visit>
    static void visit_fields(Self& self, Visit&& visit) {
      visit("learning_rate", self.learning_rate);
      visit("best", self.best);
      visit("epochs_without", self.epochs_without);
    }
  };
  const State& state() const { return state_; }
  void restore(const State& state) { state_ = state; }

 private:
  TrainingPlan plan_;
  State state_;
};

/// Stops after `patience` epochs without a validation loss that is better by more than `minimum_improvement`.
class EarlyStopping {
 public:
  explicit EarlyStopping(const TrainingPlan& plan);

  enum class Verdict { improved, go_on, stop };
  /// Takes the validation loss of epoch `epoch` (from 1) in. Not a number is never an improvement.
  Verdict epoch_ended(int epoch, double validation_loss);
  double best_loss() const { return state_.best; }
  int best_epoch() const { return state_.best_epoch; }  ///< 0: none yet
  /// What the last verdict was, also after restore().
  bool is_over() const { return state_.epochs_without >= plan_.patience; }

  struct State {
    double best = std::numeric_limits<double>::infinity();
    int best_epoch = 0, epochs_without = 0;

    template <class Self, class Visit>
    static void visit_fields(Self& self, Visit&& visit) {
      visit("best", self.best);
      visit("best_epoch", self.best_epoch);
      visit("epochs_without", self.epochs_without);
    }
  };
  const State& state() const { return state_; }
  void restore(const State& state) { state_ = state; }

 private:
  TrainingPlan plan_;
  State state_;
};

}  // namespace deepmine::train
