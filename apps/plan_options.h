// The training plan as flags: one for every field of train::TrainingPlan, named after it.
#pragma once

#include <set>
#include <string>

#include "apps/context.h"
#include "engine/train/training_plan.h"

namespace deepmine::apps {

/// The group that the flags stand in.
inline constexpr const char* plan_options_group = "Training plan";

void add_plan_options(CLI::App& verb, train::TrainingPlan& plan);

/// Takes from `other` every field whose flag is not among `given` (`--batch-size`, ...).
void take_plan_where_not_given(train::TrainingPlan& plan, const train::TrainingPlan& other,
                               const std::set<std::string>& given);

}  // namespace deepmine::apps
