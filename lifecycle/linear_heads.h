// One dense layer a head on the same inputs, nothing between: a logit of instability, and the logits of the
// risk levels for each horizon. Has the shape that train::TrainingStep wants of a network.
#pragma once

#include <array>
#include <vector>

#include "engine/nn/dense.h"
#include "engine/nn/losses.h"
#include "engine/stope/network_specification.h"

namespace deepmine::lifecycle {

class LinearHeads {
 public:
  struct Inputs {
    nn::Activations<const float> features;  ///< F × block_size a block
  };
  struct Targets {
    nn::LossTargets<float> current;
    std::array<nn::LossTargets<float>, stope::max_horizons> future;
  };
  struct InputGradients {};
  struct Head {
    nn::Dense<float>::Cache logits;
    nn::Activations<float> d_logits;
    double* block_loss = nullptr;
  };
  struct Workspace {
    std::vector<Head> heads;  ///< current, then the horizons
  };

  LinearHeads(int features, int horizons, int levels);
  LinearHeads(const LinearHeads&) = delete;
  LinearHeads& operator=(const LinearHeads&) = delete;

  const nn::ParameterLayout& layout() const { return layout_; }
  int features() const { return features_; }
  int heads() const { return static_cast<int>(dense_.size()); }
  int levels() const { return levels_; }

  void plan(nn::Arena& arena, int largest_batch, Workspace& workspace) const;
  void forward(const nn::Pass<float>& pass, const nn::ParameterView<float>& parameters, const Inputs& inputs,
               Workspace& workspace) const;
  /// The sum of the heads' losses, coefficient 1 each: heads share no parameter, so none can crowd out
  /// another.
  void loss(const nn::Pass<float>& pass, const Targets& targets, Workspace& workspace) const;
  void backward(const nn::Pass<float>& pass, const nn::ParameterView<float>& parameters, const Inputs& inputs,
                Workspace& workspace, const nn::Gradients<float>& gradients, const InputGradients&) const;
  double head_loss(const Workspace& workspace, const nn::BatchShape& batch, int head) const;

 private:
  int features_, levels_;
  nn::ParameterLayout layout_;
  std::vector<nn::Dense<float>> dense_;
};

}  // namespace deepmine::lifecycle
