#include "engine/nn/adam.h"

#include <cmath>

#include "engine/nn/instantiate.h"
#include "engine/nn/sums.h"

namespace deepmine::nn {
namespace {

template <class Scalar>
double sum_of_squares(const Scalar* values, std::size_t count) {
  return ordered_sum(static_cast<int>(count),
                     [&](int i) { return static_cast<double>(values[i]) * static_cast<double>(values[i]); });
}

}  // namespace

template <class Scalar>
Adam<Scalar>::Adam(const ParameterLayout& layout, AdamSettings settings)
    : layout_(&layout),
      settings_(settings),
      memory_(2 * layout.trainable_size() * sizeof(Scalar)),
      first_moment_(reinterpret_cast<Scalar*>(memory_.data())),
      second_moment_(first_moment_ + layout.trainable_size()) {
  constexpr std::size_t piece_size = 4096;
  for (TensorId id = 0; id < static_cast<TensorId>(layout.tensors().size()); ++id) {
    const Tensor& tensor = layout[id];
    const int first = static_cast<int>(pieces_.size());
    if (is_trainable(tensor.role))
      for (std::size_t begin = 0; begin < tensor.size(); begin += piece_size)
        pieces_.push_back(
            {id, tensor.offset + begin, tensor.offset + std::min(begin + piece_size, tensor.size())});
    pieces_of_.push_back({first, static_cast<int>(pieces_.size())});
  }
}

template <class Scalar>
void Adam<Scalar>::sum_lanes(const Kernels<Scalar>& kernels, Piece& piece, int lanes,
                             const Gradients<Scalar>& gradients, const Parameters<Scalar>& parameters) const {
  const bool decayed = is_decayed((*layout_)[piece.tensor].role);
  kernels.gradient_sum({.count = piece.end - piece.begin,
                        .lanes = lanes,
                        .lane_stride = static_cast<std::ptrdiff_t>(layout_->trainable_size()),
                        .gradient = gradients.lane(0) + piece.begin,
                        .values = parameters.values() + piece.begin,
                        .decay = decayed ? static_cast<Scalar>(2 * settings_.l2) : Scalar(0),
                        .gradient_squares = &piece.gradient_squares,
                        .value_squares = &piece.decayed_squares});
}

template <class Scalar>
double Adam<Scalar>::clip_factor(TensorId tensor) const {
  if (settings_.clip_norm <= 0) return 1;
  double squares = 0;
  const Range pieces = pieces_of_[static_cast<std::size_t>(tensor)];
  for (int i = pieces.begin; i < pieces.end; ++i)
    squares += pieces_[static_cast<std::size_t>(i)].gradient_squares;
  const double norm = std::sqrt(squares);
  return norm > settings_.clip_norm ? settings_.clip_norm / norm : 1;
}

template <class Scalar>
void Adam<Scalar>::step(const Team& team, const Kernels<Scalar>& kernels, int lanes,
                        const Gradients<Scalar>& gradients, Parameters<Scalar>& parameters,
                        double learning_rate) {
  const Range mine = share(static_cast<int>(pieces_.size()), team.thread(), team.size());
  team.barrier();
  for (int i = mine.begin; i < mine.end; ++i)
    sum_lanes(kernels, pieces_[static_cast<std::size_t>(i)], lanes, gradients, parameters);
  team.barrier();
  const double time = static_cast<double>(steps_made_ + 1);
  const double step_size =
      learning_rate * std::sqrt(1 - std::pow(settings_.beta2, time)) / (1 - std::pow(settings_.beta1, time));
  for (int i = mine.begin; i < mine.end; ++i) {
    const Piece& piece = pieces_[static_cast<std::size_t>(i)];
    kernels.adam({.count = piece.end - piece.begin,
                  .value = parameters.values() + piece.begin,
                  .first_moment = first_moment_ + piece.begin,
                  .second_moment = second_moment_ + piece.begin,
                  .gradient = gradients.lane(0) + piece.begin,
                  .gradient_factor = static_cast<Scalar>(clip_factor(piece.tensor)),
                  .step_size = static_cast<Scalar>(step_size),
                  .one_minus_beta1 = static_cast<Scalar>(1 - settings_.beta1),
                  .one_minus_beta2 = static_cast<Scalar>(1 - settings_.beta2),
                  .epsilon = static_cast<Scalar>(settings_.epsilon)});
  }
  team.barrier();
  parameters.refresh_packed(team.thread(), team.size());
  if (team.thread() == 0) {
    ++steps_made_;
    penalty_ = 0;
    for (const Piece& piece : pieces_) penalty_ += settings_.l2 * piece.decayed_squares;
  }
  team.barrier();
}

template <class Scalar>
double l2_penalty(const Parameters<Scalar>& parameters, double l2) {
  double squares = 0;
  for (const Tensor& tensor : parameters.layout().tensors())
    if (is_decayed(tensor.role))
      squares += sum_of_squares(parameters.values() + tensor.offset, tensor.size());
  return l2 * squares;
}

template class Adam<DEEPMINE_SCALAR>;
template double l2_penalty<DEEPMINE_SCALAR>(const Parameters<DEEPMINE_SCALAR>&, double);

}  // namespace deepmine::nn
