// A whole model as one value, and as the files of a version in the store.
#pragma once

#include <string>
#include <vector>

#include "io/components_file.h"
#include "io/metadata_file.h"
#include "io/weights_file.h"
#include "lifecycle/store.h"

namespace deepmine::lifecycle {

/// The three parts carry the same run id.
struct SavedModel {
  io::Weights weights;
  io::Components components;
  io::ModelMetadata metadata;
};

/// The files for StoreWriter::publish(), the readable JSON and the training log among them. Throws
/// Error{failure} if any part is not sound or they do not fit together (check as in parse_saved_model).
std::vector<StoredFile> saved_model_files(const SavedModel& model, std::string training_log);

/// The model of a version. Throws Error{model_damaged}: a file is missing or damaged, the files are of
/// different runs, the sequence is another, or the weights are not those of the network that the components
/// specify.
SavedModel parse_saved_model(const StoredVersion& version);

}  // namespace deepmine::lifecycle
