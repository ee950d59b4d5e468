// How a result is compared with its golden value: norm-wise for each tensor, ‖a − b‖ / ‖b‖.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <type_traits>

#include "engine/nn/kernels/select.h"

namespace deepmine::golden {

/// The largest relative error that passes.
template <class Scalar>
constexpr double tolerance = std::is_same_v<Scalar, double> ? 1e-10 : 1e-5;

inline double norm(std::span<const double> values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

/// ‖found − expected‖.
inline double distance(std::span<const double> found, std::span<const double> expected) {
  REQUIRE(found.size() == expected.size());
  double squares = 0;
  for (std::size_t i = 0; i < expected.size(); ++i)
    squares += (found[i] - expected[i]) * (found[i] - expected[i]);
  return std::sqrt(squares);
}

/// Checks an error relative to `scale`; where the scale is 0, the error must be. With the environment
/// variable DEEPMINE_GOLDEN_ERRORS set, prints it as well.
template <class Scalar>
void check_error(const std::string& what, double error, double scale) {
  CAPTURE(what);
  const double relative = error == 0 ? 0 : error / scale;
  static const bool print = std::getenv("DEEPMINE_GOLDEN_ERRORS") != nullptr;
  if (print)
    std::printf("%.2e %s %s\n", relative, std::is_same_v<Scalar, double> ? "double" : "float", what.c_str());
  CHECK(relative <= tolerance<Scalar>);  // false for NaN too
}

/// Checks one tensor: ‖found − expected‖ / ‖expected‖. `whole`: the norm of what the tensor is a part of (the
/// gradient of all parameters); an expected tensor below 1e-10 of it is 0 but for rounding, and the error is
/// relative to the whole then.
template <class Scalar>
void check_close(const std::string& what, std::span<const double> found, std::span<const double> expected,
                 double whole = 0) {
  CAPTURE(what);
  const double reference = norm(expected);
  check_error<Scalar>(what, distance(found, expected), reference > 1e-10 * whole ? reference : whole);
}

/// Calls `body.operator()<Scalar>(kernels)` in double, then in float with every version of the kernels that
/// runs here.
template <class Body>
void for_every_precision(Body&& body) {
  {
    INFO("double");
    body(nn::reference_kernels<double>());
  }
  for (const nn::Kernels<float>* kernels : nn::available_kernels()) {
    INFO("float, kernels ", std::string(kernels->name));
    body(*kernels);
  }
}

}  // namespace deepmine::golden
