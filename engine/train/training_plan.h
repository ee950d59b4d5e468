// The recipe of a training run. Every number of it is a field here, a flag of the command line and a line in
// the metadata of the model that it made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace deepmine::train {

enum class ClassWeights : std::uint8_t { none = 0, balanced = 1 };

struct TrainingPlan {
  int epochs = 100;  ///< at most
  int batch_size = 32;
  double learning_rate = 1e-3;
  double beta1 = 0.9, beta2 = 0.999, adam_epsilon = 1e-7;
  double clip_norm = 1;  ///< of the gradient of each named tensor; 0: no clipping
  double l2 = 1e-3;
  ClassWeights class_weights = ClassWeights::none;

  int patience = 20;                   ///< epochs without a better validation loss before the end
  double minimum_improvement = 0;      ///< what counts as better, for early stopping
  double plateau_factor = 0.5;         ///< the learning rate is multiplied by it …
  int plateau_patience = 10;           ///< … after so many epochs without an improvement …
  double plateau_improvement = 1e-4;   ///< … of this much …
  double lowest_learning_rate = 1e-6;  ///< … but not below this

  std::uint64_t seed = 0;

  bool operator==(const TrainingPlan&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("epochs", self.epochs);
    visit("batch_size", self.batch_size);
    visit("learning_rate", self.learning_rate);
    visit("beta1", self.beta1);
    visit("beta2", self.beta2);
    visit("adam_epsilon", self.adam_epsilon);
    visit("clip_norm", self.clip_norm);
    visit("l2", self.l2);
    visit("class_weights", self.class_weights);
    visit("patience", self.patience);
    visit("minimum_improvement", self.minimum_improvement);
    visit("plateau_factor", self.plateau_factor);
    visit("plateau_patience", self.plateau_patience);
    visit("plateau_improvement", self.plateau_improvement);
    visit("lowest_learning_rate", self.lowest_learning_rate);
    visit("seed", self.seed);
  }
};

/// The first thing that makes the plan unusable, naming the field, what was expected and what was found; or
/// empty.
std::string problem_with(const TrainingPlan& plan);

std::string_view name(ClassWeights choice);

}  // namespace deepmine::train
