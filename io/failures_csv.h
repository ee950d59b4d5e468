// True failure dates, as `deepmine simulate` writes them: `stope_name,failure_date`, a row a stope that
// failed.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "engine/stope/records.h"

namespace deepmine::io {

/// By name. Throws Error{data_invalid} naming file, line and column for a missing column, an empty or
/// repeated name, or a date that is none (CsvError for a file that is no CSV). Extra columns are ignored.
std::map<std::string, stope::Day> read_failures_csv(const std::filesystem::path& path);

}  // namespace deepmine::io
