#include "engine/train/successive_halving.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>

namespace deepmine::train {

std::vector<Rung> halving_rungs(int trials, int epochs, int factor, int fewest_epochs) {
  std::vector<Rung> rungs{{trials, 0}};
  while (rungs.back().trials > 1) rungs.push_back({(rungs.back().trials + factor - 1) / factor, 0});
  // The last one alone would have nobody to be compared with.
  if (rungs.size() > 1) rungs.pop_back();
  int budget = epochs;
  for (auto rung = rungs.rbegin(); rung != rungs.rend(); ++rung) {
    rung->epochs = std::min(epochs, std::max(budget, fewest_epochs));
    budget /= factor;
  }
  return rungs;
}

std::vector<std::size_t> best_trials(std::span<const double> losses, std::size_t count) {
  std::vector<std::size_t> order(losses.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto worth = [&](std::size_t i) {
    return std::isnan(losses[i]) ? std::numeric_limits<double>::infinity() : losses[i];
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return worth(a) < worth(b); });
  order.resize(std::min(count, order.size()));
  return order;
}

}  // namespace deepmine::train
