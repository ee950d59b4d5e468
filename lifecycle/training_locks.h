// What a training holds of its store: the lock for training as long as it runs, so that a second one fails at
// once and its checkpoints are its own; the writer's lock for moments only, so that versions can be rolled
// back, pinned and cleaned up meanwhile.
#pragma once

#include <functional>
#include <string>

#include "lifecycle/store.h"

namespace deepmine::lifecycle {

/// Other writers need moments, not hours: they are waited for, and `warning` (may be empty) says so.
LockPatience writer_patience(double seconds, std::function<void(const std::string&)> warning);

/// The lock for training. Looks at the store as its writer does, too: damage is better found now than when
/// hours of training are to be saved. Throws as ModelStore::lock_for_writing() does.
StoreLock lock_for_training(const ModelStore& store, const LockPatience& patience);

/// Throws Error{failure} that names the holder if somebody trains into the store. For whoever has long work
/// to do before the training; lock_for_training() decides.
void require_no_training(const ModelStore& store);

}  // namespace deepmine::lifecycle
