#include "engine/train/temperature.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace deepmine::train {
namespace {

/// Mean loss at β and its derivative by β.
struct Point {
  double loss = 0, slope = 0;
};

/// A sample whose logits are `z`, scaled by β.
Point sample_point(std::span<const double> z, std::size_t label, double beta) {
  const double highest = *std::max_element(z.begin(), z.end());
  double sum = 0, weighted = 0;
  for (const double logit : z) {
    const double power = std::exp(beta * (logit - highest));
    sum += power;
    weighted += power * logit;
  }
  return {std::log(sum) - beta * (z[label] - highest), weighted / sum - z[label]};
}

Point mean_point(std::span<const double> logits, std::size_t classes, std::span<const std::int8_t> labels,
                 double beta) {
  Point mean;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    Point point;
    if (classes == 1) {  // the other class has the logit 0
      const double pair[] = {0, logits[i]};
      point = sample_point(pair, static_cast<std::size_t>(labels[i]), beta);
    } else {
      point = sample_point(logits.subspan(i * classes, classes), static_cast<std::size_t>(labels[i]), beta);
    }
    mean.loss += point.loss;
    mean.slope += point.slope;
  }
  const auto samples = static_cast<double>(labels.size());
  return {mean.loss / samples, mean.slope / samples};
}

TemperatureFit fit(std::span<const double> logits, std::size_t classes, std::span<const std::int8_t> labels) {
  assert(!labels.empty() && logits.size() == labels.size() * classes);
  const auto at = [&](double beta) { return mean_point(logits, classes, labels, beta); };
  constexpr int halvings = 60;  // more than a double can tell apart
  double low = 1 / highest_temperature, high = 1 / lowest_temperature;
  for (int i = 0; i < halvings; ++i) {
    const double middle = 0.5 * (low + high);
    (at(middle).slope < 0 ? low : high) = middle;
  }
  TemperatureFit result;
  result.log_loss_before = result.log_loss_after = at(1).loss;
  const double temperature = 2 / (low + high);
  // Logits that are all equal have no best temperature: nothing is gained, so nothing is changed.
  if (const double loss = at(1 / temperature).loss; loss < result.log_loss_before) {
    result.temperature = temperature;
    result.log_loss_after = loss;
  }
  return result;
}

}  // namespace

TemperatureFit fit_binary_temperature(std::span<const double> logits, std::span<const std::int8_t> labels) {
  return fit(logits, 1, labels);
}

TemperatureFit fit_level_temperature(std::span<const double> logits, std::size_t classes,
                                     std::span<const std::int8_t> labels) {
  return fit(logits, classes, labels);
}

}  // namespace deepmine::train
