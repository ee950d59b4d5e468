// Sums over the features of one column, in one fixed order that vectorises: sixteen interleaved chains, then
// a tree.
#pragma once

#include <type_traits>

namespace deepmine::nn {

/// Σ term(i) for i in [0, count).
template <class Term>
auto ordered_sum(int count, Term&& term) {
  using Scalar = std::remove_cvref_t<decltype(term(0))>;
  Scalar chains[16] = {};
  int i = 0;
  for (; i + 16 <= count; i += 16)
    for (int j = 0; j < 16; ++j) chains[j] += term(i + j);
  for (int j = 0; i + j < count; ++j) chains[j] += term(i + j);
  for (int width = 8; width > 0; width /= 2)
    for (int j = 0; j < width; ++j) chains[j] += chains[j + width];
  return chains[0];
}

}  // namespace deepmine::nn
