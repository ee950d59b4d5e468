// What the tests of the kernels share: numbers to work on and ways to compare them.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "engine/nn/kernels/select.h"
#include "engine/nn/random.h"

namespace deepmine::nn::test {

using Values = std::vector<float>;

inline Values random_values(std::size_t count, std::uint64_t purpose, double low = -1, double high = 1) {
  RandomStream random(derive_key(11, purpose));
  Values values(count);
  for (float& value : values) value = static_cast<float>(random.uniform(low, high));
  return values;
}

inline bool same_bits(const Values& a, const Values& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// ‖a − b‖ / ‖b‖, infinite if anything is not a number.
inline double distance(const Values& a, const Values& b) {
  REQUIRE(a.size() == b.size());
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    norm += std::pow(static_cast<double>(b[i]), 2);
  }
  if (std::isnan(difference)) return std::numeric_limits<double>::infinity();
  return norm == 0 ? std::sqrt(difference) : std::sqrt(difference / norm);
}

/// Every version but the reference.
inline std::vector<const Kernels<float>*> vector_versions() {
  auto versions = available_kernels();
  versions.pop_back();
  return versions;
}

}  // namespace deepmine::nn::test
