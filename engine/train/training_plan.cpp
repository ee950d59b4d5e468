#include "engine/train/training_plan.h"

#include <cmath>
#include <sstream>

namespace deepmine::train {
namespace {

std::string out_of_place(std::string_view field, double value, std::string_view expected) {
  std::ostringstream text;
  text << field << " is " << value << ", expected " << expected;
  return text.str();
}

}  // namespace

std::string problem_with(const TrainingPlan& p) {
  const auto fraction = [](double value) { return value >= 0 && value < 1; };
  const auto positive = [](double value) { return std::isfinite(value) && value > 0; };
  const auto not_negative = [](double value) { return std::isfinite(value) && value >= 0; };
  if (p.epochs < 1) return out_of_place("epochs", p.epochs, "at least 1");
  if (p.batch_size < 2 || p.batch_size > 65536)
    return out_of_place("batch_size", p.batch_size, "2 to 65536 (batch normalisation needs two samples)");
  if (!positive(p.learning_rate)) return out_of_place("learning_rate", p.learning_rate, "a number above 0");
  if (!fraction(p.beta1)) return out_of_place("beta1", p.beta1, "at least 0 and below 1");
  if (!fraction(p.beta2)) return out_of_place("beta2", p.beta2, "at least 0 and below 1");
  if (!positive(p.adam_epsilon)) return out_of_place("adam_epsilon", p.adam_epsilon, "a number above 0");
  if (!not_negative(p.clip_norm))
    return out_of_place("clip_norm", p.clip_norm, "a number from 0 (no clipping) on");
  if (!not_negative(p.l2)) return out_of_place("l2", p.l2, "a number from 0 on");
  if (p.class_weights != ClassWeights::none && p.class_weights != ClassWeights::balanced)
    return out_of_place("class_weights", static_cast<double>(p.class_weights), "0 (none) or 1 (balanced)");
  if (p.patience < 1) return out_of_place("patience", p.patience, "at least 1");
  if (!not_negative(p.minimum_improvement))
    return out_of_place("minimum_improvement", p.minimum_improvement, "a number from 0 on");
  if (!positive(p.plateau_factor) || p.plateau_factor > 1)
    return out_of_place("plateau_factor", p.plateau_factor, "above 0 and at most 1");
  if (p.plateau_patience < 1) return out_of_place("plateau_patience", p.plateau_patience, "at least 1");
  if (!not_negative(p.plateau_improvement))
    return out_of_place("plateau_improvement", p.plateau_improvement, "a number from 0 on");
  if (!not_negative(p.lowest_learning_rate))
    return out_of_place("lowest_learning_rate", p.lowest_learning_rate, "a number from 0 on");
  return {};
}

std::string_view name(ClassWeights choice) {
  return choice == ClassWeights::none ? "none" : "balanced";
}

}  // namespace deepmine::train
