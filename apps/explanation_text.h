// Reasons as a page for people and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "engine/stope/assessment.h"
#include "lifecycle/explanation.h"

namespace deepmine::apps {

/// What moved one head's answer, input by input, and how much each day counted. `horizon_days` 0: current,
/// which was compared with `threshold`.
std::string explanation_text(const lifecycle::StopeExplanation& explanation, int horizon_days,
                             const stope::Assessment& assessment, double threshold);

/// {attention[], heads[]}.
nlohmann::ordered_json explanation_json(const lifecycle::StopeExplanation& explanation);

}  // namespace deepmine::apps
