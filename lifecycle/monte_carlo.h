// Doubt about an answer: the network asked again and again with its dropout left on (Gal and Ghahramani:
// "Dropout as a Bayesian approximation", ICML 2016). What the draws agree on, the training data decided;
// where they differ, it did not. A draw's masks follow from (seed, hash of the input, number of the draw):
// the same bits for any number of threads, for any other stopes in the same run, and for any batch size.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/stope/assessment.h"
#include "lifecycle/batch.h"
#include "lifecycle/loaded_model.h"

namespace deepmine::lifecycle {

/// Whether any layer of the network drops anything: without, all draws are the same, and say nothing.
bool has_dropout(const stope::NetworkSpecification& specification);

/// Draws from one model. Has a workspace of its own; not thread-safe. The model must outlive it.
class MonteCarlo {
 public:
  explicit MonteCarlo(const LoadedModel& model);

  /// Raw answers to one sample, `draws` of them. `threads`: of each pass.
  std::vector<Logits> draw(std::span<const float> features, std::span<const float> series, int draws,
                           std::uint64_t seed, int threads);

 private:
  const LoadedModel& model_;
  nn::Parameters<float> parameters_;
  Batch batch_;
  nn::Arena arena_;
  Network::Workspace workspace_;
  std::vector<RandomKey> keys_;
};

/// What draws say of one probability. `probabilities`: draw by draw, `classes` each, of which `shown` is the
/// one that the answer names; of a two-class head, one class: the probability of instability.
///
///   mutual_information = H(mean p) − mean H(p), in nats       (Houlsby and others 2011)
stope::Uncertainty uncertainty_of(std::span<const double> probabilities, std::size_t classes,
                                  std::size_t shown);

}  // namespace deepmine::lifecycle
