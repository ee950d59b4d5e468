// What a layer is: a concept, not a base class. A layer is a recipe: it declares its parameters in a
// ParameterLayout when it is constructed and is const from then on; what it remembers between the way forward
// and the way back lies in a Cache that the caller owns.
#pragma once

#include <concepts>

#include "engine/nn/pass.h"

namespace deepmine::nn {

/// One input sequence, one output sequence. All threads of a team call `forward` and `backward` together,
/// each for its own blocks.
///
///   plan      asks the arena for the cache of `blocks` blocks of `steps` steps and sets cache.output's shape
///   forward   x → cache.output, with the lengths that count
///   backward  dy → dx (overwritten or added to) and the parameters' gradients (added to a lane). dy has the
///             shape of cache.output, is 0 in columns that don't count, and may be overwritten; x and the
///             cache are those of `forward`.
///
/// Whatever stands in columns that don't count must be finite: it is multiplied by zeros.
template <class Candidate, class Scalar>
concept Layer = std::copyable<Candidate> && std::default_initializable<typename Candidate::Cache> &&
    requires(const Candidate layer, typename Candidate::Cache cache, Arena& arena, const Pass<Scalar>& pass,
             const ParameterView<Scalar>& parameters, Activations<const Scalar> x, Activations<Scalar> dy,
             GradientTarget<Scalar> dx, const Gradients<Scalar>& gradients, int count) {
  { cache.output } -> std::same_as<Activations<Scalar>&>;
  { layer.plan(arena, count, count, cache) } -> std::same_as<void>;
  { layer.forward(pass, parameters, x, cache) } -> std::same_as<void>;
  { layer.backward(pass, parameters, x, cache, dy, dx, gradients) } -> std::same_as<void>;
};

}  // namespace deepmine::nn
