#include <doctest/doctest.h>

#include <cmath>

#include "engine/train/binary_metrics.h"
#include "engine/train/level_metrics.h"
#include "engine/train/ranking_metrics.h"

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
  CHECK(std::isnan(value(metrics, "f1")));
  CHECK(std::isnan(value(metrics, "cohen_kappa")));
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

TEST_CASE("an answer that is no number never counts as stable") {
  const std::int8_t labels[] = {0, 0, 1};
  const Metrics metrics = binary_metrics(labels, std::vector<double>{0.1, std::nan(""), 0.9});
  CHECK(value(metrics, "samples") == 3);
  for (const char* name : {"accuracy", "specificity", "brier", "log_loss", "ece", "roc_auc", "pr_auc"})
    CHECK(std::isnan(value(metrics, name)));
}

TEST_CASE("sums of groups give the metrics of their union, each group counted as often as it was drawn") {
  BinarySums first, second, drawn, repeated;
  first.add(true, 0.7, 0.5);
  first.add(false, 0.6, 0.5);
  second.add(true, 0.2, 0.5);
  second.add(false, 0.1, 0.5);
  drawn.add(first, 2);
  drawn.add(second, 1);
  for (int i = 0; i < 2; ++i) {
    repeated.add(true, 0.7, 0.5);
    repeated.add(false, 0.6, 0.5);
  }
  repeated.add(true, 0.2, 0.5);
  repeated.add(false, 0.1, 0.5);
  for (const auto& metric : repeated.metrics()) {
    CAPTURE(metric.first);
    CHECK(near(value(drawn.metrics(), metric.first), metric.second));
  }
  CHECK(near(value(drawn.metrics(), "recall"), 2.0 / 3));

  LevelSums low(6), high(6), both(6), counted(6);
  low.add(0, 0, true);
  low.add(1, 2, false);
  high.add(5, 3, true);
  both.add(low, 1);
  both.add(high, 3);
  counted.add(0, 0, true);
  counted.add(1, 2, false);
  for (int i = 0; i < 3; ++i) counted.add(5, 3, true);
  for (const auto& metric : counted.metrics()) {
    CAPTURE(metric.first);
    const double found = value(both.metrics(), metric.first), number = metric.second;
    CHECK((std::isnan(number) ? std::isnan(found) : near(found, number)));
  }
}

TEST_CASE("without a second choice there is no top-2 accuracy") {
  const std::int8_t labels[] = {0, 1}, predicted[] = {0, 2};
  CHECK(std::isnan(value(level_metrics(labels, predicted, 6), "top_2_accuracy")));
  LevelSums mixed(6);
  mixed.add(0, 0, true);
  mixed.add(1, 1, std::nullopt);
  CHECK(std::isnan(value(mixed.metrics(), "top_2_accuracy")));
}

TEST_CASE("which way a metric is better") {
  CHECK(more_is_better("roc_auc"));
  CHECK(more_is_better("mean_lead_days"));
  for (const char* error : {"brier", "log_loss", "ece", "false_negative_rate", "mean_absolute_level_error",
                            "false_alarms_per_stope_month"})
    CHECK_FALSE(more_is_better(error));
}
