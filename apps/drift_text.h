// Drift in words, as a table and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lifecycle/drift.h"

namespace deepmine::apps {

/// A line for `predict`; empty where nothing has drifted or nothing could be measured.
std::string drift_line(const lifecycle::DriftReport& report);
/// All features, the strongest first.
std::string drift_table(const lifecycle::DriftReport& report, bool with_colour);
/// {measured, not_measured, training_stopes, stopes, drifted[], features[]}.
nlohmann::ordered_json drift_json(const lifecycle::DriftReport& report);

}  // namespace deepmine::apps
