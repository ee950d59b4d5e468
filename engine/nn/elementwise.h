// Sums, copies and cuts between layers, block by block.
#pragma once

#include "engine/nn/pass.h"

namespace deepmine::nn {

/// out = a + b. All have the same shape.
template <class Scalar>
void sum(const Pass<Scalar>& pass, Activations<const Scalar> a, Activations<const Scalar> b,
         Activations<Scalar>& out);

/// target (=, +=) from.
template <class Scalar>
void pass_on(const Pass<Scalar>& pass, Activations<const Scalar> from, GradientTarget<Scalar> target);

/// Copies all features of `part` into `whole`, from feature `first` on.
template <class Scalar>
void put_features(const Pass<Scalar>& pass, Activations<const Scalar> part, int first,
                  Activations<Scalar> whole);
/// Features [first, first + part.features) of target (=, +=) part.
template <class Scalar>
void pass_on_features(const Pass<Scalar>& pass, Activations<const Scalar> part, int first,
                      GradientTarget<Scalar> target);
/// The way back: copies features [first, first + part.features) of `whole` to `part`.
template <class Scalar>
void cut_features(const Pass<Scalar>& pass, Activations<const Scalar> whole, int first,
                  Activations<Scalar> part);

/// out (one step) = the last step of x that counts, for each sample; 0 for padding.
template <class Scalar>
void last_step(const Pass<Scalar>& pass, Activations<const Scalar> x, Activations<Scalar> out);
/// The way back: adds `d` to the last step that counts.
template <class Scalar>
void add_to_last_step(const Pass<Scalar>& pass, Activations<const Scalar> d, Activations<Scalar> dx);

}  // namespace deepmine::nn
