// Every enumeration that stands in a file of ours, and how many values it has. A new value at the end is a
// new version of the file's schema. For .cpp files only.
#pragma once

#include "engine/nn/parameter_layout.h"
#include "engine/stope/network_specification.h"
#include "engine/stope/risk_level.h"
#include "engine/train/training_plan.h"
#include "io/field_archive.h"

namespace deepmine::io {

template <>
inline constexpr std::uint8_t enumeration_count<nn::Role> = 7;
template <>
inline constexpr std::uint8_t enumeration_count<stope::RiskLevel> = stope::risk_level_count;
template <>
inline constexpr std::uint8_t enumeration_count<stope::CrossAttention> = 2;
template <>
inline constexpr std::uint8_t enumeration_count<train::ClassWeights> = 2;

}  // namespace deepmine::io
