// Whether a training that goes on is the one that was begun.
#pragma once

#include <string>
#include <vector>

#include "engine/stope/records.h"
#include "io/checkpoint_file.h"

namespace deepmine::lifecycle {

/// SHA-256 (hexadecimal) of all that a training may use of the records, in their order.
std::string records_sha256(const std::vector<stope::StopeRecord>& records);

/// What is not the same, a line each: `plan.seed: 5 when the run began, 6 now`. Empty: nothing.
std::vector<std::string> differences(const io::RunIdentity& begun, const io::RunIdentity& now);

}  // namespace deepmine::lifecycle
