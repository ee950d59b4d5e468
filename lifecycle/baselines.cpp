#include "lifecycle/baselines.h"

namespace deepmine::lifecycle {

Baselines::Baselines(const stope::Dataset& dataset, stope::WindowSelection learning,
                     train::ClassWeights class_weights, std::uint64_t seed)
    : dataset_(dataset), learning_(std::move(learning)) {
  const auto counts = dataset.class_counts(learning_).current;
  if (counts[0] == 0 || counts[1] == 0) return;
  LogisticPlan plan;
  plan.class_weights = class_weights;
  plan.seed = seed;
  logistic_ = std::make_unique<LogisticRegression>(dataset, learning_, plan);
}

std::vector<NamedAnswers> Baselines::answers(const stope::WindowSelection& selection) const {
  std::vector<NamedAnswers> answers;
  if (has_learnt()) {
    answers.push_back({"majority", majority_answers(dataset_, learning_, selection)});
    answers.push_back({"logistic", logistic_->answers(dataset_, selection)});
  }
  answers.push_back({"persistence", persistence_answers(dataset_, selection)});
  answers.push_back({"rules", rule_answers(dataset_, selection)});
  answers.push_back({"prior", prior_answers(dataset_, selection)});
  return answers;
}

}  // namespace deepmine::lifecycle
