// What two trainings published, compared: all that does not tell the time or the name of the run.
#pragma once

#include <doctest/doctest.h>

#include <bit>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "io/model_file_names.h"
#include "lifecycle/saved_model.h"
#include "tests/lifecycle/tiny_request.h"

namespace deepmine::test {

/// The numbers of a record but those of time, bit for bit.
inline std::vector<std::uint64_t> bits_of(const lifecycle::EpochRecord& record) {
  std::vector<std::uint64_t> bits{static_cast<std::uint64_t>(record.epoch), record.best};
  const auto add = [&bits](double value) { bits.push_back(std::bit_cast<std::uint64_t>(value)); };
  for (const double value :
       {record.learning_rate, record.training_loss, record.validation_loss, record.penalty})
    add(value);
  for (const auto* values :
       {&record.training_head_losses, &record.validation_head_losses, &record.validation_accuracy})
    for (const double value : *values) add(value);
  return bits;
}

/// The log without its columns seconds and samples_per_second.
inline std::string log_without_times(const std::string& log) {
  std::istringstream lines(log);
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t best = line.rfind(','), rate = line.rfind(',', best - 1),
                      seconds = line.rfind(',', rate - 1);
    text += line.substr(0, seconds) + line.substr(best) + "\n";
  }
  return text;
}

/// The models in service of two stores have the same weights and test cases, bit for bit, the same log and
/// metrics.
inline void check_same_model(const std::filesystem::path& a, const std::filesystem::path& b) {
  namespace names = io::model_file_names;
  const auto files_a = lifecycle::ModelStore(a).read_current(),
             files_b = lifecycle::ModelStore(b).read_current();
  REQUIRE(files_a.has_value());
  REQUIRE(files_b.has_value());
  const lifecycle::SavedModel model_a = lifecycle::parse_saved_model(*files_a),
                              model_b = lifecycle::parse_saved_model(*files_b);
  REQUIRE(model_a.weights.tensors.size() == model_b.weights.tensors.size());
  for (std::size_t i = 0; i < model_a.weights.tensors.size(); ++i) {
    const auto &left = model_a.weights.tensors[i].values, &right = model_b.weights.tensors[i].values;
    REQUIRE(left.size() == right.size());
    CHECK(std::memcmp(left.data(), right.data(), left.size() * sizeof(float)) == 0);
  }
  CHECK(model_a.components.test_cases == model_b.components.test_cases);
  CHECK(log_without_times(files_a->bytes(names::training_log)) ==
        log_without_times(files_b->bytes(names::training_log)));
  CHECK(model_a.metadata.best_epoch == model_b.metadata.best_epoch);
  CHECK(model_a.metadata.epochs_run == model_b.metadata.epochs_run);
  for (const auto& [part, heads] : model_a.metadata.metrics)
    for (const auto& [head, metrics] : heads)
      for (const auto& [metric, value] : metrics) {
        const double other = model_b.metadata.metrics.at(part).at(head).at(metric);
        CHECK(std::bit_cast<std::uint64_t>(value) == std::bit_cast<std::uint64_t>(other));
      }
}

/// Starts a training and interrupts it after `steps` steps.
inline lifecycle::TrainingOutcome interrupt_after(int steps, const lifecycle::TrainingRequest& request) {
  lifecycle::TrainingRunHooks hooks;
  hooks.training.stop_requested = [steps, made = 0]() mutable { return ++made == steps; };
  const lifecycle::TrainingOutcome outcome = lifecycle::run_training(request, hooks);
  REQUIRE(outcome.interrupted);
  return outcome;
}

}  // namespace deepmine::test
