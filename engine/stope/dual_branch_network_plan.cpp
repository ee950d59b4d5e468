// The tensors and the memory of the dual-branch network. What is computed stands in dual_branch_network.cpp.
#include <cassert>

#include "engine/nn/instantiate.h"
#include "engine/stope/dual_branch_network.h"

namespace deepmine::stope {

// ---- declaration

template <class Scalar>
DualBranchNetwork<Scalar>::DualBranchNetwork(const NetworkSpecification& s) : specification_(s) {
  assert(problem_with(s).empty());
  static_1_ = {layout_, "static/block_1", s.static_features, s.static_units, s.dense_dropout};
  static_2_ = {layout_, "static/block_2", s.static_units, s.static_units, s.dense_dropout};
  static_3_ = {layout_, "static/block_3", s.static_units, s.branch_units, s.branch_dropout};

  const nn::LstmOptions all_steps{s.lstm_dropout, s.lstm_dropout, true};
  const nn::LstmOptions last_lstm{s.lstm_dropout, s.lstm_dropout, attends_days()};
  lstm_1_ = {layout_, "temporal/lstm_1", s.sensors, s.temporal_units, all_steps};
  lstm_1_norm_ = {layout_, "temporal/norm_1", s.temporal_units};
  lstm_2_ = {layout_, "temporal/lstm_2", s.temporal_units, s.temporal_units, all_steps};
  lstm_2_norm_ = {layout_, "temporal/norm_2", s.temporal_units};
  self_attention_ = {layout_,
                     "temporal/self_attention",
                     {s.self_attention_heads, s.key_size, s.temporal_units, s.temporal_units,
                      s.temporal_units, s.attention_dropout}};
  attention_norm_ = {layout_, "temporal/attention_norm", s.temporal_units};
  lstm_3_ = {layout_, "temporal/lstm_3", s.temporal_units, s.branch_units, last_lstm};
  lstm_3_norm_ = {layout_, "temporal/norm_3", s.branch_units};
  temporal_dropout_ = {"temporal/dropout", s.temporal_dropout};

  cross_attention_ = {
      layout_,
      "fusion/cross_attention",
      {s.cross_attention_heads, s.key_size, s.branch_units, s.branch_units, s.branch_units, 0}};
  shared_1_ = {layout_, "shared/block_1", 3 * s.branch_units, s.shared_units, s.dense_dropout};
  shared_2_ = {layout_, "shared/block_2", s.shared_units, s.shared_output_units, s.dense_dropout};

  if (has_shortcut())
    shortcut_ = {layout_, "current/shortcut",   s.summary_features,
                 1,       nn::Activation::none, nn::Initialiser::zeros};
  current_ = declare_head("current", 0, 1);
  for (const int horizon : s.horizons)
    future_.push_back(
        declare_head("future_" + std::to_string(horizon) + "d", s.head_units + horizon / 7, s.risk_levels));
  layout_.finish();
}

template <class Scalar>
typename DualBranchNetwork<Scalar>::Head DualBranchNetwork<Scalar>::declare_head(const std::string& name,
                                                                                 int second_units,
                                                                                 int outputs) {
  const NetworkSpecification& s = specification_;
  Head head;
  head.has_second = second_units > 0;
  head.first = {layout_, name + "/block_1", s.shared_output_units, s.head_units, s.dense_dropout};
  if (head.has_second)
    head.second = {layout_, name + "/block_2", s.head_units, second_units, s.dense_dropout};
  head.logits = {layout_,
                 name + "/logits",
                 head.has_second ? second_units : s.head_units,
                 outputs,
                 nn::Activation::none,
                 has_more_than_statics() ? nn::Initialiser::zeros : nn::Initialiser::glorot_uniform};
  return head;
}

// ---- memory

template <class Scalar>
void DualBranchNetwork<Scalar>::plan(nn::Arena& arena, int largest_batch, Workspace& w) const {
  const NetworkSpecification& s = specification_;
  const int blocks = nn::BatchShape{largest_batch}.blocks(), days = s.days;
  const int last_steps = attends_days() ? days : 1;
  if (has_more_than_statics()) {
    w.statics = arena.activations<Scalar>(blocks, s.static_features, 1);
    w.d_statics = arena.activations<Scalar>(blocks, s.static_features, 1);
  }
  if (has_shortcut()) {
    w.summary = arena.activations<Scalar>(blocks, s.summary_features, 1);
    w.d_summary = arena.activations<Scalar>(blocks, s.summary_features, 1);
    shortcut_.plan(arena, blocks, 1, w.shortcut);
  }
  static_1_.plan(arena, blocks, 1, w.static_1);
  static_2_.plan(arena, blocks, 1, w.static_2);
  static_3_.plan(arena, blocks, 1, w.static_3);
  w.static_sum = arena.activations<Scalar>(blocks, s.static_units, 1);

  lstm_1_.plan(arena, blocks, days, w.lstm_1);
  lstm_1_norm_.plan(arena, blocks, days, w.lstm_1_norm);
  lstm_2_.plan(arena, blocks, days, w.lstm_2);
  lstm_2_norm_.plan(arena, blocks, days, w.lstm_2_norm);
  w.t2 = arena.activations<Scalar>(blocks, s.temporal_units, days);
  self_attention_.plan(arena, blocks, days, days, w.self_attention);
  w.attention_sum = arena.activations<Scalar>(blocks, s.temporal_units, days);
  attention_norm_.plan(arena, blocks, days, w.attention_norm);
  lstm_3_.plan(arena, blocks, days, w.lstm_3);
  lstm_3_norm_.plan(arena, blocks, last_steps, w.lstm_3_norm);
  temporal_dropout_.plan(arena, blocks, s.branch_units, last_steps, w.temporal_dropout);
  w.temporal_vector =
      attends_days() ? arena.activations<Scalar>(blocks, s.branch_units, 1) : w.temporal_dropout.output;

  cross_attention_.plan(arena, blocks, 1, last_steps, w.cross_attention);
  w.fused = arena.activations<Scalar>(blocks, 3 * s.branch_units, 1);
  shared_1_.plan(arena, blocks, 1, w.shared_1);
  shared_2_.plan(arena, blocks, 1, w.shared_2);
  plan_head(arena, blocks, current_, w.current);
  w.future.resize(future_.size());
  for (std::size_t h = 0; h < future_.size(); ++h) {
    plan_head(arena, blocks, future_[h], w.future[h]);
    if (s.rule_prior) w.future[h].prior = arena.activations<Scalar>(blocks, s.risk_levels, 1);
  }

  w.d_shared_2 = arena.activations<Scalar>(blocks, s.shared_output_units, 1);
  w.d_shared_1 = arena.activations<Scalar>(blocks, s.shared_units, 1);
  w.d_fused = arena.activations<Scalar>(blocks, 3 * s.branch_units, 1);
  for (nn::Activations<Scalar>* tensor : {&w.d_static, &w.d_temporal, &w.d_attended})
    *tensor = arena.activations<Scalar>(blocks, s.branch_units, 1);
  for (nn::Activations<Scalar>* tensor : {&w.d_static_sum, &w.d_static_1})
    *tensor = arena.activations<Scalar>(blocks, s.static_units, 1);
  for (nn::Activations<Scalar>* tensor : {&w.d_last_a, &w.d_last_b})
    *tensor = arena.activations<Scalar>(blocks, s.branch_units, last_steps);
  for (nn::Activations<Scalar>* tensor : {&w.d_days_a, &w.d_days_b})
    *tensor = arena.activations<Scalar>(blocks, s.temporal_units, days);
}

template <class Scalar>
void DualBranchNetwork<Scalar>::plan_head(nn::Arena& arena, int blocks, const Head& head,
                                          HeadCache& cache) const {
  head.first.plan(arena, blocks, 1, cache.first);
  if (head.has_second) head.second.plan(arena, blocks, 1, cache.second);
  head.logits.plan(arena, blocks, 1, cache.logits);
  cache.d_logits = arena.activations<Scalar>(blocks, head.logits.outputs(), 1);
  cache.d_first = arena.activations<Scalar>(blocks, head.first.outputs(), 1);
  cache.d_second = arena.activations<Scalar>(blocks, head.logits.inputs(), 1);
  cache.block_loss = arena.take<double>(static_cast<std::size_t>(blocks));
}

template class DualBranchNetwork<DEEPMINE_SCALAR>;

}  // namespace deepmine::stope
