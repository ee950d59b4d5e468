// The six levels of risk, in order. Plain numbers 0-5, so that a level is also a class index of the network.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace deepmine::stope {

enum class RiskLevel : std::int8_t { stable, slight_elevated, elevated, high, critical, unstable };
inline constexpr std::size_t risk_level_count = 6;

/// The names that are written to files and shown to people, by level.
inline constexpr std::array<std::string_view, risk_level_count> risk_level_names{
    "stable", "slight_elevated", "elevated", "high", "critical", "unstable"};

inline constexpr std::string_view name(RiskLevel level) {
  return risk_level_names[static_cast<std::size_t>(level)];
}

}  // namespace deepmine::stope
