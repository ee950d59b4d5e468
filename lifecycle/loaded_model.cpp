#include "lifecycle/loaded_model.h"

#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"
#include "io/model_file_names.h"

namespace deepmine::lifecycle {

LoadedModel::LoadedModel(SavedModel saved, const std::string& source)
    : components_(std::move(saved.components)),
      metadata_(std::move(saved.metadata)),
      network_(components_.network),
      parameters_(network_.layout(), false),
      prediction_(components_.network, nn::default_kernels()) {
  io::copy_to_slab(saved.weights.tensors, network_.layout(), parameters_.values(), source);
  prediction_.take(parameters_.view());
  const ReplayResult replay = replay_test_cases(components_.test_cases, prediction_);
  if (replay.verified == Verified::not_verified)
    throw Error(ErrorCode::model_damaged,
                source + ": the model does not give the answers that it gave when it was saved (" +
                    replay.problem + "); restore it from a copy or train anew");
  verified_ = replay.verified;
}

std::shared_ptr<const LoadedModel> load_current(const ModelStore& store) {
  const std::optional<StoredVersion> version = store.read_current();
  if (!version) return nullptr;
  return std::make_shared<const LoadedModel>(parse_saved_model(*version),
                                             store.version_folder(version->sequence).string());
}

}  // namespace deepmine::lifecycle
