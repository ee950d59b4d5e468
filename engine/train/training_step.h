// One deterministic training step, and evaluation, of any network that has the shape of engine/stope's:
// `Inputs`, `Targets`, `Workspace`, plan, forward, loss, backward, heads, head_loss.
//
// A step is one parallel region: forward, loss and backward over each thread's lanes, then the optimiser.
// Nothing is allocated after construction, and the bits do not depend on the number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/nn/adam.h"
#include "engine/train/training_plan.h"

namespace deepmine::train {

inline constexpr int max_heads = 32;

/// The parts of a loss. `heads` are already multiplied by their coefficients.
struct StepLoss {
  double total = 0, penalty = 0;
  std::array<double, max_heads> heads{};
};

nn::AdamSettings adam_settings(const TrainingPlan& plan);

/// Everything that training a network takes, for batches of up to `largest_batch` samples. Not thread-safe:
/// one caller at a time, who says how many threads a step may use. Network and parameters must outlive it.
template <class Network, class Scalar>
class TrainingStep {
 public:
  TrainingStep(const Network& network, nn::Parameters<Scalar>& parameters, const TrainingPlan& plan,
               int largest_batch, const nn::Kernels<Scalar>& kernels)
      : network_(network),
        parameters_(parameters),
        kernels_(kernels),
        adam_(network.layout(), adam_settings(plan)),
        dropout_key_(derive_key(plan.seed, "dropout")),
        lanes_(nn::BatchShape{largest_batch}.lanes()),
        sample_keys_(static_cast<std::size_t>(nn::BatchShape{largest_batch}.blocks() * nn::block_size)) {
    arena_.build([&](nn::Arena& arena) {
      network.plan(arena, largest_batch, workspace_);
      gradients_ = {&network.layout(), arena.template take<Scalar>(network.layout().trainable_size() *
                                                                   static_cast<std::size_t>(lanes_))};
    });
  }

  /// Forward, loss, backward and one update of the parameters with the first `samples` (≥ 2) samples of the
  /// inputs.
  StepLoss step(const typename Network::Inputs& inputs, const typename Network::Targets& targets, int samples,
                double learning_rate, int threads) {
    const nn::BatchShape batch = start_step(samples);
    nn::Team::run(std::min(threads, batch.lanes()), [&](const nn::Team& team) {
      walk_back_and_forth(team, batch, inputs, targets, {});
      adam_.step(team, kernels_, batch.lanes(), gradients_, parameters_, learning_rate);
    });
    StepLoss loss = read_loss(batch);
    loss.penalty = adam_.penalty();
    loss.total += loss.penalty;
    return loss;
  }

  /// The same without an update: the gradients stay in `gradients()`, lane by lane, for tests and
  /// explanations.
  StepLoss gradients_only(const typename Network::Inputs& inputs, const typename Network::Targets& targets,
                          int samples, int threads,
                          const typename Network::InputGradients& input_gradients = {}) {
    const nn::BatchShape batch = start_step(samples);
    nn::Team::run(std::min(threads, batch.lanes()), [&](const nn::Team& team) {
      walk_back_and_forth(team, batch, inputs, targets, input_gradients);
    });
    return read_loss(batch);
  }

  const nn::Gradients<Scalar>& gradients() const { return gradients_; }
  const typename Network::Workspace& workspace() const { return workspace_; }
  nn::Adam<Scalar>& optimiser() { return adam_; }
  std::size_t workspace_bytes() const { return arena_.bytes(); }

 private:
  nn::BatchShape start_step(int samples) {
    const RandomKey step_key = derive_key(dropout_key_, static_cast<std::uint64_t>(adam_.steps_made()));
    for (std::size_t position = 0; position < sample_keys_.size(); ++position)
      sample_keys_[position] = derive_key(step_key, position);
    return {samples};
  }

  void walk_back_and_forth(const nn::Team& team, nn::BatchShape batch, const typename Network::Inputs& inputs,
                           const typename Network::Targets& targets,
                           const typename Network::InputGradients& input_gradients) {
    const nn::Pass<Scalar> pass{
        team, kernels_, batch, nn::training_mode, sample_keys_.data(), parameters_.values()};
    network_.forward(pass, parameters_.view(), inputs, workspace_);
    network_.loss(pass, targets, workspace_);
    network_.backward(pass, parameters_.view(), inputs, workspace_, gradients_, input_gradients);
  }

  StepLoss read_loss(nn::BatchShape batch) const {
    StepLoss loss;
    for (int head = 0; head < network_.heads(); ++head) {
      loss.heads[static_cast<std::size_t>(head)] = network_.head_loss(workspace_, batch, head);
      loss.total += loss.heads[static_cast<std::size_t>(head)];
    }
    return loss;
  }

  const Network& network_;
  nn::Parameters<Scalar>& parameters_;
  const nn::Kernels<Scalar>& kernels_;
  nn::Adam<Scalar> adam_;
  RandomKey dropout_key_;
  int lanes_;
  std::vector<RandomKey> sample_keys_;
  nn::Arena arena_;
  typename Network::Workspace workspace_;
  nn::Gradients<Scalar> gradients_;
};

}  // namespace deepmine::train
