#include "lifecycle/linear_heads.h"

namespace deepmine::lifecycle {

LinearHeads::LinearHeads(int features, int horizons, int levels) : features_(features), levels_(levels) {
  dense_.emplace_back(layout_, "current", features, 1, nn::Activation::none);
  for (int h = 0; h < horizons; ++h)
    dense_.emplace_back(layout_, "future_" + std::to_string(h), features, levels, nn::Activation::none);
  layout_.finish();
}

void LinearHeads::plan(nn::Arena& arena, int largest_batch, Workspace& workspace) const {
  const int blocks = nn::BatchShape{largest_batch}.blocks();
  workspace.heads.resize(dense_.size());
  for (std::size_t k = 0; k < dense_.size(); ++k) {
    dense_[k].plan(arena, blocks, 1, workspace.heads[k].logits);
    workspace.heads[k].d_logits = arena.activations<float>(blocks, dense_[k].outputs(), 1);
    workspace.heads[k].block_loss = arena.take<double>(static_cast<std::size_t>(blocks));
  }
}

void LinearHeads::forward(const nn::Pass<float>& pass, const nn::ParameterView<float>& parameters,
                          const Inputs& inputs, Workspace& workspace) const {
  for (std::size_t k = 0; k < dense_.size(); ++k)
    dense_[k].forward(pass, parameters, inputs.features, workspace.heads[k].logits);
}

void LinearHeads::loss(const nn::Pass<float>& pass, const Targets& targets, Workspace& workspace) const {
  Head& current = workspace.heads.front();
  nn::binary_cross_entropy<float>(pass, current.logits.output, targets.current, 1, current.d_logits,
                                  current.block_loss);
  for (std::size_t k = 1; k < dense_.size(); ++k) {
    Head& head = workspace.heads[k];
    nn::categorical_cross_entropy<float>(pass, head.logits.output, targets.future[k - 1], 1, head.d_logits,
                                         head.block_loss);
  }
}

void LinearHeads::backward(const nn::Pass<float>& pass, const nn::ParameterView<float>& parameters,
                           const Inputs& inputs, Workspace& workspace, const nn::Gradients<float>& gradients,
                           const InputGradients&) const {
  for (std::size_t k = 0; k < dense_.size(); ++k) {
    Head& head = workspace.heads[k];
    dense_[k].backward(pass, parameters, inputs.features, head.logits, head.d_logits, nn::nowhere<float>(),
                       gradients);
  }
}

double LinearHeads::head_loss(const Workspace& workspace, const nn::BatchShape& batch, int head) const {
  double loss = 0;
  for (int block = 0; block < batch.blocks(); ++block)
    loss += workspace.heads[static_cast<std::size_t>(head)].block_loss[block];
  return loss;
}

}  // namespace deepmine::lifecycle
