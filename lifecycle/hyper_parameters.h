// The settings of a training that a search may change, by name: every number of the training plan but seed
// and epochs, and the sizes, dropout rates and choices of the network.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/stope/network_specification.h"
#include "engine/train/search_space.h"
#include "engine/train/training_plan.h"

namespace deepmine::lifecycle {

/// What a training is made with.
struct HyperParameters {
  train::TrainingPlan plan;
  stope::NetworkSpecification network;

  bool operator==(const HyperParameters&) const = default;
};

/// A name that stands for six sizes at once: of all layers but the attention's.
inline constexpr std::string_view units_name = "units";

/// All names, `units` among them.
std::vector<std::string> hyper_parameter_names();
/// The fields of the network among them, without `units`.
std::vector<std::string> network_setting_names();

/// Sets them. Returns what is wrong with the first that can't be set (no such name, a fraction where a whole
/// number is expected, a word that is no choice), or that makes plan or network unusable; or an empty text.
std::string apply_settings(const train::Settings& settings, HyperParameters& parameters);

/// Makes ranges of settings that are whole numbers draw whole numbers, and says what is wrong with the space,
/// a sentence a setting that begins with its name: every choice, and both ends of a range, must be settings
/// that apply_settings() takes.
std::vector<std::string> prepare(train::SearchSpace& space, const HyperParameters& base);

/// The space that is searched where nobody gave one, as a file.
std::string_view default_search_space();

}  // namespace deepmine::lifecycle
