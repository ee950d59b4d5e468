// The file that has a line for each epoch: training_log.csv, one run, one file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/train/epoch_record.h"

namespace deepmine::lifecycle {

using train::EpochRecord;

/// The first line of the log: names of the columns. `horizons` in days.
std::string training_log_header(const std::vector<int>& horizons);
/// One line. A number that is not known (no validation part) is an empty cell.
std::string training_log_line(const EpochRecord& record);
/// The epochs of a whole log. Throws Error{model_damaged} that names `source` and the line where the text is
/// not what the two functions above write for these horizons. Empty text: no epochs.
std::vector<EpochRecord> parse_training_log(std::string_view text, const std::vector<int>& horizons,
                                            const std::string& source);

}  // namespace deepmine::lifecycle
