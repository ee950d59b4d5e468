// How good a model is, beside what needs no model.
#pragma once

#include <string>

#include "io/metadata_file.h"

namespace deepmine::apps {

/// Figures of every head on the validation and the test part, beside the most frequent class and the rule
/// set; then, in words, where the network is not better, and what the figures rest on.
std::string result_text(const io::ModelMetadata& metadata, bool with_colour);

}  // namespace deepmine::apps
