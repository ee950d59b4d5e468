// Predictions: a workspace with its batch, and the numbers that come out. The one way to an answer: test
// cases, evaluation and predictions all come by here.
#pragma once

#include <span>
#include <vector>

#include "engine/stope/prediction_network.h"
#include "lifecycle/batch.h"

namespace deepmine::lifecycle {

/// The network's raw answer for one sample: the logit of instability, then `risk_levels` logits for each
/// horizon. Its bits are what determinism is promised for; probabilities follow from it (below).
using Logits = std::vector<float>;

using PredictionNetwork = stope::PredictionNetwork<float>;

/// Runs predictions of one network, which is only read, so many runners may share it; a runner itself serves
/// one caller at a time. After construction a run allocates nothing.
class NetworkRunner {
 public:
  /// The network must outlive the runner. Where its weights change, no run may be under way.
  NetworkRunner(const PredictionNetwork& network, int capacity, int threads);

  Batch& batch() { return batch_; }
  /// Runs the samples of the batch.
  void run();
  /// Threads that a run of so many samples uses.
  int threads_for(int samples) const { return network_.threads_for(samples, workspace_); }
  Logits logits(int position) const;
  /// The same without a copy, until the next run.
  std::span<const float> logits_view(int position) const;
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
  const PredictionNetwork& network_;
  Batch batch_;
  PredictionNetwork::Workspace workspace_;
  std::vector<float> logits_, day_weights_;  // one sample after the other
};

std::size_t logit_count(const stope::NetworkSpecification& specification);

/// Probability of instability from the first logit, divided by `temperature` first.
double instability_probability(const Logits& logits, double temperature = 1);
/// Probabilities of the levels of horizon number `horizon`.
std::vector<double> level_probabilities(const Logits& logits, int horizon, int levels,
                                        double temperature = 1);

}  // namespace deepmine::lifecycle
