// Weights of the classes of one head.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/train/training_plan.h"

namespace deepmine::train {

/// `balanced`: w = n / (k · n_c) with n targets over k classes, n_c of them of class c; a class without any
/// gets 0 (Keras and scikit-learn's "balanced"). `none`: 1 for every class. `counts` has one entry a class.
std::vector<double> class_weights(ClassWeights choice, std::span<const std::int64_t> counts);

}  // namespace deepmine::train
