// What is known of an epoch when it ends: a line of the training log, and part of every checkpoint.
#pragma once

#include <limits>
#include <vector>

namespace deepmine::train {

struct EpochRecord {
  int epoch = 0;  ///< from 1
  double learning_rate = 0;
  double training_loss = 0;  ///< mean over the epoch's batches by their samples, decay included
  /// NaN without a validation part; the training loss decides then which epoch is best.
  double validation_loss = std::numeric_limits<double>::quiet_NaN();
  double penalty = 0;  ///< L2 part of the losses
  std::vector<double> training_head_losses,
      validation_head_losses;               ///< current, then the horizons; coefficients included
  std::vector<double> validation_accuracy;  ///< the same order
  double seconds = 0, samples_per_second = 0;
  bool best = false;  ///< the best so far

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("epoch", self.epoch);
    visit("learning_rate", self.learning_rate);
    visit("training_loss", self.training_loss);
    visit("validation_loss", self.validation_loss);
    visit("penalty", self.penalty);
    visit("training_head_losses", self.training_head_losses);
    visit("validation_head_losses", self.validation_head_losses);
    visit("validation_accuracy", self.validation_accuracy);
    visit("seconds", self.seconds);
    visit("samples_per_second", self.samples_per_second);
    visit("best", self.best);
  }
};

}  // namespace deepmine::train
