// What stands beside the network in every report: the most frequent class, logistic regression on window
// summaries, persistence, the rule set's own extrapolation, and the prior that the network may begin from.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lifecycle/answers.h"
#include "lifecycle/logistic_regression.h"

namespace deepmine::lifecycle {

struct NamedAnswers {
  std::string name;  ///< majority, logistic, persistence, rules, prior
  Answers answers;
};

/// Knows the learning windows' classes and a regression fitted on them; the others need no learning.
class Baselines {
 public:
  /// `learning` may be empty or of one class: then there is neither majority nor logistic. The dataset must
  /// outlive this.
  Baselines(const stope::Dataset& dataset, stope::WindowSelection learning, train::ClassWeights class_weights,
            std::uint64_t seed);

  bool has_learnt() const { return logistic_ != nullptr; }
  std::vector<NamedAnswers> answers(const stope::WindowSelection& selection) const;

 private:
  const stope::Dataset& dataset_;
  stope::WindowSelection learning_;
  std::unique_ptr<LogisticRegression> logistic_;
};

}  // namespace deepmine::lifecycle
