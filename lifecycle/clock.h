// The wall clock, as text. Nothing is ordered by it.
#pragma once

#include <string>

namespace deepmine::lifecycle {

/// Now, UTC, as `2024-03-30T12:00:00Z`.
std::string utc_timestamp();

}  // namespace deepmine::lifecycle
