// The file that has a line for each epoch: training_log.csv, one run, one file.
#pragma once

#include <string>
#include <vector>

#include "engine/train/epoch_record.h"

namespace deepmine::lifecycle {

using train::EpochRecord;

/// The first line of the log: names of the columns. `horizons` in days.
std::string training_log_header(const std::vector<int>& horizons);
/// One line. A number that is not known (no validation part) is an empty cell.
std::string training_log_line(const EpochRecord& record);

}  // namespace deepmine::lifecycle
