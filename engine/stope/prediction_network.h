// The dual-branch network for prediction alone: the same specification, the same parameters, the same answers
// to rounding as DualBranchNetwork::forward in inference mode, and only the work that an answer needs. That
// class stays what training, Monte Carlo dropout and the tests of this one use.
#pragma once

#include <vector>

#include "engine/nn/inference_attention.h"
#include "engine/nn/inference_lstm.h"
#include "engine/stope/network_specification.h"

namespace deepmine::stope {

/// Not changed by run(): any number of threads and teams may predict at the same time, each with a workspace
/// of its own. An answer has the same bits for every batch, position and number of threads.
template <class Scalar>
class PredictionNetwork {
  struct Block;

 public:
  /// Memory of its own for the weights, which are not there yet. The specification must have no problem
  /// (problem_with); the kernels must outlive this.
  PredictionNetwork(const NetworkSpecification& specification, const nn::Kernels<Scalar>& kernels);
  PredictionNetwork(const PredictionNetwork&) = delete;
  PredictionNetwork& operator=(const PredictionNetwork&) = delete;

  /// Takes over the values of a DualBranchNetwork of the same specification; a copy.
  void take(const nn::ParameterView<Scalar>& parameters);

  const NetworkSpecification& specification() const { return specification_; }
  const nn::Kernels<Scalar>& kernels() const { return kernels_; }
  /// Of one sample: the logit of instability, then `risk_levels` logits for each horizon.
  int logit_count() const {
    return 1 + static_cast<int>(specification_.horizons.size()) * specification_.risk_levels;
  }

  /// What run() writes on the way; planned once, whatever the number of samples.
  class Workspace {
   public:
    Workspace() = default;
    /// For up to `threads` threads. Up to `together` of them share a block where there are fewer blocks than
    /// threads; the bits do not depend on it.
    Workspace(const PredictionNetwork& network, int threads, int together);
    Workspace(const PredictionNetwork& network, int threads)
        : Workspace(network, threads, most_together(threads)) {}
    int threads() const { return static_cast<int>(blocks_.size()); }

   private:
    friend class PredictionNetwork;
    nn::Arena arena_;
    std::vector<Block> blocks_;  // one a thread
    int together_ = 1;
    int runs_apart_ = 0;  // still to come, since threads that shared a block were kept from running
  };
  /// Threads that share a block meet a hundred times: more than there are processors would wait for each
  /// other's turn, and more than a few get too little to do.
  static int most_together(int threads);

  /// sample_features() features; S sensors, T days; in the layout of activations.h. What padding holds does
  /// not matter.
  struct Inputs {
    nn::Activations<const Scalar> statics, series;
  };
  /// Where the answers go: `logit_count` logits for each sample, one sample after the other; how much each of
  /// the T days counted for it (only with CrossAttention::days), or null.
  struct Answers {
    Scalar* logits = nullptr;
    Scalar* day_weights = nullptr;
  };
  /// Threads that have something to do with so many samples.
  int threads_for(int samples, const Workspace& workspace) const;
  /// Predicts on up to as many threads as the workspace was planned for. Allocates nothing.
  void run(int samples, const Inputs& inputs, Workspace& workspace, const Answers& answers) const;

 private:
  /// Tensors of one block of samples. Of those that a crew shares, the first thread's are used.
  struct Block {
    int first = 0, columns = 0, steps = 0;  ///< which samples, and how many days they have
    nn::Columns<Scalar> statics, series;    ///< a thread's own; `statics`: all features of a sample
    nn::Columns<Scalar> static_1, static_sum;
    nn::Columns<Scalar> days;       ///< t1, then t2, then the self-attention's output
    nn::Columns<Scalar> last_lstm;  ///< all days
    typename nn::PredictedLstm<Scalar>::Workspace lstm, lstm_3;
    typename nn::PredictedSelfAttention<Scalar>::Workspace self_attention;
    typename nn::PredictedCrossAttention<Scalar>::Workspace cross_attention;
    nn::Columns<Scalar> fused, shared_1, shared_2;
    nn::Columns<Scalar> head_1, head_2, shortcut;  ///< a thread's own
  };
  struct Head {
    nn::PredictedDense<Scalar> first, second, logits;
    std::string name;
    bool has_second = false;
    int first_logit = 0;
  };

  void plan(nn::Arena& arena);
  void plan_block(nn::Arena& arena, Block& block) const;
  void gather(const Inputs& inputs, int begin, int end, Block& own) const;
  bool share_blocks(int samples, const Workspace& workspace) const;
  void run_together(const nn::Team& team, int samples, const Inputs& inputs, Workspace& workspace,
                    const Answers& answers) const;
  void run_apart(const nn::Team& team, int samples, const Inputs& inputs, Workspace& workspace,
                 const Answers& answers) const;
  void run_block(const nn::Crew& crew, const Inputs& inputs, int begin, int end, Block& shared, Block& own,
                 const Answers& answers) const;
  void run_static(const nn::Crew& crew, const Block& shared, const Block& own) const;
  void run_temporal(const nn::Crew& crew, const Inputs& inputs, const Block& shared, const Block& own) const;
  void run_fusion(const nn::Crew& crew, const Inputs& inputs, const Block& shared, const Block& own,
                  const Answers& answers) const;
  void run_heads(const nn::Crew& crew, const Block& shared, const Block& own, const Answers& answers) const;
  void add_known_answer(const Head& head, int number, const Block& own, nn::Columns<Scalar> logits) const;
  static int days_of(const Inputs& inputs, int sample) {
    return inputs.series.lengths == nullptr ? inputs.series.steps : inputs.series.lengths[sample];
  }

  NetworkSpecification specification_;
  const nn::Kernels<Scalar>& kernels_;
  nn::Arena arena_;
  nn::PredictedDense<Scalar> static_1_, static_2_, static_3_;
  nn::PredictedLstm<Scalar> lstm_1_, lstm_2_, lstm_3_;
  nn::PredictedSelfAttention<Scalar> self_attention_;
  nn::PredictedCrossAttention<Scalar> cross_attention_;
  nn::PredictedDense<Scalar> shared_1_, shared_2_;
  nn::PredictedDense<Scalar> shortcut_;  ///< of the current head, if the specification has it
  std::vector<Head> heads_;
};

}  // namespace deepmine::stope
