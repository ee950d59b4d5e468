// A whole training run of the tiny network, into a store.
#pragma once

#include <filesystem>
#include <string>

#include "lifecycle/training_run.h"
#include "tests/lifecycle/tiny_training.h"

namespace deepmine::test {

inline lifecycle::TrainingRequest tiny_request(const std::filesystem::path& store, int epochs = 2) {
  lifecycle::TrainingRequest request;
  request.records = simulated_records();
  request.data_sha256 = std::string(64, 'a');
  request.static_rows = 12;
  request.timeseries_rows = 12 * 50;
  request.network = tiny_network();
  request.plan = short_plan(epochs);
  request.store = store;
  return request;
}

}  // namespace deepmine::test
