// The dual-branch network, read from top to bottom. Each line of `forward` has its line in `backward`.
//
//   statics ─► DenseBlock ─► s1 ─► DenseBlock ─(+ s1)─► DenseBlock ───────────────┐ static vector
//                                                                                 ├─► concatenate ─►
//                                                                                 DenseBlock ─► DenseBlock ─►
//                                                                                 heads
//   series ─► LSTM, BN ─► t1 ─► LSTM, BN ─(+ t1)─► t2 ─► self-attention ─(+ t2)─  │ ▲ ▲
//             ─► LN ─► LSTM, BN, dropout ─► temporal vector ──────────────────────┘ │ │
//                    static vector attends to the days (or the temporal vector) ────┘ (attended vector)
//
//   head "current": DenseBlock ─► Dense 1 (logit of instability)
//   head of horizon h: DenseBlock ─► DenseBlock ─► Dense 6 (logits of the risk levels)
//
// With a shortcut and a prior, the samples' features are statics, summary and prior one below the other
// (NetworkSpecification::sample_features), and what the layers above compute is added to an answer that
// stands already. Its last layers start at 0, so that training starts from that answer:
//
//   logit of instability += Dense 1 (summary)        logits of horizon h += prior of horizon h
#pragma once

#include <array>
#include <vector>

#include "engine/nn/attention.h"
#include "engine/nn/dense_block.h"
#include "engine/nn/layer_norm.h"
#include "engine/nn/losses.h"
#include "engine/nn/lstm.h"
#include "engine/stope/network_specification.h"

namespace deepmine::stope {

template <class Scalar>
class DualBranchNetwork {
 public:
  /// What the network sees of a batch. F static features, S sensors, T days.
  struct Inputs {
    nn::Activations<const Scalar> statics;  ///< sample_features() × block_size a block
    nn::Activations<const Scalar> series;   ///< S × (T · block_size) a block
  };
  /// Targets and weights of every head; masked targets have weight 0.
  struct Targets {
    nn::LossTargets<Scalar> current;
    std::array<nn::LossTargets<Scalar>, max_horizons> future;
  };
  /// Gradients of the inputs, where somebody wants them.
  struct InputGradients {
    nn::GradientTarget<Scalar> statics, series;
  };

  struct Head {
    nn::DenseBlock<Scalar> first, second;  ///< the current head has no second
    nn::Dense<Scalar> logits;
    bool has_second = false;
  };
  struct HeadCache {
    typename nn::DenseBlock<Scalar>::Cache first, second;
    typename nn::Dense<Scalar>::Cache logits;
    nn::Activations<Scalar> prior;  ///< of a future head, if the specification has it
    nn::Activations<Scalar> d_logits, d_first, d_second;
    double* block_loss = nullptr;  ///< one a block
  };

  /// Everything that one pass writes. Planned once for a largest batch; owned by the caller.
  struct Workspace {
    nn::Activations<Scalar> statics, summary;  ///< cut from the inputs, where there is more than statics
    typename nn::Dense<Scalar>::Cache shortcut;
    typename nn::DenseBlock<Scalar>::Cache static_1, static_2, static_3;
    nn::Activations<Scalar> static_sum;
    typename nn::Lstm<Scalar>::Cache lstm_1, lstm_2, lstm_3;
    typename nn::BatchNorm<Scalar>::Cache lstm_1_norm, lstm_2_norm, lstm_3_norm;
    nn::Activations<Scalar> t2, attention_sum;
    typename nn::MultiHeadAttention<Scalar>::Cache self_attention, cross_attention;
    typename nn::LayerNorm<Scalar>::Cache attention_norm;
    typename nn::Dropout<Scalar>::Cache temporal_dropout;
    nn::Activations<Scalar> temporal_vector, fused;
    typename nn::DenseBlock<Scalar>::Cache shared_1, shared_2;
    HeadCache current;
    std::vector<HeadCache> future;
    // The way back. Temporal tensors take turns in two buffers.
    nn::Activations<Scalar> d_shared_2, d_shared_1, d_fused, d_static, d_temporal, d_attended;
    nn::Activations<Scalar> d_statics, d_summary, d_static_sum, d_static_1, d_last_a, d_last_b, d_days_a,
        d_days_b;
  };

  /// Declares all tensors. The specification must have no problem (problem_with).
  explicit DualBranchNetwork(const NetworkSpecification& specification);
  DualBranchNetwork(const DualBranchNetwork&) = delete;
  DualBranchNetwork& operator=(const DualBranchNetwork&) = delete;

  const NetworkSpecification& specification() const { return specification_; }
  const nn::ParameterLayout& layout() const { return layout_; }

  void plan(nn::Arena& arena, int largest_batch, Workspace& workspace) const;
  void forward(const nn::Pass<Scalar>& pass, const nn::ParameterView<Scalar>& parameters,
               const Inputs& inputs, Workspace& workspace) const;
  /// 1.2 · current + Σ_h 1/(1 + 0.1·h) · future h; writes the gradients of the logits and the losses of all
  /// blocks.
  void loss(const nn::Pass<Scalar>& pass, const Targets& targets, Workspace& workspace) const;
  void backward(const nn::Pass<Scalar>& pass, const nn::ParameterView<Scalar>& parameters,
                const Inputs& inputs, Workspace& workspace, const nn::Gradients<Scalar>& gradients,
                const InputGradients& input_gradients = {}) const;

  // ---- results of a pass, read by one thread after it
  // -----------------------------------------------------------
  /// Weighted loss of head `head` (0 current, 1 … horizons) over all blocks, in block order.
  double head_loss(const Workspace& workspace, const nn::BatchShape& batch, int head) const;
  int heads() const { return 1 + static_cast<int>(specification_.horizons.size()); }
  static double current_coefficient() { return 1.2; }
  static double future_coefficient(int horizon) { return 1.0 / (1.0 + 0.1 * horizon); }
  /// The logit of instability; the `risk_levels` logits of horizon number `horizon`.
  Scalar current_logit(const Workspace& workspace, int sample) const;
  const Scalar* future_logits(const Workspace& workspace, int horizon, int sample) const;
  /// How much each of the T days counted for the static vector (mean over heads). Only with
  /// CrossAttention::days.
  void day_weights(const Workspace& workspace, int sample, Scalar* weights) const;

 private:
  using Parameters = nn::ParameterView<Scalar>;
  Head declare_head(const std::string& name, int second_units, int outputs);
  void plan_head(nn::Arena& arena, int blocks, const Head& head, HeadCache& cache) const;
  void cut_inputs(const nn::Pass<Scalar>& pass, const Inputs& inputs, Workspace& w) const;
  void add_known_answers(const nn::Pass<Scalar>& pass, const Parameters& parameters, Workspace& w) const;
  void forward_static(const nn::Pass<Scalar>& pass, const Parameters& parameters, const Inputs& inputs,
                      Workspace& w) const;
  void forward_temporal(const nn::Pass<Scalar>& pass, const Parameters& parameters, const Inputs& inputs,
                        Workspace& w) const;
  void forward_fusion(const nn::Pass<Scalar>& pass, const Parameters& parameters, Workspace& w) const;
  void forward_head(const nn::Pass<Scalar>& pass, const Parameters& parameters, const Head& head,
                    const Workspace& w, HeadCache& cache) const;
  void backward_known_answers(const nn::Pass<Scalar>& pass, const Parameters& parameters, Workspace& w,
                              const nn::Gradients<Scalar>& gradients,
                              const nn::GradientTarget<Scalar>& d_features) const;
  void backward_static(const nn::Pass<Scalar>& pass, const Parameters& parameters, const Inputs& inputs,
                       Workspace& w, const nn::Gradients<Scalar>& gradients,
                       const nn::GradientTarget<Scalar>& d_statics) const;
  void backward_temporal(const nn::Pass<Scalar>& pass, const Parameters& parameters, const Inputs& inputs,
                         Workspace& w, const nn::Gradients<Scalar>& gradients,
                         const nn::GradientTarget<Scalar>& d_series) const;
  void backward_fusion(const nn::Pass<Scalar>& pass, const Parameters& parameters, Workspace& w,
                       const nn::Gradients<Scalar>& gradients) const;
  void backward_head(const nn::Pass<Scalar>& pass, const Parameters& parameters, const Head& head,
                     const Workspace& w, HeadCache& cache, const nn::GradientTarget<Scalar>& d_shared,
                     const nn::Gradients<Scalar>& gradients) const;
  bool has_shortcut() const { return specification_.summary_features > 0; }
  bool has_more_than_statics() const { return has_shortcut() || specification_.rule_prior; }
  /// Where the logits of horizon number h have their prior among the sample's features.
  int prior_at(std::size_t h) const {
    return specification_.static_features + specification_.summary_features +
           static_cast<int>(h) * specification_.risk_levels;
  }
  nn::Activations<const Scalar> statics_of(const Inputs& inputs, const Workspace& w) const {
    return has_more_than_statics() ? nn::Activations<const Scalar>(w.statics) : inputs.statics;
  }
  bool attends_days() const { return specification_.cross_attention == CrossAttention::days; }
  /// What the cross-attention's keys and values come from.
  const nn::Activations<Scalar>& attention_source(const Workspace& w) const {
    return attends_days() ? w.temporal_dropout.output : w.temporal_vector;
  }

  NetworkSpecification specification_;
  nn::ParameterLayout layout_;
  nn::DenseBlock<Scalar> static_1_, static_2_, static_3_;
  nn::Lstm<Scalar> lstm_1_, lstm_2_, lstm_3_;
  nn::BatchNorm<Scalar> lstm_1_norm_, lstm_2_norm_, lstm_3_norm_;
  nn::MultiHeadAttention<Scalar> self_attention_, cross_attention_;
  nn::LayerNorm<Scalar> attention_norm_;
  nn::Dropout<Scalar> temporal_dropout_;
  nn::DenseBlock<Scalar> shared_1_, shared_2_;
  nn::Dense<Scalar> shortcut_;
  Head current_;
  std::vector<Head> future_;
};

}  // namespace deepmine::stope
