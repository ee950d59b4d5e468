#include "lifecycle/loaded_model.h"

#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"
#include "io/model_file_names.h"
#include "io/weights_file.h"

namespace deepmine::lifecycle {

namespace file_names = io::model_file_names;

LoadedModel::LoadedModel(io::Components components, io::ModelMetadata metadata)
    : components_(std::move(components)),
      metadata_(std::move(metadata)),
      network_(components_.network),
      parameters_(network_.layout(), false) {}

std::shared_ptr<const LoadedModel> LoadedModel::from_version(const StoredVersion& version,
                                                             const std::string& source) {
  const auto path = [&](const char* file) { return source + "/" + file; };
  io::Components components =
      io::parse_components_file(version.bytes(file_names::components), path(file_names::components));
  io::ModelMetadata metadata =
      io::parse_metadata_file(version.bytes(file_names::metadata), path(file_names::metadata));
  const io::Weights weights =
      io::parse_weights_file(version.bytes(file_names::weights), path(file_names::weights));
  if (components.run_id != metadata.run_id || weights.run_id != metadata.run_id)
    throw Error(ErrorCode::model_damaged,
                source +
                    ": weights, components and metadata come from different training runs; "
                    "restore the folder from a copy or train anew");

  std::shared_ptr<LoadedModel> model(new LoadedModel(std::move(components), std::move(metadata)));
  io::copy_to_slab(weights.tensors, model->network_.layout(), model->parameters_.values(),
                   path(file_names::weights));
  const ReplayResult replay = replay_test_cases(model->components_.test_cases, model->network_,
                                                model->parameters_.view(), nn::default_kernels());
  if (replay.verified == Verified::not_verified)
    throw Error(ErrorCode::model_damaged, path(file_names::components) +
                                              ": the model does not give the answers that it gave when "
                                              "it was saved: " +
                                              replay.problem);
  model->verified_ = replay.verified;
  return model;
}

std::shared_ptr<const LoadedModel> load_current(const ModelStore& store) {
  const std::optional<StoredVersion> version = store.read_current();
  if (!version) return nullptr;
  return LoadedModel::from_version(*version, store.version_folder(version->sequence).string());
}

}  // namespace deepmine::lifecycle
