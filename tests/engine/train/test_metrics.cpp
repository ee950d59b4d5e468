#include <doctest/doctest.h>

#include <cmath>

#include "engine/train/metrics.h"

using namespace deepmine::train;

namespace {

double value(const Metrics& metrics, const std::string& name) {
  for (const auto& [metric, number] : metrics)
    if (metric == name) return number;
  FAIL("no metric " << name);
  return 0;
}

bool near(double a, double b) {
  return std::abs(a - b) < 1e-12;
}

}  // namespace

// Expected numbers were computed with scikit-learn 1.2 on the same labels.
TEST_CASE("metrics of a two-class head") {
  const std::int8_t labels[] = {1, 1, 1, 0, 0, 0, 0, 0, 1, 0};
  const double probabilities[] = {0.9, 0.6, 0.3, 0.2, 0.55, 0.1, 0.05, 0.4, 0.5, 0.5};
  const Metrics metrics = binary_metrics(labels, probabilities);
  CHECK(near(value(metrics, "accuracy"), 0.7));
  CHECK(near(value(metrics, "recall"), 0.75));
  CHECK(near(value(metrics, "specificity"), 4.0 / 6.0));
  CHECK(near(value(metrics, "balanced_accuracy"), (0.75 + 4.0 / 6.0) / 2));
  CHECK(near(value(metrics, "precision"), 0.6));
  CHECK(near(value(metrics, "f1"), 2 * 0.6 * 0.75 / 1.35));
  CHECK(near(value(metrics, "roc_auc"), 19.5 / 24.0));
  CHECK(near(value(metrics, "brier"), 0.1675));
  CHECK(near(value(metrics, "log_loss"), 0.48955839862129935));
}

TEST_CASE("a perfect and a worst order have areas 1 and 0, ties count half") {
  const std::int8_t labels[] = {0, 0, 1, 1};
  CHECK(near(roc_auc(labels, std::vector<double>{0.1, 0.2, 0.3, 0.4}), 1.0));
  CHECK(near(roc_auc(labels, std::vector<double>{0.4, 0.3, 0.2, 0.1}), 0.0));
  CHECK(near(roc_auc(labels, std::vector<double>{0.5, 0.5, 0.5, 0.5}), 0.5));
}

TEST_CASE("what can't be known is not a number") {
  const std::int8_t labels[] = {0, 0};
  const Metrics metrics = binary_metrics(labels, std::vector<double>{0.1, 0.2});
  CHECK(std::isnan(value(metrics, "recall")));
  CHECK(std::isnan(value(metrics, "roc_auc")));
  CHECK(std::isnan(value(metrics, "precision")));
  CHECK(near(value(metrics, "accuracy"), 1.0));
  CHECK(std::isnan(value(level_metrics({}, {}, 6), "accuracy")));
  const std::int8_t both[] = {0, 1, 1};
  CHECK(std::isnan(roc_auc(both, std::vector<double>{0.1, std::nan(""), 0.3})));
}

TEST_CASE("metrics of risk levels") {
  const std::int8_t labels[] = {0, 1, 2, 2, 5, 0};
  const std::int8_t predicted[] = {0, 2, 2, 2, 3, 1};
  const Metrics metrics = level_metrics(labels, predicted, 6);
  CHECK(near(value(metrics, "accuracy"), 0.5));
  CHECK(near(value(metrics, "mean_absolute_level_error"), 4.0 / 6.0));
  // f1 of levels 0, 1, 2, 3, 5: 2/3, 0, 4/5, 0, 0; level 4 does not occur.
  CHECK(near(value(metrics, "macro_f1"), (2.0 / 3.0 + 0.8) / 5));
}
