#include "lifecycle/loaded_model.h"

#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"
#include "io/model_file_names.h"

namespace deepmine::lifecycle {

LoadedModel::LoadedModel(SavedModel saved, const std::string& source, const nn::Kernels<float>& kernels)
    : components_(std::move(saved.components)),
      metadata_(std::move(saved.metadata)),
      network_(components_.network),
      parameters_(network_.layout(), false),
      prediction_(components_.network, kernels) {
  io::copy_to_slab(saved.weights.tensors, network_.layout(), parameters_.values(), source);
  prediction_.take(parameters_.view());
  const ReplayResult replay = replay_test_cases(components_.test_cases, prediction_);
  if (replay.verified == Verified::not_verified)
    throw Error(ErrorCode::model_damaged,
                source + ": the model does not give the answers that it gave when it was saved (" +
                    replay.problem + "); restore it from a copy or train anew");
  verified_ = replay.verified;
}

namespace {

std::shared_ptr<const LoadedModel> load(const StoredVersion& version, const std::string& source) {
  return std::make_shared<const LoadedModel>(parse_saved_model(version), source);
}

/// An older version for one that can't be used. What is wrong with those that were tried is added.
std::shared_ptr<const LoadedModel> load_stand_in(const ModelStore& store, std::string& problem) {
  for (const Sequence sequence : store.stand_ins()) {
    try {
      return load(store.read(sequence), store.version_folder(sequence).string());
    } catch (const Error& error) {
      if (!is_about_the_model(error)) throw;
      problem += "; version " + std::to_string(sequence) + " can't stand in: " + error.what();
    }
  }
  return nullptr;
}

}  // namespace

bool is_about_the_model(const Error& error) {
  return error.code() == ErrorCode::model_damaged || error.code() == ErrorCode::model_missing;
}

bool may_pass(const Error& error) {
  const auto* system = dynamic_cast<const io::SystemError*>(&error);
  return system != nullptr ? !is_absence(*system) : !is_about_the_model(error);
}

std::vector<std::size_t> untrained_horizons(const LoadedModel& model) {
  const auto& metrics = model.metadata().metrics;
  const auto training = metrics.find("training");
  if (training == metrics.end()) return {};
  const std::vector<int>& horizons = model.components().network.horizons;
  std::vector<std::size_t> untrained;
  for (std::size_t h = 0; h < horizons.size(); ++h) {
    const auto head = training->second.find("future_" + std::to_string(horizons[h]) + "d");
    if (head == training->second.end()) {
      untrained.push_back(h);
      continue;
    }
    const auto samples = head->second.find("samples");
    if (samples == head->second.end() || !(samples->second > 0)) untrained.push_back(h);
  }
  return untrained;
}

void check_model(const StoredVersion& version) {
  load(version, "version " + std::to_string(version.sequence));
}

std::shared_ptr<const LoadedModel> load_current(const ModelStore& store) {
  const std::optional<StoredVersion> version = store.read_current();
  if (!version) return nullptr;
  return load(*version, store.version_folder(version->sequence).string());
}

ModelInService load_in_service(const ModelStore& store) {
  for (;;) {
    const std::string stamp = store.current_stamp();
    ModelInService result;
    try {
      result.model = load_current(store);
      return result;
    } catch (const Error& error) {
      if (!is_about_the_model(error)) throw;
      result.problem = error.what();
      result.may_pass = may_pass(error);
    }
    result.model = load_stand_in(store, result.problem);
    // If another one went into service meanwhile, that one is the answer.
    if (store.current_stamp() == stamp) return result;
  }
}

}  // namespace deepmine::lifecycle
