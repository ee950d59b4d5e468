// The training plan as flags: one for every field of train::TrainingPlan, named after it.
#pragma once

#include "apps/context.h"
#include "engine/train/training_plan.h"

namespace deepmine::apps {

void add_plan_options(CLI::App& verb, train::TrainingPlan& plan);

}  // namespace deepmine::apps
