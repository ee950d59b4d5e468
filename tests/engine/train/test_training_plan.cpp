#include <doctest/doctest.h>

#include <limits>

#include "engine/train/class_weights.h"
#include "engine/train/training_plan.h"

using namespace deepmine::train;

TEST_CASE("the recipe of the product has no problem") {
  CHECK(problem_with(TrainingPlan{}).empty());
}

TEST_CASE("each unusable field is named") {
  const auto problem = [](auto change) {
    TrainingPlan plan;
    change(plan);
    return problem_with(plan);
  };
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  CHECK(problem([](auto& p) { p.epochs = 0; }).starts_with("epochs is 0"));
  CHECK(problem([](auto& p) { p.batch_size = 1; }).starts_with("batch_size is 1"));
  CHECK(problem([](auto& p) { p.learning_rate = 0; }).starts_with("learning_rate"));
  CHECK(problem([&](auto& p) { p.learning_rate = not_a_number; }).starts_with("learning_rate"));
  CHECK(problem([](auto& p) { p.beta1 = 1; }).starts_with("beta1"));
  CHECK(problem([](auto& p) { p.beta2 = -0.1; }).starts_with("beta2"));
  CHECK(problem([](auto& p) { p.adam_epsilon = 0; }).starts_with("adam_epsilon"));
  CHECK(problem([](auto& p) { p.clip_norm = -1; }).starts_with("clip_norm"));
  CHECK(problem([&](auto& p) { p.l2 = not_a_number; }).starts_with("l2"));
  CHECK(problem([](auto& p) {
          p.class_weights = static_cast<ClassWeights>(7);
        }).starts_with("class_weights is 7"));
  CHECK(problem([](auto& p) { p.patience = 0; }).starts_with("patience"));
  CHECK(problem([](auto& p) { p.plateau_factor = 1.5; }).starts_with("plateau_factor"));
  CHECK(problem([](auto& p) { p.plateau_patience = 0; }).starts_with("plateau_patience"));
  CHECK(problem([](auto& p) { p.lowest_learning_rate = -1; }).starts_with("lowest_learning_rate"));
}

TEST_CASE("balanced class weights are n / (k · n_c), and an absent class has none") {
  const std::int64_t counts[] = {30, 10, 0};
  const auto balanced = class_weights(ClassWeights::balanced, counts);
  CHECK(balanced[0] == doctest::Approx(40.0 / 90.0));
  CHECK(balanced[1] == doctest::Approx(40.0 / 30.0));
  CHECK(balanced[2] == 0.0);
  CHECK(class_weights(ClassWeights::none, counts) == std::vector<double>{1, 1, 1});
}
