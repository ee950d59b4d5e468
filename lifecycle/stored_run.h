// What became of a training run whose session died between storing its model and clearing up.
#pragma once

#include <optional>

#include "io/metadata_file.h"
#include "lifecycle/publishing_gate.h"
#include "lifecycle/store.h"

namespace deepmine::lifecycle {

struct StoredRun {
  io::ModelMetadata metadata;
  ModelPublication publication;
};

/// The newest version that the run was stored as, or nothing. A version that is neither in service, nor was
/// before the one that is, nor rejected counts for nothing: it may have been renamed into place, and no more.
std::optional<StoredRun> stored_by(const io::RunId& run_id, const ModelStore& store);

}  // namespace deepmine::lifecycle
