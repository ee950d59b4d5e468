// Successive halving (Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter
// optimization", AISTATS 2016): many trials with little training, then the best of them with more, and so on.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace deepmine::train {

struct Rung {
  int trials = 0;  ///< how many get so far
  int epochs = 0;  ///< what each of them may use

  bool operator==(const Rung&) const = default;
};

/// From `trials` trials down to one: each rung has one in `factor` of the trials of the rung before (rounded
/// up) and `factor` times the epochs, the last one `epochs`; a rung never has fewer than `fewest_epochs`. The
/// trials of the last rung are what is left when one more halving would leave none to choose from. All
/// arguments at least 1, `factor` at least 2.
std::vector<Rung> halving_rungs(int trials, int epochs, int factor, int fewest_epochs);

/// Which of the trials go on: positions of the `count` lowest losses, best first; of equal ones the earlier.
/// A loss that is no number stands last.
std::vector<std::size_t> best_trials(std::span<const double> losses, std::size_t count);

}  // namespace deepmine::train
