// Forward passes: a workspace with its batch, and the numbers that come out.
#pragma once

#include <vector>

#include "lifecycle/batch.h"

namespace deepmine::lifecycle {

/// The network's raw answer for one sample: the logit of instability, then `risk_levels` logits for each
/// horizon. Its bits are what determinism is promised for; probabilities follow from it (below).
using Logits = std::vector<float>;

/// Runs prediction passes of one network. The network and the parameters are only read, so many runners may
/// share them; a runner itself serves one caller at a time. After construction a run allocates nothing but
/// its answers.
class NetworkRunner {
 public:
  NetworkRunner(const Network& network, const nn::Kernels<float>& kernels, int capacity, int threads);

  Batch& batch() { return batch_; }
  /// Runs the samples of the batch.
  void run(const nn::ParameterView<float>& parameters);
  Logits logits(int position) const;
  /// How much each day counted for the answer (cross-attention); empty if the network does not attend to
  /// days.
  std::vector<float> day_weights(int position) const;
  /// Weighted sums of the losses and of the weights of every head for the samples last run, for losses over
  /// many batches.
  struct HeadSums {
    double loss = 0, weight = 0;
  };
  std::vector<HeadSums> loss_sums() const;

 private:
  const Network& network_;
  const nn::Kernels<float>& kernels_;
  int threads_;
  Batch batch_;
  nn::Arena arena_;
  Network::Workspace workspace_;
};

std::size_t logit_count(const stope::NetworkSpecification& specification);

/// Probability of instability from the first logit, divided by `temperature` first.
double instability_probability(const Logits& logits, double temperature = 1);
/// Probabilities of the levels of horizon number `horizon`.
std::vector<double> level_probabilities(const Logits& logits, int horizon, int levels,
                                        double temperature = 1);

}  // namespace deepmine::lifecycle
