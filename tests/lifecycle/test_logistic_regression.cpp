#include <doctest/doctest.h>

#include <cmath>

#include "engine/nn/error.h"
#include "engine/stope/window_summary.h"
#include "lifecycle/logistic_regression.h"
#include "lifecycle/predictor_sums.h"
#include "tests/lifecycle/tiny_training.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

/// The objective, from the outside: mean cross-entropy of the current head over the training windows.
double current_loss(const TinyTraining& tiny, const Answers& answers) {
  double loss = 0;
  for (std::size_t w = 0; w < answers.current.size(); ++w) {
    const int label = tiny.dataset.current_target(tiny.split.training.windows[w]);
    loss -= std::log(label == 1 ? answers.current[w] : 1 - answers.current[w]);
  }
  return loss / static_cast<double>(answers.current.size());
}

}  // namespace

TEST_CASE("logistic regression learns its training windows, more weakly with more decay") {
  const TinyTraining tiny;
  LogisticPlan plan;
  plan.l2 = 1e-4;
  const auto loss_with = [&](const LogisticPlan& chosen) {
    const LogisticRegression regression(tiny.dataset, tiny.split.training, chosen);
    return current_loss(tiny, regression.answers(tiny.dataset, tiny.split.training));
  };
  const double weak = loss_with(plan);
  plan.l2 = 1;
  const double strong = loss_with(plan);
  const auto counts = tiny.dataset.class_counts(tiny.split.training).current;
  const double share = static_cast<double>(counts[1]) / static_cast<double>(counts[0] + counts[1]);
  const double constant = -share * std::log(share) - (1 - share) * std::log(1 - share);
  CHECK(weak < 0.3 * constant);
  CHECK(strong > 2 * weak);
  CHECK(strong < 1.02 * constant);  // no worse than the constant, whatever the decay
}

TEST_CASE("where it ends does not depend on where it began: the objective is convex") {
  const TinyTraining tiny;
  LogisticPlan plan;
  plan.l2 = 0.01;
  plan.fewest_steps = 3000;
  const Answers first =
      LogisticRegression(tiny.dataset, tiny.split.training, plan).answers(tiny.dataset, tiny.split.test);
  plan.seed = 99;
  const Answers second =
      LogisticRegression(tiny.dataset, tiny.split.training, plan).answers(tiny.dataset, tiny.split.test);
  for (std::size_t w = 0; w < first.current.size(); ++w)
    CHECK(std::abs(first.current[w] - second.current[w]) < 0.02);
  const Answers again =
      LogisticRegression(tiny.dataset, tiny.split.training, plan).answers(tiny.dataset, tiny.split.test);
  CHECK(again.current == second.current);
  CHECK(again.level_scores == second.level_scores);
}

TEST_CASE("class weights move the probabilities towards the rare class") {
  const TinyTraining tiny;
  LogisticPlan plan;
  plan.l2 = 10;  // so strong that little but the share of the classes is left
  const auto mean = [&] {
    const Answers answers = LogisticRegression(tiny.dataset, tiny.split.training, plan)
                                .answers(tiny.dataset, tiny.split.training);
    double sum = 0;
    for (const double p : answers.current) sum += p;
    return sum / static_cast<double>(answers.current.size());
  };
  const auto counts = tiny.dataset.class_counts(tiny.split.training).current;
  const double share = static_cast<double>(counts[1]) / static_cast<double>(counts[0] + counts[1]);
  REQUIRE(std::abs(share - 0.5) > 0.2);
  CHECK(std::abs(mean() - share) < 0.05);
  plan.class_weights = train::ClassWeights::balanced;
  CHECK(std::abs(mean() - 0.5) < 0.1);
}

TEST_CASE("fewer than two windows are no material") {
  const TinyTraining tiny;
  stope::WindowSelection one;
  one.windows = {0};
  try {
    const LogisticRegression regression(tiny.dataset, one, {});
    FAIL("it took one window");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::data_invalid);
  }
}
