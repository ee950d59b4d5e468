#include "engine/train/schedule.h"

#include <algorithm>

namespace deepmine::train {

PlateauSchedule::PlateauSchedule(const TrainingPlan& plan) : plan_(plan) {
  state_.learning_rate = plan.learning_rate;
}

bool PlateauSchedule::epoch_ended(double validation_loss) {
  if (validation_loss < state_.best - plan_.plateau_improvement) {
    state_.best = validation_loss;
    state_.epochs_without = 0;
    return false;
  }
  if (++state_.epochs_without < plan_.plateau_patience) return false;
  state_.epochs_without = 0;
  const double lowered = std::max(state_.learning_rate * plan_.plateau_factor, plan_.lowest_learning_rate);
  if (lowered >= state_.learning_rate) return false;
  state_.learning_rate = lowered;
  return true;
}

EarlyStopping::EarlyStopping(const TrainingPlan& plan) : plan_(plan) {}

EarlyStopping::Verdict EarlyStopping::epoch_ended(int epoch, double validation_loss) {
  if (validation_loss < state_.best - plan_.minimum_improvement) {
    state_ = {validation_loss, epoch, 0};
    return Verdict::improved;
  }
  ++state_.epochs_without;
  return is_over() ? Verdict::stop : Verdict::go_on;
}

}  // namespace deepmine::train
