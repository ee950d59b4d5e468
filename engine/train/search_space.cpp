#include "engine/train/search_space.h"

#include <algorithm>
#include <cmath>

namespace deepmine::train {
namespace {

double three_digits(double value) {
  if (value == 0) return 0;
  // By way of whole numbers, so that the result is the double nearest to the decimal number.
  const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value)))) - 2;
  const double power = std::pow(10.0, std::abs(exponent));
  return exponent < 0 ? std::round(value * power) / power : std::round(value / power) * power;
}

double draw_number(const SearchDimension& dimension, RandomStream& random) {
  const bool logarithmic = dimension.kind == SearchDimension::Kind::log_uniform;
  if (dimension.whole && !logarithmic) {  // the ends as likely as the others
    const double count = std::floor(dimension.highest) - std::ceil(dimension.lowest) + 1;
    return std::ceil(dimension.lowest) + static_cast<double>(random.below(static_cast<std::uint64_t>(count)));
  }
  const double value = logarithmic
                           ? std::exp(random.uniform(std::log(dimension.lowest), std::log(dimension.highest)))
                           : random.uniform(dimension.lowest, dimension.highest);
  return std::clamp(dimension.whole ? std::round(value) : three_digits(value), dimension.lowest,
                    dimension.highest);
}

}  // namespace

Settings draw_settings(const SearchSpace& space, RandomKey seed, int trial) {
  Settings settings;
  const RandomKey key = derive_key(derive_key(seed, "trial"), static_cast<std::uint64_t>(trial));
  for (const SearchDimension& dimension : space) {
    RandomStream random(derive_key(key, dimension.name));
    if (dimension.kind == SearchDimension::Kind::choice)
      settings[dimension.name] = dimension.choices[random.below(dimension.choices.size())];
    else
      settings[dimension.name] = draw_number(dimension, random);
  }
  return settings;
}

}  // namespace deepmine::train
