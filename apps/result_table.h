// How good a model is, beside what needs no model.
#pragma once

#include <string>

#include "io/metadata_file.h"

namespace deepmine::apps {

/// Figures of every head on the validation and the test part, beside the baselines; then, in words, where the
/// network is not better, and what the figures rest on.
std::string result_text(const io::ModelMetadata& metadata, bool with_colour);

/// The horizons (`in 1 day, in 3 days`) in which the rule set agreed with the labels of the test part at
/// least as often as the network did; empty if there are none or nothing is known.
std::string horizons_lost_to_rules(const io::ModelMetadata& metadata);

}  // namespace deepmine::apps
