// Which settings a search may try, and the settings of trial number n: a function of seed, number and name
// alone, so that a setting that is added to the space changes no other one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "engine/nn/random.h"

namespace deepmine::train {

/// A number, or one of some words.
using SettingValue = std::variant<double, std::string>;
/// By name: `learning_rate`, `static_units`.
using Settings = std::map<std::string, SettingValue>;

/// What one setting may be.
struct SearchDimension {
  enum class Kind : std::uint8_t {
    choice,       ///< one of `choices`, each as likely
    uniform,      ///< lowest to highest
    log_uniform,  ///< the same for the logarithm: as often between 0.001 and 0.01 as between 0.01 and 0.1
  };
  std::string name;
  Kind kind = Kind::choice;
  std::vector<SettingValue> choices;
  double lowest = 0, highest = 0;
  bool whole = false;  ///< rounded to a whole number

  bool operator==(const SearchDimension&) const = default;
};

using SearchSpace = std::vector<SearchDimension>;

/// The settings of a trial. Numbers of ranges have three significant digits (never outside the range):
/// enough, and a person can copy them.
Settings draw_settings(const SearchSpace& space, RandomKey seed, int trial);

}  // namespace deepmine::train
