// What a search came to, as text, JSON and a configuration file.
#pragma once

#include <string>

#include "lifecycle/tuning.h"

namespace deepmine::apps {

/// `learning_rate 0.00213, units 8`; `as given` for trial 1.
std::string settings_text(const lifecycle::Trial& trial);

/// The trials, those that got furthest first, and what the search gained.
std::string tuning_text(const lifecycle::TuningOutcome& outcome, const std::string& configuration_file,
                        bool colour);

std::string tuning_json(const lifecycle::TuningOutcome& outcome, const std::string& configuration_file);

/// A file for `--config` of `train` and of `evaluate --cross-validate`: every setting of the best trial.
std::string configuration_text(const lifecycle::TuningOutcome& outcome);

}  // namespace deepmine::apps
