#include <doctest/doctest.h>

#include <cmath>

#include "engine/train/schedule.h"

using namespace deepmine::train;

namespace {

TrainingPlan short_plan() {
  TrainingPlan plan;
  plan.learning_rate = 1e-3;
  plan.plateau_patience = 2;
  plan.plateau_improvement = 1e-4;
  plan.lowest_learning_rate = 3e-4;
  plan.patience = 3;
  return plan;
}

}  // namespace

TEST_CASE("the learning rate is halved after the patience, and not below its floor") {
  PlateauSchedule schedule(short_plan());
  CHECK(!schedule.epoch_ended(1.0));
  CHECK(!schedule.epoch_ended(0.99995));  // better, but not by 1e-4
  CHECK(schedule.epoch_ended(1.0));
  CHECK(schedule.learning_rate() == 5e-4);
  CHECK(!schedule.epoch_ended(1.0));
  CHECK(schedule.epoch_ended(1.0));
  CHECK(schedule.learning_rate() == 3e-4);  // the floor, not 2.5e-4
  schedule.epoch_ended(1.0);
  CHECK(!schedule.epoch_ended(1.0));
  CHECK(schedule.learning_rate() == 3e-4);
}

TEST_CASE("an improvement starts the plateau's patience anew") {
  PlateauSchedule schedule(short_plan());
  schedule.epoch_ended(1.0);
  schedule.epoch_ended(1.0);
  CHECK(!schedule.epoch_ended(0.9));
  CHECK(!schedule.epoch_ended(0.9));
  CHECK(schedule.epoch_ended(0.9));
}

TEST_CASE("early stopping counts epochs since the best one, and remembers it") {
  EarlyStopping stopping(short_plan());
  using Verdict = EarlyStopping::Verdict;
  CHECK(stopping.epoch_ended(1, 1.0) == Verdict::improved);
  CHECK(stopping.epoch_ended(2, 0.5) == Verdict::improved);
  CHECK(stopping.epoch_ended(3, 0.5) == Verdict::go_on);  // equal is no improvement
  CHECK(stopping.epoch_ended(4, 0.6) == Verdict::go_on);
  CHECK(stopping.epoch_ended(5, 0.7) == Verdict::stop);
  CHECK(stopping.best_epoch() == 2);
  CHECK(stopping.best_loss() == 0.5);
}

TEST_CASE("a minimum improvement is asked for where the plan says so") {
  TrainingPlan plan = short_plan();
  plan.minimum_improvement = 0.1;
  EarlyStopping stopping(plan);
  stopping.epoch_ended(1, 1.0);
  CHECK(stopping.epoch_ended(2, 0.95) == EarlyStopping::Verdict::go_on);
  CHECK(stopping.epoch_ended(3, 0.85) == EarlyStopping::Verdict::improved);
}

TEST_CASE("a loss that is no number is never an improvement") {
  EarlyStopping stopping(short_plan());
  CHECK(stopping.epoch_ended(1, std::nan("")) == EarlyStopping::Verdict::go_on);
  CHECK(stopping.best_epoch() == 0);
  CHECK(stopping.epoch_ended(2, 5.0) == EarlyStopping::Verdict::improved);
}

TEST_CASE("a restored schedule goes on where it was") {
  PlateauSchedule first(short_plan()), second(short_plan());
  first.epoch_ended(1.0);
  first.epoch_ended(1.0);
  second.restore(first.state());
  CHECK(first.epoch_ended(1.0) == second.epoch_ended(1.0));
  CHECK(first.learning_rate() == second.learning_rate());
  CHECK(second.learning_rate() == 5e-4);
}
