// The wall clock, as text. Nothing is ordered by it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace deepmine::lifecycle {

/// Now, UTC, as `2024-03-30T12:00:00Z`.
std::string utc_timestamp();

/// Seconds since 1970 of a text that utc_timestamp() could have made; nothing for any other.
std::optional<std::int64_t> utc_seconds(const std::string& timestamp);

}  // namespace deepmine::lifecycle
