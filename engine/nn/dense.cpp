#include "engine/nn/dense.h"

#include "engine/nn/instantiate.h"

namespace deepmine::nn {
namespace {

template <class Scalar>
void apply(const Kernels<Scalar>& kernels, Activation activation, Scalar* z, std::ptrdiff_t size) {
  switch (activation) {
    case Activation::none:
      break;
    case Activation::relu:
      for (std::ptrdiff_t i = 0; i < size; ++i) z[i] = z[i] < 0 ? Scalar(0) : z[i];  // a NaN stays one
      break;
    case Activation::sigmoid:
      kernels.sigmoid(z, static_cast<std::size_t>(size));
      break;
    case Activation::tanh:
      kernels.tanh(z, static_cast<std::size_t>(size));
      break;
  }
}

template <class Scalar>
void multiply_by_derivative(Activation activation, const Scalar* y, Scalar* dy, std::ptrdiff_t size) {
  switch (activation) {
    case Activation::none:
      break;
    case Activation::relu:
      for (std::ptrdiff_t i = 0; i < size; ++i) dy[i] = y[i] > 0 ? dy[i] : Scalar(0);
      break;
    case Activation::sigmoid:
      for (std::ptrdiff_t i = 0; i < size; ++i) dy[i] *= y[i] * (1 - y[i]);
      break;
    case Activation::tanh:
      for (std::ptrdiff_t i = 0; i < size; ++i) dy[i] *= 1 - y[i] * y[i];
      break;
  }
}

}  // namespace

template <class Scalar>
Dense<Scalar>::Dense(ParameterLayout& layout, const std::string& name, int inputs, int outputs,
                     Activation activation, Initialiser kernel)
    : inputs_(inputs),
      outputs_(outputs),
      activation_(activation),
      kernel_(layout.add(name + "/kernel", outputs, inputs, Role::kernel, kernel)),
      bias_(layout.add(name + "/bias", outputs, 1, Role::bias, Initialiser::zeros)) {
  layout.add_packed(kernel_);
}

template <class Scalar>
void Dense<Scalar>::plan(Arena& arena, int blocks, int steps, Cache& cache) const {
  cache.output = arena.activations<Scalar>(blocks, outputs_, steps);
}

template <class Scalar>
void Dense<Scalar>::forward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                            Activations<const Scalar> x, Cache& cache) const {
  cache.output.lengths = x.lengths;
  pass.for_my_blocks([&](int block, int) {
    pass.kernels.product({.rows = outputs_,
                          .columns = x.columns(),
                          .depth = inputs_,
                          .a = parameters.packed(kernel_),
                          .a_stride = packed,
                          .b = x.block(block),
                          .b_row_stride = 1,
                          .b_column_stride = inputs_,
                          .c = cache.output.block(block),
                          .c_stride = outputs_,
                          .start = Start::bias,
                          .bias = parameters[bias_]});
    apply(pass.kernels, activation_, cache.output.block(block),
          static_cast<std::ptrdiff_t>(outputs_) * x.columns());
  });
}

template <class Scalar>
void Dense<Scalar>::backward(const Pass<Scalar>& pass, const ParameterView<Scalar>& parameters,
                             Activations<const Scalar> x, const Cache& cache, Activations<Scalar> dy,
                             GradientTarget<Scalar> dx, const Gradients<Scalar>& gradients) const {
  pass.for_my_blocks([&](int block, int lane) {
    Scalar* dz = dy.block(block);
    multiply_by_derivative(activation_, cache.output.block(block), dz,
                           static_cast<std::ptrdiff_t>(outputs_) * dy.columns());
    pass.kernels.product({.rows = outputs_,
                          .columns = inputs_,
                          .depth = dy.columns(),  // dW += dz·xᵀ
                          .a = dz,
                          .a_stride = outputs_,
                          .b = x.block(block),
                          .b_row_stride = inputs_,
                          .b_column_stride = 1,
                          .c = gradients.of(lane, kernel_),
                          .c_stride = outputs_,
                          .start = pass.gradient_start(block, lane)});
    pass.kernels.column_sums(
        {outputs_, dy.columns(), dz, outputs_, gradients.of(lane, bias_), pass.gradient_start(block, lane)});
    if (!dx.wanted()) return;
    pass.kernels.product({.rows = inputs_,
                          .columns = dy.columns(),
                          .depth = outputs_,  // dx = Wᵀ·dz
                          .a = parameters.packed_transpose(kernel_),
                          .a_stride = packed,
                          .b = dz,
                          .b_row_stride = 1,
                          .b_column_stride = outputs_,
                          .c = dx.to.block(block),
                          .c_stride = inputs_,
                          .start = dx.accumulate ? Start::accumulate : Start::zero});
  });
}

template class Dense<DEEPMINE_SCALAR>;

}  // namespace deepmine::nn
