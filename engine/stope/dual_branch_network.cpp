#include "engine/stope/dual_branch_network.h"

#include <cassert>

#include "engine/nn/elementwise.h"
#include "engine/nn/instantiate.h"

namespace deepmine::stope {

using nn::add_to;
using nn::overwrite;

// ---- forward

template <class Scalar>
void DualBranchNetwork<Scalar>::forward(const nn::Pass<Scalar>& pass, const Parameters& parameters,
                                        const Inputs& inputs, Workspace& w) const {
  cut_inputs(pass, inputs, w);
  forward_static(pass, parameters, inputs, w);
  forward_temporal(pass, parameters, inputs, w);
  forward_fusion(pass, parameters, w);
  forward_head(pass, parameters, current_, w, w.current);
  for (std::size_t h = 0; h < future_.size(); ++h) forward_head(pass, parameters, future_[h], w, w.future[h]);
  add_known_answers(pass, parameters, w);
}

template <class Scalar>
void DualBranchNetwork<Scalar>::cut_inputs(const nn::Pass<Scalar>& pass, const Inputs& inputs,
                                           Workspace& w) const {
  if (!has_more_than_statics()) return;
  cut_features<Scalar>(pass, inputs.statics, 0, w.statics);
  if (has_shortcut()) cut_features<Scalar>(pass, inputs.statics, specification_.static_features, w.summary);
  if (specification_.rule_prior)
    for (std::size_t h = 0; h < future_.size(); ++h)
      cut_features<Scalar>(pass, inputs.statics, prior_at(h), w.future[h].prior);
}

/// The shortcut and the priors, on top of the heads' logits.
template <class Scalar>
void DualBranchNetwork<Scalar>::add_known_answers(const nn::Pass<Scalar>& pass, const Parameters& parameters,
                                                  Workspace& w) const {
  if (has_shortcut()) {
    shortcut_.forward(pass, parameters, w.summary, w.shortcut);
    pass_on<Scalar>(pass, w.shortcut.output, add_to(w.current.logits.output));
  }
  if (specification_.rule_prior)
    for (HeadCache& head : w.future) pass_on<Scalar>(pass, head.prior, add_to(head.logits.output));
}

template <class Scalar>
void DualBranchNetwork<Scalar>::forward_static(const nn::Pass<Scalar>& pass, const Parameters& parameters,
                                               const Inputs& inputs, Workspace& w) const {
  static_1_.forward(pass, parameters, statics_of(inputs, w), w.static_1);
  static_2_.forward(pass, parameters, w.static_1.output, w.static_2);
  sum<Scalar>(pass, w.static_1.output, w.static_2.output, w.static_sum);
  static_3_.forward(pass, parameters, w.static_sum, w.static_3);
}

template <class Scalar>
void DualBranchNetwork<Scalar>::forward_temporal(const nn::Pass<Scalar>& pass, const Parameters& parameters,
                                                 const Inputs& inputs, Workspace& w) const {
  lstm_1_.forward(pass, parameters, inputs.series, w.lstm_1);
  lstm_1_norm_.forward(pass, parameters, w.lstm_1.output, w.lstm_1_norm);
  lstm_2_.forward(pass, parameters, w.lstm_1_norm.output, w.lstm_2);
  lstm_2_norm_.forward(pass, parameters, w.lstm_2.output, w.lstm_2_norm);
  sum<Scalar>(pass, w.lstm_2_norm.output, w.lstm_1_norm.output, w.t2);
  self_attention_.forward(pass, parameters, w.t2, w.t2, w.self_attention);
  sum<Scalar>(pass, w.self_attention.output, w.t2, w.attention_sum);
  attention_norm_.forward(pass, parameters, w.attention_sum, w.attention_norm);
  lstm_3_.forward(pass, parameters, w.attention_norm.output, w.lstm_3);
  lstm_3_norm_.forward(pass, parameters, w.lstm_3.output, w.lstm_3_norm);
  temporal_dropout_.forward(pass, w.lstm_3_norm.output, w.temporal_dropout);
  if (attends_days()) last_step<Scalar>(pass, w.temporal_dropout.output, w.temporal_vector);
}

template <class Scalar>
void DualBranchNetwork<Scalar>::forward_fusion(const nn::Pass<Scalar>& pass, const Parameters& parameters,
                                               Workspace& w) const {
  const int units = specification_.branch_units;
  cross_attention_.forward(pass, parameters, w.static_3.output, attention_source(w), w.cross_attention);
  put_features<Scalar>(pass, w.static_3.output, 0, w.fused);
  put_features<Scalar>(pass, w.temporal_vector, units, w.fused);
  put_features<Scalar>(pass, w.cross_attention.output, 2 * units, w.fused);
  shared_1_.forward(pass, parameters, w.fused, w.shared_1);
  shared_2_.forward(pass, parameters, w.shared_1.output, w.shared_2);
}

template <class Scalar>
void DualBranchNetwork<Scalar>::forward_head(const nn::Pass<Scalar>& pass, const Parameters& parameters,
                                             const Head& head, const Workspace& w, HeadCache& cache) const {
  head.first.forward(pass, parameters, w.shared_2.output, cache.first);
  if (head.has_second) head.second.forward(pass, parameters, cache.first.output, cache.second);
  head.logits.forward(pass, parameters, head.has_second ? cache.second.output : cache.first.output,
                      cache.logits);
}

// ---- loss

template <class Scalar>
void DualBranchNetwork<Scalar>::loss(const nn::Pass<Scalar>& pass, const Targets& targets,
                                     Workspace& w) const {
  nn::binary_cross_entropy<Scalar>(pass, w.current.logits.output, targets.current, current_coefficient(),
                                   w.current.d_logits, w.current.block_loss);
  for (std::size_t h = 0; h < future_.size(); ++h)
    nn::categorical_cross_entropy<Scalar>(pass, w.future[h].logits.output, targets.future[h],
                                          future_coefficient(specification_.horizons[h]),
                                          w.future[h].d_logits, w.future[h].block_loss);
}

template <class Scalar>
double DualBranchNetwork<Scalar>::head_loss(const Workspace& w, const nn::BatchShape& batch, int head) const {
  const HeadCache& cache = head == 0 ? w.current : w.future[static_cast<std::size_t>(head - 1)];
  double loss = 0;
  for (int block = 0; block < batch.blocks(); ++block) loss += cache.block_loss[block];
  return loss;
}

// ---- backward

template <class Scalar>
void DualBranchNetwork<Scalar>::backward(const nn::Pass<Scalar>& pass, const Parameters& parameters,
                                         const Inputs& inputs, Workspace& w,
                                         const nn::Gradients<Scalar>& gradients,
                                         const InputGradients& input_gradients) const {
  backward_head(pass, parameters, current_, w, w.current, overwrite(w.d_shared_2), gradients);
  for (std::size_t h = 0; h < future_.size(); ++h)
    backward_head(pass, parameters, future_[h], w, w.future[h], add_to(w.d_shared_2), gradients);
  backward_known_answers(pass, parameters, w, gradients, input_gradients.statics);
  backward_fusion(pass, parameters, w, gradients);
  backward_temporal(pass, parameters, inputs, w, gradients, input_gradients.series);
  backward_static(pass, parameters, inputs, w, gradients, input_gradients.statics);
}

template <class Scalar>
void DualBranchNetwork<Scalar>::backward_known_answers(const nn::Pass<Scalar>& pass,
                                                       const Parameters& parameters, Workspace& w,
                                                       const nn::Gradients<Scalar>& gradients,
                                                       const nn::GradientTarget<Scalar>& d_features) const {
  const bool wanted = d_features.wanted();
  if (has_shortcut()) {
    shortcut_.backward(pass, parameters, w.summary, w.shortcut, w.current.d_logits,
                       wanted ? overwrite(w.d_summary) : nn::nowhere<Scalar>(), gradients);
    if (wanted) pass_on_features<Scalar>(pass, w.d_summary, specification_.static_features, d_features);
  }
  if (specification_.rule_prior && wanted)
    for (std::size_t h = 0; h < future_.size(); ++h)
      pass_on_features<Scalar>(pass, w.future[h].d_logits, prior_at(h), d_features);
}

template <class Scalar>
void DualBranchNetwork<Scalar>::backward_head(const nn::Pass<Scalar>& pass, const Parameters& parameters,
                                              const Head& head, const Workspace& w, HeadCache& cache,
                                              const nn::GradientTarget<Scalar>& d_shared,
                                              const nn::Gradients<Scalar>& gradients) const {
  const nn::Activations<Scalar>& last = head.has_second ? cache.second.output : cache.first.output;
  head.logits.backward(pass, parameters, last, cache.logits, cache.d_logits, overwrite(cache.d_second),
                       gradients);
  if (head.has_second)
    head.second.backward(pass, parameters, cache.first.output, cache.second, cache.d_second,
                         overwrite(cache.d_first), gradients);
  head.first.backward(pass, parameters, w.shared_2.output, cache.first,
                      head.has_second ? cache.d_first : cache.d_second, d_shared, gradients);
}

/// Leaves the gradients of the static vector in d_static and of the temporal branch's end in d_last_a.
template <class Scalar>
void DualBranchNetwork<Scalar>::backward_fusion(const nn::Pass<Scalar>& pass, const Parameters& parameters,
                                                Workspace& w, const nn::Gradients<Scalar>& gradients) const {
  const int units = specification_.branch_units;
  shared_2_.backward(pass, parameters, w.shared_1.output, w.shared_2, w.d_shared_2, overwrite(w.d_shared_1),
                     gradients);
  shared_1_.backward(pass, parameters, w.fused, w.shared_1, w.d_shared_1, overwrite(w.d_fused), gradients);
  cut_features<Scalar>(pass, w.d_fused, 0, w.d_static);
  cut_features<Scalar>(pass, w.d_fused, units, w.d_temporal);
  cut_features<Scalar>(pass, w.d_fused, 2 * units, w.d_attended);
  cross_attention_.backward(pass, parameters, w.static_3.output, attention_source(w), w.cross_attention,
                            w.d_attended, add_to(w.d_static), overwrite(w.d_last_a), gradients);
  w.d_last_a.lengths = w.temporal_dropout.output.lengths;
  if (attends_days())
    add_to_last_step<Scalar>(pass, w.d_temporal, w.d_last_a);
  else
    pass_on<Scalar>(pass, w.d_temporal, add_to(w.d_last_a));
}

template <class Scalar>
void DualBranchNetwork<Scalar>::backward_temporal(const nn::Pass<Scalar>& pass, const Parameters& parameters,
                                                  const Inputs& inputs, Workspace& w,
                                                  const nn::Gradients<Scalar>& gradients,
                                                  const nn::GradientTarget<Scalar>& d_series) const {
  temporal_dropout_.backward(pass, w.temporal_dropout, w.d_last_a, overwrite(w.d_last_b));
  lstm_3_norm_.backward(pass, parameters, w.lstm_3.output, w.lstm_3_norm, w.d_last_b, overwrite(w.d_last_a),
                        gradients);
  lstm_3_.backward(pass, parameters, w.attention_norm.output, w.lstm_3, w.d_last_a, overwrite(w.d_days_a),
                   gradients);
  attention_norm_.backward(pass, parameters, w.attention_sum, w.attention_norm, w.d_days_a,
                           overwrite(w.d_days_b), gradients);
  // d_days_b: gradient of self-attention + t2; d_days_a becomes the gradient of t2.
  pass_on<Scalar>(pass, w.d_days_b, overwrite(w.d_days_a));
  self_attention_.backward(pass, parameters, w.t2, w.t2, w.self_attention, w.d_days_b, add_to(w.d_days_a),
                           add_to(w.d_days_a), gradients);
  lstm_2_norm_.backward(pass, parameters, w.lstm_2.output, w.lstm_2_norm, w.d_days_a, overwrite(w.d_days_b),
                        gradients);
  lstm_2_.backward(pass, parameters, w.lstm_1_norm.output, w.lstm_2, w.d_days_b, add_to(w.d_days_a),
                   gradients);
  // d_days_a: gradient of t1, from t2 and through the second LSTM.
  lstm_1_norm_.backward(pass, parameters, w.lstm_1.output, w.lstm_1_norm, w.d_days_a, overwrite(w.d_days_b),
                        gradients);
  lstm_1_.backward(pass, parameters, inputs.series, w.lstm_1, w.d_days_b, d_series, gradients);
}

template <class Scalar>
void DualBranchNetwork<Scalar>::backward_static(const nn::Pass<Scalar>& pass, const Parameters& parameters,
                                                const Inputs& inputs, Workspace& w,
                                                const nn::Gradients<Scalar>& gradients,
                                                const nn::GradientTarget<Scalar>& d_statics) const {
  static_3_.backward(pass, parameters, w.static_sum, w.static_3, w.d_static, overwrite(w.d_static_sum),
                     gradients);
  pass_on<Scalar>(pass, w.d_static_sum, overwrite(w.d_static_1));
  static_2_.backward(pass, parameters, w.static_1.output, w.static_2, w.d_static_sum, add_to(w.d_static_1),
                     gradients);
  if (!has_more_than_statics()) {
    static_1_.backward(pass, parameters, inputs.statics, w.static_1, w.d_static_1, d_statics, gradients);
    return;
  }
  static_1_.backward(pass, parameters, w.statics, w.static_1, w.d_static_1,
                     d_statics.wanted() ? overwrite(w.d_statics) : nn::nowhere<Scalar>(), gradients);
  if (d_statics.wanted()) pass_on_features<Scalar>(pass, w.d_statics, 0, d_statics);
}

// ---- results

template <class Scalar>
Scalar DualBranchNetwork<Scalar>::current_logit(const Workspace& w, int sample) const {
  return *w.current.logits.output.column(sample / nn::block_size, sample % nn::block_size);
}

template <class Scalar>
const Scalar* DualBranchNetwork<Scalar>::future_logits(const Workspace& w, int horizon, int sample) const {
  return w.future[static_cast<std::size_t>(horizon)].logits.output.column(sample / nn::block_size,
                                                                          sample % nn::block_size);
}

template <class Scalar>
void DualBranchNetwork<Scalar>::day_weights(const Workspace& w, int sample, Scalar* weights) const {
  assert(attends_days());
  for (int day = 0; day < specification_.days; ++day)
    weights[day] = cross_attention_.mean_weight(w.cross_attention, sample, 0, day);
}

template class DualBranchNetwork<DEEPMINE_SCALAR>;

}  // namespace deepmine::stope
