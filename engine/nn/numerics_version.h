// The number that is raised whenever the program's arithmetic changes on any kernel path: an order of
// summation, a polynomial, a random number. Saved models carry it beside their test cases; with another
// number their expected bits are compared to a tolerance instead.
#pragma once

namespace deepmine::nn {

inline constexpr int numerics_version = 2;

}  // namespace deepmine::nn
