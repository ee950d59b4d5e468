// The file of a search space (docs/tuning.md): a JSON object, a setting a name, each with one way to draw it.
//
//     { "learning_rate": { "log_uniform": [0.0005, 0.01] },
//       "units":         { "choice": [2, 4, 8, 16] },
//       "dense_dropout": { "uniform": [0.2, 0.8] },
//       "class_weights": { "choice": ["none", "balanced"] } }
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "engine/train/search_space.h"

namespace deepmine::io {

/// Throws Error{usage} naming `source`, the setting, what was expected and what was found, all problems in
/// one message. Whether a setting of that name exists is for others to say (lifecycle/hyper_parameters.h).
/// Settings come back in the order of their names.
train::SearchSpace parse_search_space(std::string_view text, const std::string& source);

/// The same from a file of at most 1 MiB.
train::SearchSpace read_search_space(const std::filesystem::path& path);

/// One line of JSON, for comparing one space with another.
std::string search_space_json(const train::SearchSpace& space);

}  // namespace deepmine::io
