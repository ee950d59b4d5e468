// A model in memory, checked: read from a version of the store or from the files of a checkpoint. Immutable,
// so any number of threads may predict with it, each with a runner of its own (runners() lends them).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"
#include "lifecycle/network_runner.h"
#include "lifecycle/runner_pool.h"
#include "lifecycle/saved_model.h"
#include "lifecycle/test_cases.h"

namespace deepmine::lifecycle {

class LoadedModel {
 public:
  /// Builds the network, takes the weights over and replays the test cases. `source` is named in errors.
  /// Throws Error(model_damaged) if the weights are not the network's or an answer is another than when it
  /// was saved. `kernels`: those of predictions.
  LoadedModel(SavedModel saved, const std::string& source,
              const nn::Kernels<float>& kernels = nn::default_kernels());
  LoadedModel(const LoadedModel&) = delete;
  LoadedModel& operator=(const LoadedModel&) = delete;

  const io::ModelMetadata& metadata() const { return metadata_; }
  const io::Components& components() const { return components_; }
  const Network& network() const { return network_; }
  /// The values alone, not packed for products. Passes of network(), such as Monte Carlo dropout needs, take
  /// Parameters of their own with these values.
  nn::ParameterView<float> parameters() const { return parameters_.view(); }
  /// The same network and parameters for predictions: what answers come from.
  const PredictionNetwork& prediction() const { return prediction_; }
  /// Runners of prediction(), for any number of threads.
  RunnerPool& runners() const { return runners_; }
  Verified verified() const { return verified_; }

 private:
  io::Components components_;
  io::ModelMetadata metadata_;
  Network network_;
  nn::Parameters<float> parameters_;
  PredictionNetwork prediction_;
  mutable RunnerPool runners_{prediction_};
  Verified verified_ = Verified::not_verified;
};

/// Indices of the horizons for which the training part had no label, by the model's own record: what the
/// network says there means nothing.
std::vector<std::size_t> untrained_horizons(const LoadedModel& model);

/// Whether an error is about the model, and not about a system that did not let us look at it.
bool is_about_the_model(const Error& error);
/// Whether trying again may help: the system failed, the model need not be damaged.
bool may_pass(const Error& error);

/// A ContentCheck (store.h): decodes every file of a version, builds the network and replays the test cases.
/// Throws Error{model_damaged} as the constructor does.
void check_model(const StoredVersion& version);

/// What answers: the model in service or, where that is damaged, an older good one.
struct ModelInService {
  std::shared_ptr<const LoadedModel> model;  ///< null: none can be used
  /// Not empty: the model in service can't be used, and why; `model` is an older one then (degraded), or
  /// none. Empty and no model: nothing was ever published.
  std::string problem;
  bool may_pass = false;  ///< the problem (see may_pass() below)
  bool is_degraded() const { return model != nullptr && !problem.empty(); }
};
/// Loads the model in service, else the best sound stand-in (ModelStore::stand_ins()). Damage is a value
/// here.
ModelInService load_in_service(const ModelStore& store);

/// The model in service, or nothing if the store has none. Throws Error(model_damaged) that says which file
/// and why.
std::shared_ptr<const LoadedModel> load_current(const ModelStore& store);

}  // namespace deepmine::lifecycle
