#include "engine/nn/initialisers.h"

#include <Eigen/QR>
#include <cmath>

#include "engine/nn/instantiate.h"

namespace deepmine::nn {
namespace {

template <class Scalar>
void glorot_uniform(const Tensor& tensor, RandomStream& random, Scalar* values) {
  const double limit = std::sqrt(6.0 / (tensor.rows + tensor.columns));
  for (std::size_t i = 0; i < tensor.size(); ++i)
    values[i] = static_cast<Scalar>(random.uniform(-limit, limit));
}

template <class Scalar>
void orthogonal(const Tensor& tensor, RandomStream& random, Scalar* values) {
  const int rows = tensor.rows, columns = tensor.columns;
  Eigen::MatrixXd normal(rows, columns);
  for (int c = 0; c < columns; ++c)
    for (int r = 0; r < rows; ++r) normal(r, c) = random.normal();
  const Eigen::HouseholderQR<Eigen::MatrixXd> decomposition(normal);
  Eigen::MatrixXd q = decomposition.householderQ() * Eigen::MatrixXd::Identity(rows, columns);
  // The sign of R's diagonal makes the result uniform over the orthogonal matrices.
  for (int c = 0; c < columns; ++c)
    if (decomposition.matrixQR()(c, c) < 0) q.col(c) = -q.col(c);
  Eigen::Map<Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>>(values, rows, columns) =
      q.template cast<Scalar>();
}

}  // namespace

template <class Scalar>
void initialise(Parameters<Scalar>& parameters, RandomKey seed) {
  for (TensorId id = 0; id < static_cast<TensorId>(parameters.layout().tensors().size()); ++id) {
    const Tensor& tensor = parameters.layout()[id];
    RandomStream random(derive_key(derive_key(seed, "initialise"), tensor.name));
    Scalar* values = parameters[id];
    switch (tensor.initialiser) {
      case Initialiser::zeros:
        std::fill_n(values, tensor.size(), Scalar(0));
        break;
      case Initialiser::ones:
        std::fill_n(values, tensor.size(), Scalar(1));
        break;
      case Initialiser::glorot_uniform:
        glorot_uniform(tensor, random, values);
        break;
      case Initialiser::orthogonal:
        orthogonal(tensor, random, values);
        break;
      case Initialiser::lstm_bias: {
        const std::size_t units = tensor.size() / 4;
        for (std::size_t i = 0; i < tensor.size(); ++i) values[i] = i / units == 1 ? Scalar(1) : Scalar(0);
        break;
      }
    }
  }
  parameters.refresh_packed();
}

template void initialise<DEEPMINE_SCALAR>(Parameters<DEEPMINE_SCALAR>&, RandomKey);

}  // namespace deepmine::nn
