#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "engine/train/ranking_metrics.h"
#include "lifecycle/skill_figures.h"

using namespace deepmine;
using namespace deepmine::lifecycle;

namespace {

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

/// One horizon; every window's target is level 2, and every answer level 2 with probability 0.6.
struct Judged {
  JudgedWindows windows;
  Answers answers;
};
Judged judged(const std::vector<std::int8_t>& labels, const std::vector<double>& probabilities) {
  Judged made;
  made.windows.horizons = {7};
  made.windows.stopes = {0};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    made.windows.stope.push_back(0);
    made.windows.days.push_back(static_cast<stope::Day>(i));
    made.windows.current.push_back(labels[i]);
    made.windows.future.push_back(2);
    made.answers.levels.push_back(2);
    for (const float score : {0.1F, 0.1F, 0.6F, 0.1F, 0.1F, 0.0F}) made.answers.level_scores.push_back(score);
  }
  made.answers.current = probabilities;
  return made;
}

double area_under(const std::vector<CurvePoint>& curve) {
  double area = 0;
  for (std::size_t i = 1; i < curve.size(); ++i)
    area += (curve[i].x - curve[i - 1].x) * (curve[i].y + curve[i - 1].y) / 2;
  return area;
}

}  // namespace

TEST_CASE("who was taken for what; masked windows and answers that are no number do not count") {
  const Judged made = judged({0, 0, 1, 1, stope::masked, 1}, {0.1, 0.5, 0.4, 0.9, 0.9, no_number});
  const auto figures = skill_figures(made.windows, made.answers, 0.5);
  REQUIRE(figures.size() == 2);
  CHECK(figures[0].head == "current");
  CHECK(figures[0].confusion == std::vector<std::vector<std::int64_t>>{{1, 1}, {1, 1}});
  CHECK(figures[1].head == "future_7d");
  CHECK(figures[1].confusion[2][2] == 6);
  CHECK(figures[1].roc.empty());
}

TEST_CASE("reliability: what a bin claimed on average, and how often it was so") {
  const Judged made = judged({0, 1, 1, 0, 1}, {0.11, 0.19, 1.0, 0.0, 0.95});
  const auto bins = skill_figures(made.windows, made.answers, 0.5)[0].reliability;
  REQUIRE(bins.size() == 3);
  CHECK(bins[0].count == 1);
  CHECK(bins[1].probability == doctest::Approx(0.15));
  CHECK(bins[1].share == 0.5);
  CHECK(bins[1].count == 2);
  CHECK(bins[2].probability == doctest::Approx(0.975));  // 1 belongs to the last bin
  CHECK(bins[2].share == 1);
  const auto horizon = skill_figures(made.windows, made.answers, 0.5)[1].reliability;
  REQUIRE(horizon.size() == 1);
  CHECK(horizon[0].probability == doctest::Approx(0.6));
  CHECK(horizon[0].share == 1);
}

TEST_CASE("the curve encloses the area that the metric states, with ties, and stays small") {
  std::vector<std::int8_t> labels;
  std::vector<double> probabilities;
  for (int i = 0; i < 1000; ++i) {
    labels.push_back(i * 7 % 11 < 4 ? 1 : 0);
    probabilities.push_back((i * 37 % 250) / 250.0 *
                            (labels.back() == 1 ? 1 : 0.8));  // every value four times
  }
  const Judged made = judged(labels, probabilities);
  const HeadFigures current = skill_figures(made.windows, made.answers, 0.5)[0];
  CHECK(current.roc.size() == most_curve_points);
  CHECK(current.roc.back().x == 1);
  CHECK(current.roc.back().y == 1);
  CHECK(area_under(current.roc) == doctest::Approx(train::roc_auc(labels, probabilities)).epsilon(0.005));
  CHECK(current.precision_recall.front().y == 1);
  CHECK(current.precision_recall.back().x == 1);
  CHECK(current.precision_recall.back().y == doctest::Approx(364.0 / 1000).epsilon(0.01));
}

TEST_CASE("four windows, every step of both curves") {
  const Judged made = judged({1, 0, 1, 0}, {0.9, 0.7, 0.7, 0.2});
  const HeadFigures current = skill_figures(made.windows, made.answers, 0.5)[0];
  REQUIRE(current.roc.size() == 4);
  CHECK(current.roc[1].x == 0);
  CHECK(current.roc[1].y == 0.5);
  CHECK(current.roc[2].x == 0.5);  // equal probabilities are one step
  CHECK(current.roc[2].y == 1);
  CHECK(current.precision_recall[2].y == doctest::Approx(2.0 / 3));
}

TEST_CASE("one class only has no curves") {
  const Judged made = judged({1, 1}, {0.9, 0.7});
  CHECK(skill_figures(made.windows, made.answers, 0.5)[0].roc.empty());
}
