// A dataset of a few simulated stopes and a network of a few units: what the tests of training share.
#pragma once

#include <vector>

#include "engine/stope/dataset.h"
#include "engine/stope/simulator.h"
#include "engine/stope/split.h"
#include "lifecycle/trainer.h"

namespace deepmine::test {

inline std::vector<stope::StopeRecord> simulated_records(std::size_t stopes = 12, int days = 50) {
  const stope::SimulationPlan plan{.seed = 7, .stopes = stopes, .days = days};
  std::vector<stope::StopeRecord> records;
  for (std::size_t i = 0; i < stopes; ++i) records.push_back(stope::simulate_stope(plan, i).record);
  return records;
}

inline stope::NetworkSpecification tiny_network() {
  stope::NetworkSpecification s;
  s.days = 8;  // the labels need 7
  s.horizons = {1, 7};
  s.static_units = s.temporal_units = s.shared_units = 8;
  s.branch_units = s.shared_output_units = s.head_units = 6;
  s.self_attention_heads = s.cross_attention_heads = 2;
  s.key_size = 3;
  return s;
}

/// Data, split and scaler for tiny_network().
struct TinyTraining {
  stope::Dataset dataset;
  stope::Split split;
  stope::InputScaler scaler;

  explicit TinyTraining(std::vector<stope::StopeRecord> records = simulated_records(),
                        stope::SplitPlan plan = {})
      : dataset(std::move(records), {}, {tiny_network().days, tiny_network().horizons}),
        split(stope::split_windows(dataset, plan)),
        scaler(stope::fit_input_scaler(dataset, split.training)) {}

  lifecycle::TrainingSetup setup(const train::TrainingPlan& plan, int threads = 1) const {
    return {dataset, split, scaler, tiny_network(), plan, threads};
  }
};

inline train::TrainingPlan short_plan(int epochs) {
  train::TrainingPlan plan;
  plan.epochs = epochs;
  plan.batch_size = 16;
  plan.seed = 5;
  return plan;
}

inline std::vector<float> values_of(const nn::Parameters<float>& parameters) {
  return {parameters.values(), parameters.values() + parameters.layout().size()};
}

}  // namespace deepmine::test
