#include "engine/nn/dropout.h"

#include <cmath>

#include "engine/nn/instantiate.h"

namespace deepmine::nn {

#ifndef DEEPMINE_TEMPLATES_ONLY
DropoutSource::DropoutSource(std::string_view name, double rate)
    : rate_(rate),
      stream_(derive_key(0, name)),
      threshold_(static_cast<std::uint32_t>(std::min(std::round(rate * 0x1p32), 0x1p32 - 1))) {}
#endif

template <class Scalar>
void DropoutSource::draw(const Kernels<Scalar>& kernels, RandomKey sample_key, std::uint64_t first,
                         std::size_t count, Scalar* mask) const {
  const auto keep = static_cast<Scalar>(1.0 / (1.0 - rate_));
  kernels.dropout_mask({sample_key, stream_, first, count, threshold_, keep, mask});
}

template <class Scalar>
void Dropout<Scalar>::plan(Arena& arena, int blocks, int features, int steps, Cache& cache) const {
  cache.output = arena.activations<Scalar>(blocks, features, steps);
  if (source_.rate() > 0) cache.mask = arena.activations<Scalar>(blocks, features, steps);
}

template <class Scalar>
void Dropout<Scalar>::forward(const Pass<Scalar>& pass, Activations<const Scalar> x, Cache& cache) const {
  cache.output.lengths = x.lengths;
  const auto units = static_cast<std::uint64_t>((x.features + 3) / 4 * 4);
  const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(x.features) * x.columns();
  pass.for_my_blocks([&](int block, int) {
    const Scalar* in = x.block(block);
    Scalar* out = cache.output.block(block);
    if (!source_.active(pass.mode)) {
      std::copy(in, in + size, out);
      return;
    }
    for (int c = 0; c < x.columns(); ++c)
      source_.draw(pass.kernels, pass.sample_keys[block * block_size + c % block_size],
                   static_cast<std::uint64_t>(c / block_size) * units, static_cast<std::size_t>(x.features),
                   cache.mask.column(block, c));
    pass.kernels.multiply({static_cast<std::size_t>(size), in, cache.mask.block(block), out});
  });
}

template <class Scalar>
void Dropout<Scalar>::backward(const Pass<Scalar>& pass, const Cache& cache, Activations<const Scalar> dy,
                               GradientTarget<Scalar> dx) const {
  if (!dx.wanted()) return;
  const bool masked = source_.active(pass.mode);
  const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(dy.features) * dy.columns();
  pass.for_my_blocks([&](int block, int) {
    const Scalar* from = dy.block(block);
    Scalar* to = dx.to.block(block);
    if (masked) {
      pass.kernels.multiply(
          {static_cast<std::size_t>(size), from, cache.mask.block(block), to, dx.accumulate});
      return;
    }
    for (std::ptrdiff_t i = 0; i < size; ++i) to[i] = dx.accumulate ? to[i] + from[i] : from[i];
  });
}

template void DropoutSource::draw<DEEPMINE_SCALAR>(const Kernels<DEEPMINE_SCALAR>&, RandomKey, std::uint64_t,
                                                   std::size_t, DEEPMINE_SCALAR*) const;
template class Dropout<DEEPMINE_SCALAR>;

}  // namespace deepmine::nn
