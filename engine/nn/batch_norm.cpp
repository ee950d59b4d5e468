#include "engine/nn/batch_norm.h"

#include <cmath>

#include "engine/nn/instantiate.h"

namespace deepmine::nn {
namespace {

/// Columns of one block that count.
template <class Scalar>
int count_columns(const Activations<Scalar>& x, const BatchShape& batch, int block) {
  int count = 0;
  for (int s = 0; s < batch.samples_in(block); ++s) count += x.valid_steps(batch, block, s);
  return count;
}

/// body(first, count) for runs of columns that count: all at once, or one after another.
template <class Scalar, class Body>
void for_counting_columns(const Activations<Scalar>& x, const BatchShape& batch, int block, Body&& body) {
  if (x.lengths == nullptr && batch.samples_in(block) == block_size) {
    body(0, x.columns());
    return;
  }
  for (int c = 0; c < x.columns(); ++c)
    if (x.column_counts(batch, block, c)) body(c, 1);
}

}  // namespace

template <class Scalar>
BatchNorm<Scalar>::BatchNorm(ParameterLayout& layout, const std::string& name, int features)
    : features_(features),
      scale_(layout.add(name + "/scale", features, 1, Role::scale, Initialiser::ones)),
      shift_(layout.add(name + "/shift", features, 1, Role::shift, Initialiser::zeros)),
      running_mean_(
          layout.add(name + "/running_mean", features, 1, Role::running_statistic, Initialiser::zeros)),
      running_variance_(
          layout.add(name + "/running_variance", features, 1, Role::running_statistic, Initialiser::ones)) {}

template <class Scalar>
void BatchNorm<Scalar>::plan(Arena& arena, int blocks, int steps, Cache& cache) const {
  cache.output = arena.activations<Scalar>(blocks, features_, steps);
  cache.block_sums =
      arena.take<Scalar>(static_cast<std::size_t>(4 * features_) * static_cast<std::size_t>(blocks));
  cache.merged = arena.take<Scalar>(static_cast<std::size_t>(4 * features_) * max_lanes);
}

template <class Scalar>
void BatchNorm<Scalar>::forward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                                Activations<const Scalar> x, Cache& cache) const {
  cache.output.lengths = x.lengths;
  if (pass.mode.batch_statistics) {
    pass.for_my_blocks([&](int block, int) { measure_block(pass, block, x, cache); });
    pass.team.barrier();
    merge_statistics(pass, *parameters.layout, x, cache);
  } else {
    Scalar *mean = merged(pass, cache, 0), *inverse_deviation = merged(pass, cache, 1);
    const Scalar *running_mean = parameters[running_mean_], *running_variance = parameters[running_variance_];
    for (int f = 0; f < features_; ++f) {
      mean[f] = running_mean[f];
      inverse_deviation[f] = 1 / std::sqrt(running_variance[f] + static_cast<Scalar>(normalisation_epsilon));
    }
  }
  normalise(pass, parameters, x, cache);
}

template <class Scalar>
void BatchNorm<Scalar>::measure_block(const Pass<Scalar>& pass, int block, Activations<const Scalar> x,
                                      const Cache& cache) const {
  Scalar *mean = block_sums(cache, block, 0), *m2 = block_sums(cache, block, 1);
  std::fill_n(mean, features_, Scalar(0));
  std::fill_n(m2, features_, Scalar(0));
  for_counting_columns(x, pass.batch, block, [&](int first, int count) {
    pass.kernels.column_sums({features_, count, x.column(block, first), features_, mean, Start::accumulate});
  });
  const Scalar share_of_one = Scalar(1) / static_cast<Scalar>(count_columns(x, pass.batch, block));
  for (int f = 0; f < features_; ++f) mean[f] *= share_of_one;
  for_counting_columns(x, pass.batch, block, [&](int first, int count) {
    pass.kernels.squared_deviations({.features = features_,
                                     .columns = count,
                                     .x = x.column(block, first),
                                     .mean = mean,
                                     .inverse_deviation = nullptr,
                                     .sum = m2});
  });
}

/// Every thread merges the statistics of all blocks for itself, in block order.
template <class Scalar>
void BatchNorm<Scalar>::merge_statistics(const Pass<Scalar>& pass, const ParameterLayout& layout,
                                         Activations<const Scalar> x, const Cache& cache) const {
  Scalar *mean = merged(pass, cache, 0), *m2 = merged(pass, cache, 1);
  Scalar count = 0;
  for (int block = 0; block < pass.batch.blocks(); ++block) {
    const Scalar *block_mean = block_sums(cache, block, 0), *block_m2 = block_sums(cache, block, 1);
    const auto added = static_cast<Scalar>(count_columns(x, pass.batch, block));
    const Scalar total = count + added;
    for (int f = 0; f < features_; ++f) {
      const Scalar difference = count > 0 ? block_mean[f] - mean[f] : Scalar(0);
      mean[f] = count > 0 ? mean[f] + difference * (added / total) : block_mean[f];
      m2[f] =
          (count > 0 ? m2[f] : Scalar(0)) + block_m2[f] + difference * difference * (count * added / total);
    }
    count = total;
  }
  if (pass.team.thread() == 0 && pass.running_statistics != nullptr) {
    const auto taken = static_cast<Scalar>(1 - running_momentum);  // rounded once
    // The slab has the layout of the parameters; nobody reads it during a training step.
    Scalar* running_mean = pass.running_statistics + layout[running_mean_].offset;
    Scalar* running_variance = pass.running_statistics + layout[running_variance_].offset;
    for (int f = 0; f < features_; ++f) {
      running_mean[f] += taken * (mean[f] - running_mean[f]);
      running_variance[f] += taken * (m2[f] / count - running_variance[f]);
    }
  }
  Scalar* inverse_deviation = m2;
  for (int f = 0; f < features_; ++f)
    inverse_deviation[f] = 1 / std::sqrt(m2[f] / count + static_cast<Scalar>(normalisation_epsilon));
}

template <class Scalar>
void BatchNorm<Scalar>::normalise(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                                  Activations<const Scalar> x, Cache& cache) const {
  const Scalar *mean = merged(pass, cache, 0), *inverse_deviation = merged(pass, cache, 1);
  pass.for_my_blocks([&](int block, int) {
    pass.kernels.normalise({.features = features_,
                            .columns = x.columns(),
                            .x = x.block(block),
                            .mean = mean,
                            .inverse_deviation = inverse_deviation,
                            .scale = parameters[scale_],
                            .shift = parameters[shift_],
                            .to = cache.output.block(block)});
  });
}

template <class Scalar>
void BatchNorm<Scalar>::sum_block_gradients(const Pass<Scalar>& pass, int block, Activations<const Scalar> x,
                                            const Cache& cache, Activations<const Scalar> dy) const {
  const Scalar *mean = merged(pass, cache, 0), *inverse_deviation = merged(pass, cache, 1);
  Scalar *sum = block_sums(cache, block, 2), *sum_normalised = block_sums(cache, block, 3);
  std::fill_n(sum, features_, Scalar(0));
  std::fill_n(sum_normalised, features_, Scalar(0));
  for_counting_columns(x, pass.batch, block, [&](int first, int count) {
    pass.kernels.norm_gradient_sums({.features = features_,
                                     .columns = count,
                                     .x = x.column(block, first),
                                     .mean = mean,
                                     .inverse_deviation = inverse_deviation,
                                     .dy = dy.column(block, first),
                                     .sum = sum,
                                     .second_sum = sum_normalised});
  });
}

template <class Scalar>
void BatchNorm<Scalar>::backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                                 Activations<const Scalar> x, Cache& cache, Activations<const Scalar> dy,
                                 GradientTarget<Scalar> dx, const Gradients<Scalar>& gradients) const {
  pass.for_my_blocks([&](int block, int lane) {
    sum_block_gradients(pass, block, x, cache, dy);
    const Scalar *sum = block_sums(cache, block, 2), *sum_normalised = block_sums(cache, block, 3);
    Scalar *d_scale = gradients.of(lane, scale_), *d_shift = gradients.of(lane, shift_);
    const bool overwrites = pass.gradient_start(block, lane) == Start::zero;
    for (int f = 0; f < features_; ++f) {
      d_scale[f] = overwrites ? sum_normalised[f] : d_scale[f] + sum_normalised[f];
      d_shift[f] = overwrites ? sum[f] : d_shift[f] + sum[f];
    }
  });
  if (pass.mode.batch_statistics) pass.team.barrier();
  if (!dx.wanted()) return;

  Scalar *mean_d = merged(pass, cache, 2), *mean_d_normalised = merged(pass, cache, 3);
  std::fill_n(mean_d, features_, Scalar(0));
  std::fill_n(mean_d_normalised, features_, Scalar(0));
  if (pass.mode.batch_statistics) {  // else the statistics are constants and these two terms are 0
    int count = 0;
    for (int block = 0; block < pass.batch.blocks(); ++block) {
      const Scalar *sum = block_sums(cache, block, 2), *sum_normalised = block_sums(cache, block, 3);
      for (int f = 0; f < features_; ++f) {
        mean_d[f] += sum[f];
        mean_d_normalised[f] += sum_normalised[f];
      }
      count += count_columns(x, pass.batch, block);
    }
    for (int f = 0; f < features_; ++f) {
      mean_d[f] /= static_cast<Scalar>(count);
      mean_d_normalised[f] /= static_cast<Scalar>(count);
    }
  }
  pass.for_my_blocks([&](int block, int) {
    const bool all_count = x.lengths == nullptr && pass.batch.samples_in(block) == block_size;
    if (!dx.accumulate && !all_count)
      std::fill_n(dx.to.block(block), static_cast<std::ptrdiff_t>(features_) * x.columns(), Scalar(0));
    for_counting_columns(x, pass.batch, block, [&](int first, int count) {
      pass.kernels.norm_input_gradient({.features = features_,
                                        .columns = count,
                                        .x = x.column(block, first),
                                        .mean = merged(pass, cache, 0),
                                        .inverse_deviation = merged(pass, cache, 1),
                                        .scale = parameters[scale_],
                                        .dy = dy.column(block, first),
                                        .sum = mean_d,
                                        .second_sum = mean_d_normalised,
                                        .to = dx.to.column(block, first),
                                        .accumulate = dx.accumulate});
    });
  });
}

template class BatchNorm<DEEPMINE_SCALAR>;

}  // namespace deepmine::nn
