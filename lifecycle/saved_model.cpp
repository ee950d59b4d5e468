#include "lifecycle/saved_model.h"

#include <string_view>

#include "engine/nn/error.h"
#include "engine/stope/dual_branch_network.h"
#include "io/model_file_names.h"
#include "io/sha256.h"

namespace deepmine::lifecycle {

namespace names = io::model_file_names;

namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::model_damaged, what);
}

/// `version` says whose files these are, for the message.
void check_that_parts_fit(const SavedModel& model, const std::string& version) {
  for (const io::RunId* run : {&model.components.run_id, &model.metadata.run_id})
    if (*run != model.weights.run_id)
      refuse(version + ": its files are of different runs, " + io::to_hexadecimal(model.weights.run_id) +
             " and " + io::to_hexadecimal(*run));
  const stope::DualBranchNetwork<float> network(model.components.network);
  io::check_layout(model.weights.tensors, network.layout(), version);
}

}  // namespace

std::vector<StoredFile> saved_model_files(const SavedModel& model, std::string training_log) {
  std::vector<StoredFile> files;
  files.push_back({names::weights, "weights", io::write_weights_file(model.weights)});
  files.push_back({names::components, "components", io::write_components_file(model.components)});
  files.push_back({names::metadata, "metadata", io::write_metadata_file(model.metadata)});
  files.push_back({names::metadata_json, "metadata_json", io::metadata_json(model.metadata)});
  files.push_back({names::training_log, "training_log", std::move(training_log)});
  try {
    check_that_parts_fit(model, "the model to be saved");
  } catch (const Error& error) {  // nothing is damaged yet: what was to be saved is wrong
    throw Error(ErrorCode::failure, error.what());
  }
  return files;
}

SavedModel parse_saved_model(const StoredVersion& version) {
  const std::string source = "version " + std::to_string(version.sequence);
  const auto named = [&](const char* name) { return source + ", " + name; };
  SavedModel model{io::parse_weights_file(version.bytes(names::weights), named(names::weights)),
                   io::parse_components_file(version.bytes(names::components), named(names::components)),
                   io::parse_metadata_file(version.bytes(names::metadata), named(names::metadata))};
  if (model.metadata.sequence != version.sequence)
    refuse(named(names::metadata) + ": says that it belongs to version " +
           std::to_string(model.metadata.sequence));
  check_that_parts_fit(model, source);
  return model;
}

}  // namespace deepmine::lifecycle
