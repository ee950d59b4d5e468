// Options of `train` that say when a new model may go into service.
#pragma once

#include <string>

#include "apps/context.h"
#include "lifecycle/publishing_gate.h"

namespace deepmine::apps {

void add_gate_options(CLI::App& verb, lifecycle::GatePolicy& policy);

/// What became of a trained model, for the end of the report: in service, kept beside a pinned one, or
/// rejected, and why.
std::string publication_text(const lifecycle::ModelPublication& publication, const std::string& store);

/// The JSON of `train`: the metadata, and `publication` behind it.
std::string publication_json(const std::string& metadata_json,
                             const lifecycle::ModelPublication& publication);

}  // namespace deepmine::apps
