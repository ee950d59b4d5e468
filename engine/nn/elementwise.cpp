#include "engine/nn/elementwise.h"

#include "engine/nn/instantiate.h"

namespace deepmine::nn {

template <class Scalar>
void sum(const Pass<Scalar>& pass, Activations<const Scalar> a, Activations<const Scalar> b,
         Activations<Scalar>& out) {
  out.lengths = a.lengths;
  const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(a.features) * a.columns();
  pass.for_my_blocks([&](int block, int) {
    const Scalar *first = a.block(block), *second = b.block(block);
    Scalar* to = out.block(block);
    for (std::ptrdiff_t i = 0; i < size; ++i) to[i] = first[i] + second[i];
  });
}

template <class Scalar>
void pass_on(const Pass<Scalar>& pass, Activations<const Scalar> from, GradientTarget<Scalar> target) {
  const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(from.features) * from.columns();
  pass.for_my_blocks([&](int block, int) {
    const Scalar* in = from.block(block);
    Scalar* to = target.to.block(block);
    for (std::ptrdiff_t i = 0; i < size; ++i) to[i] = target.accumulate ? to[i] + in[i] : in[i];
  });
}

template <class Scalar>
void put_features(const Pass<Scalar>& pass, Activations<const Scalar> part, int first,
                  Activations<Scalar> whole) {
  pass.for_my_blocks([&](int block, int) {
    for (int c = 0; c < part.columns(); ++c)
      std::copy_n(part.column(block, c), part.features, whole.column(block, c) + first);
  });
}

template <class Scalar>
void pass_on_features(const Pass<Scalar>& pass, Activations<const Scalar> part, int first,
                      GradientTarget<Scalar> target) {
  pass.for_my_blocks([&](int block, int) {
    for (int c = 0; c < part.columns(); ++c) {
      const Scalar* from = part.column(block, c);
      Scalar* to = target.to.column(block, c) + first;
      for (int f = 0; f < part.features; ++f) to[f] = target.accumulate ? to[f] + from[f] : from[f];
    }
  });
}

template <class Scalar>
void cut_features(const Pass<Scalar>& pass, Activations<const Scalar> whole, int first,
                  Activations<Scalar> part) {
  pass.for_my_blocks([&](int block, int) {
    for (int c = 0; c < part.columns(); ++c)
      std::copy_n(whole.column(block, c) + first, part.features, part.column(block, c));
  });
}

template <class Scalar>
void last_step(const Pass<Scalar>& pass, Activations<const Scalar> x, Activations<Scalar> out) {
  pass.for_my_blocks([&](int block, int) {
    for (int s = 0; s < block_size; ++s) {
      const int steps = x.valid_steps(pass.batch, block, s);
      Scalar* to = out.column(block, s);
      if (steps == 0)
        std::fill_n(to, x.features, Scalar(0));
      else
        std::copy_n(x.column(block, (steps - 1) * block_size + s), x.features, to);
    }
  });
}

template <class Scalar>
void add_to_last_step(const Pass<Scalar>& pass, Activations<const Scalar> d, Activations<Scalar> dx) {
  pass.for_my_blocks([&](int block, int) {
    for (int s = 0; s < pass.batch.samples_in(block); ++s) {
      const int steps = dx.valid_steps(pass.batch, block, s);
      const Scalar* from = d.column(block, s);
      Scalar* to = dx.column(block, (steps - 1) * block_size + s);
      for (int f = 0; f < d.features; ++f) to[f] += from[f];
    }
  });
}

#define DEEPMINE_INSTANTIATE(S)                                                                      \
  template void sum<S>(const Pass<S>&, Activations<const S>, Activations<const S>, Activations<S>&); \
  template void pass_on<S>(const Pass<S>&, Activations<const S>, GradientTarget<S>);                 \
  template void put_features<S>(const Pass<S>&, Activations<const S>, int, Activations<S>);          \
  template void cut_features<S>(const Pass<S>&, Activations<const S>, int, Activations<S>);          \
  template void pass_on_features<S>(const Pass<S>&, Activations<const S>, int, GradientTarget<S>);   \
  template void last_step<S>(const Pass<S>&, Activations<const S>, Activations<S>);                  \
  template void add_to_last_step<S>(const Pass<S>&, Activations<const S>, Activations<S>);
DEEPMINE_INSTANTIATE(DEEPMINE_SCALAR)
#undef DEEPMINE_INSTANTIATE

}  // namespace deepmine::nn
