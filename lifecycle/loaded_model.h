// A model in memory, checked: read from a version of the store or from the files of a checkpoint. Immutable,
// so any number of threads may predict with it, each with a runner of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/components_file.h"
#include "io/metadata_file.h"
#include "lifecycle/batch.h"
#include "lifecycle/store.h"
#include "lifecycle/test_cases.h"

namespace deepmine::lifecycle {

class LoadedModel {
 public:
  /// Parses the files of a version, checks that they belong together and that names and shapes are those of
  /// the network's specification, and replays the test cases. Throws Error(model_damaged) that says which
  /// file and why.
  static std::shared_ptr<const LoadedModel> from_version(const StoredVersion& version,
                                                         const std::string& source);

  const io::ModelMetadata& metadata() const { return metadata_; }
  const io::Components& components() const { return components_; }
  const Network& network() const { return network_; }
  nn::ParameterView<float> parameters() const { return parameters_.view(); }
  Verified verified() const { return verified_; }

 private:
  LoadedModel(io::Components components, io::ModelMetadata metadata);

  io::Components components_;
  io::ModelMetadata metadata_;
  Network network_;
  nn::Parameters<float> parameters_;
  Verified verified_ = Verified::not_verified;
};

/// The model in service, or nothing if the store has none. Throws as above if it is damaged.
std::shared_ptr<const LoadedModel> load_current(const ModelStore& store);

}  // namespace deepmine::lifecycle
