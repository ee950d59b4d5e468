// What is known of an epoch when it ends, and the file that has one line for each: training_log.csv, one run,
// one file.
#pragma once

#include <string>
#include <vector>

namespace deepmine::lifecycle {

struct EpochRecord {
  int epoch = 0;  ///< from 1
  double learning_rate = 0;
  double training_loss = 0;  ///< mean over the epoch's batches by their samples, decay included
  double validation_loss = 0;
  double penalty = 0;  ///< L2 part of the losses
  std::vector<double> training_head_losses,
      validation_head_losses;               ///< current, then the horizons; coefficients included
  std::vector<double> validation_accuracy;  ///< the same order
  double seconds = 0, samples_per_second = 0;
  bool best = false;  ///< the best validation loss so far
};

/// The first line of the log: names of the columns. `horizons` in days.
std::string training_log_header(const std::vector<int>& horizons);
/// One line. A number that is not known (no validation part) is an empty cell.
std::string training_log_line(const EpochRecord& record);

}  // namespace deepmine::lifecycle
