#include "engine/train/class_weights.h"

namespace deepmine::train {

std::vector<double> class_weights(ClassWeights choice, std::span<const std::int64_t> counts) {
  std::vector<double> weights(counts.size(), 1.0);
  if (choice == ClassWeights::none) return weights;
  double total = 0;
  for (const std::int64_t count : counts) total += static_cast<double>(count);
  for (std::size_t c = 0; c < counts.size(); ++c)
    weights[c] =
        counts[c] > 0 ? total / (static_cast<double>(counts.size()) * static_cast<double>(counts[c])) : 0.0;
  return weights;
}

}  // namespace deepmine::train
