// `train --resume`: a run goes on with what it was begun with; a flag that is given again must say the same.
#pragma once

#include <set>
#include <string>

#include "io/checkpoint_file.h"
#include "lifecycle/training_run.h"

namespace deepmine::apps {

/// Takes from the run's identity all that no flag among `given` (`--seed`, `--site`, ...) says: plan, split,
/// network, site settings. What is given stays, so that a difference is found when the run is to go on.
void take_what_is_not_given(lifecycle::TrainingRequest& request, const io::RunIdentity& begun,
                            const std::set<std::string>& given);

/// The word for the command line, in quotes if the shell would not take it as it is.
std::string shell_word(const std::string& text);

}  // namespace deepmine::apps
