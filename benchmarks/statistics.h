// The numbers that describe many runs of the same thing.
#pragma once

#include <utility>
#include <vector>

namespace deepmine::benchmarks {

/// The value below which `share` of the values lie (0 the least, 1 the greatest), between two neighbours by
/// linear interpolation. `values` must not be empty.
double quantile(std::vector<double> values, double share);
inline double median(std::vector<double> values) {
  return quantile(std::move(values), 0.5);
}

}  // namespace deepmine::benchmarks
