#include "engine/train/training_step.h"

namespace deepmine::train {

nn::AdamSettings adam_settings(const TrainingPlan& plan) {
  return {plan.beta1, plan.beta2, plan.adam_epsilon, plan.clip_norm, plan.l2};
}

}  // namespace deepmine::train
