// The training plan as flags: one for every field of train::TrainingPlan, named after it.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "apps/context.h"
#include "engine/train/training_plan.h"

namespace deepmine::apps {

/// The group that the flags stand in.
inline constexpr const char* plan_options_group = "Training plan";

/// The flag of a field: `--batch-size` of `batch_size`.
std::string flag_of(std::string_view field);

void add_plan_options(CLI::App& verb, train::TrainingPlan& plan);

/// Takes from `other` every field whose flag is not among `given` (`--batch-size`, ...).
void take_plan_where_not_given(train::TrainingPlan& plan, const train::TrainingPlan& other,
                               const std::set<std::string>& given);

}  // namespace deepmine::apps
