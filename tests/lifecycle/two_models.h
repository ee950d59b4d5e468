// Two small models that give different answers, trained once, to be published again and again.
#pragma once

#include <string>

#include "lifecycle/loaded_model.h"
#include "lifecycle/prediction.h"
#include "lifecycle/store_writer.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/marked_model.h"
#include "tests/lifecycle/tiny_request.h"

namespace deepmine::test {

/// Trained with that seed, on one thread.
inline lifecycle::SavedModel small_model(std::uint64_t seed) {
  const TemporaryFolder folder;
  lifecycle::TrainingRequest request = tiny_request(folder / "m", 1);
  request.plan.seed = seed;
  request.gate.mode = lifecycle::GateMode::off;
  lifecycle::run_training(std::move(request));
  return lifecycle::parse_saved_model(*lifecycle::ModelStore(folder / "m").read_current());
}

/// 0 or 1.
inline const lifecycle::SavedModel& model_number(int number) {
  static const lifecycle::SavedModel models[] = {small_model(1), small_model(2)};
  return models[number];
}

/// Puts a model into service as the next version.
inline lifecycle::Sequence publish_model(const lifecycle::ModelStore& store, lifecycle::SavedModel model) {
  lifecycle::StoreWriter writer = store.lock_for_writing();
  model.metadata.sequence = writer.next_sequence();
  return writer.publish(lifecycle::saved_model_files(model, "epoch\n")).sequence;
}

inline lifecycle::Sequence publish_model_number(const lifecycle::ModelStore& store, int number) {
  return publish_model(store, model_number(number));
}

/// Makes a version's weights another file than was written.
inline void damage_version(const lifecycle::ModelStore& store, lifecycle::Sequence sequence) {
  flip_bit(store.version_folder(sequence) / "enhanced_dual_branch_model_weights", 8000);
}

inline lifecycle::PredictionRequest one_thread() {
  lifecycle::PredictionRequest request;
  request.timestamp = "2024-03-30T12:00:00Z";
  request.threads = 1;
  return request;
}

/// Every number of the network's answers; `==` compares bits, there are no NaN.
inline std::vector<double> numbers_of(const std::vector<stope::Assessment>& assessments) {
  std::vector<double> numbers;
  for (const stope::Assessment& assessment : assessments) {
    if (assessment.method != stope::Method::network) continue;
    numbers.push_back(assessment.current_stability.instability_probability.value_or(-1));
    for (const stope::FuturePrediction& future : assessment.future_predictions)
      for (const double p : future.risk_probabilities.value_or(std::array<double, 6>{})) numbers.push_back(p);
  }
  return numbers;
}

inline std::vector<double> answers_of_model_number(int number) {
  const lifecycle::LoadedModel model(model_number(number), "test");
  return numbers_of(lifecycle::predict(&model, simulated_records(), {}, one_thread()));
}

}  // namespace deepmine::test
