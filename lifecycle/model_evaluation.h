// How good a saved model is on given stopes, beside the baselines.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lifecycle/judgement.h"
#include "lifecycle/loaded_model.h"

namespace deepmine::lifecycle {

struct ModelEvaluationRequest {
  std::vector<stope::StopeRecord> records;
  std::string data_sha256;  ///< of the files that the records came from
  stope::SiteSettings settings;
  /// Judge all windows, those too that the model was trained on. The report says so.
  bool include_training_stopes = false;
  std::optional<FailureDates> failures;
  Bootstrap bootstrap;
  bool importance = false;  ///< measure which inputs matter, on the validation stopes
  int threads = 1;
};

/// What of a dataset a model may be judged on, and what it has seen.
struct SeenAndUnseen {
  stope::WindowSelection unseen, seen;
  stope::WindowSelection validation;  ///< a part of `seen`
  /// The data is that of the training, and the split was made again as the metadata describes it.
  bool is_the_training_data = false;
};
/// With the training's own data (same hash, and the split gives the same stopes) the test part is unseen.
/// With any other data, every stope that the training's lists of training and validation stopes do not name.
SeenAndUnseen seen_and_unseen(const stope::Dataset& dataset, const io::ModelMetadata& metadata,
                              const std::string& data_sha256);

/// A model's answers beside those of the baselines, and what they are worth.
struct JudgedModel {
  Contest contest;
  io::EvaluationReport report;
};
/// As evaluate_model(), of a dataset that is there already; the request's records are not looked at.
JudgedModel judge_model(const LoadedModel& model, const stope::Dataset& dataset,
                        const ModelEvaluationRequest& request);

/// Majority and logistic regression learn from the windows that the model has seen, where they are among
/// these records; a remark says when they are not. Throws Error(usage) if there is nothing that the model has
/// not seen and include_training_stopes is not set.
io::EvaluationReport evaluate_model(const LoadedModel& model, ModelEvaluationRequest request);

}  // namespace deepmine::lifecycle
