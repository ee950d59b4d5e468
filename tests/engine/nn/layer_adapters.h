// Dropout and attention behind the signature of a Layer, so that the generic tests take them too.
#pragma once

#include <string_view>

#include "engine/nn/attention.h"
#include "engine/nn/dropout.h"

namespace deepmine::nn::test {

template <class Scalar>
class DropoutLayer {
 public:
  using Cache = typename Dropout<Scalar>::Cache;
  DropoutLayer(std::string_view name, int features, double rate)
      : dropout_(name, rate), features_(features) {}

  void plan(Arena& arena, int blocks, int steps, Cache& cache) const {
    dropout_.plan(arena, blocks, features_, steps, cache);
  }
  void forward(const Pass<Scalar>& pass, const ParameterView<Scalar>&, Activations<const Scalar> x,
               Cache& cache) const {
    dropout_.forward(pass, x, cache);
  }
  void backward(const Pass<Scalar>& pass, const ParameterView<Scalar>&, Activations<const Scalar>,
                const Cache& cache, Activations<const Scalar> dy, GradientTarget<Scalar> dx,
                const Gradients<Scalar>&) const {
    dropout_.backward(pass, cache, dy, dx);
  }

 private:
  Dropout<Scalar> dropout_;
  int features_;
};

template <class Scalar>
class SelfAttention {
 public:
  using Cache = typename MultiHeadAttention<Scalar>::Cache;
  SelfAttention(ParameterLayout& layout, AttentionOptions options)
      : attention_(layout, "attention", options) {}

  void plan(Arena& arena, int blocks, int steps, Cache& cache) const {
    attention_.plan(arena, blocks, steps, steps, cache);
  }
  void forward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters, Activations<const Scalar> x,
               Cache& cache) const {
    attention_.forward(pass, parameters, x, x, cache);
  }
  void backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                Activations<const Scalar> x, Cache& cache, Activations<const Scalar> dy,
                GradientTarget<Scalar> dx, const Gradients<Scalar>& gradients) const {
    attention_.backward(pass, parameters, x, x, cache, dy, dx, add_to(dx.to), gradients);
  }
  const MultiHeadAttention<Scalar>& attention() const { return attention_; }

 private:
  MultiHeadAttention<Scalar> attention_;
};

/// Queries and source packed into one input: the first `query_features` rows of the first `query_steps` steps
/// are the queries, the other rows of all steps the source. Lengths are the source's; with one query step the
/// query counts always, with more steps the lengths are the queries' too.
template <class Scalar>
class CrossAttention {
 public:
  struct Cache : MultiHeadAttention<Scalar>::Cache {
    Activations<Scalar> query_input, source_input, d_query_input, d_source_input;
  };
  CrossAttention(ParameterLayout& layout, AttentionOptions options, int query_steps)
      : attention_(layout, "attention", options), options_(options), query_steps_(query_steps) {}

  void plan(Arena& arena, int blocks, int steps, Cache& cache) const {
    attention_.plan(arena, blocks, query_steps_, steps, cache);
    for (Activations<Scalar>* tensor : {&cache.query_input, &cache.d_query_input})
      *tensor = arena.activations<Scalar>(blocks, options_.query_features, query_steps_);
    for (Activations<Scalar>* tensor : {&cache.source_input, &cache.d_source_input})
      *tensor = arena.activations<Scalar>(blocks, options_.source_features, steps);
  }
  void forward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters, Activations<const Scalar> x,
               Cache& cache) const {
    pass.for_my_blocks([&](int block, int) {
      for (int c = 0; c < x.columns(); ++c) {
        const Scalar* from = x.column(block, c);
        if (c < cache.query_input.columns())
          std::copy_n(from, options_.query_features, cache.query_input.column(block, c));
        std::copy_n(from + options_.query_features, options_.source_features,
                    cache.source_input.column(block, c));
      }
    });
    attention_.forward(pass, parameters, with(cache.query_input, query_lengths(x)),
                       with(cache.source_input, x.lengths), cache);
  }
  void backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                Activations<const Scalar> x, Cache& cache, Activations<const Scalar> dy,
                GradientTarget<Scalar> dx, const Gradients<Scalar>& gradients) const {
    attention_.backward(pass, parameters, with(cache.query_input, query_lengths(x)),
                        with(cache.source_input, x.lengths), cache, dy, overwrite(cache.d_query_input),
                        overwrite(cache.d_source_input), gradients);
    pass.for_my_blocks([&](int block, int) {
      for (int c = 0; c < x.columns(); ++c)
        for (int f = 0; f < x.features; ++f) {
          const bool of_query = f < options_.query_features;
          Scalar gradient = 0;
          if (!of_query)
            gradient = cache.d_source_input.column(block, c)[f - options_.query_features];
          else if (c < cache.d_query_input.columns())
            gradient = cache.d_query_input.column(block, c)[f];
          Scalar& to = dx.to.column(block, c)[f];
          to = dx.accumulate ? to + gradient : gradient;
        }
    });
  }

 private:
  const int* query_lengths(Activations<const Scalar> x) const {
    return query_steps_ == x.steps ? x.lengths : nullptr;
  }
  static Activations<const Scalar> with(Activations<Scalar> tensor, const int* lengths) {
    tensor.lengths = lengths;
    return tensor;
  }

  MultiHeadAttention<Scalar> attention_;
  AttentionOptions options_;
  int query_steps_;
};

}  // namespace deepmine::nn::test
