// Training, validation and test parts. The default keeps stopes apart, because windows of one stope on both
// sides of a split measure memory, not skill.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/stope/dataset.h"

namespace deepmine::stope {

enum class SplitMethod : std::uint8_t {
  stope,    ///< whole stopes, stratified on stability
  forward,  ///< later days held out, for all stopes at the same days
  random,   ///< windows at random: leaks between neighbouring days, for comparison only (warn the user)
};

struct SplitPlan {
  SplitMethod method = SplitMethod::stope;
  double validation_fraction = 0.2, test_fraction = 0.2;  ///< each in [0, 1), together below 1
  std::uint64_t seed = 0;
};

/// Every window is in exactly one part. Parts are ascending window indices.
struct Split {
  SplitMethod method = SplitMethod::stope;
  WindowSelection training, validation, test;
  /// forward only: first day t of the validation and of the test windows.
  std::optional<Day> validation_from, test_from;
};

/// Splits the windows of a dataset. Throws Error(usage) for fractions that make no sense and
/// Error(data_invalid) where there are too few stopes (days, windows) to give each part with a fraction above
/// 0 at least one.
///
/// forward: windows that end on or after `validation_from` are held out. The embargo: training targets from
/// that day on are masked (WindowSelection::targets_before), and validation targets from `test_from` on; no
/// window is lost. The label `stability` has no day, so the current head sees the same stopes in every part:
/// say so in reports.
Split split_windows(const Dataset& dataset, const SplitPlan& plan);

/// Names of the stopes that have a window in a part, in the order of the dataset (for the metadata).
std::vector<std::string> stope_names(const Dataset& dataset, const WindowSelection& selection);

enum class Part : std::uint8_t { training, validation, test };

/// The stope split alone: a part for each of `labels` (1 unstable, 0 stable, -1 unknown). Each class is
/// spread over the parts in proportion, and each part gets one of each class where there are enough.
std::vector<Part> split_stopes(std::span<const std::int8_t> labels, double validation_fraction,
                               double test_fraction, std::uint64_t seed);

/// The stopes that have a window, in the order of the dataset: only they take part in a split, for an empty
/// part would be the other thing.
struct SplitStopes {
  std::vector<std::uint32_t> stopes;  ///< index into Dataset::stopes()
  std::vector<std::int8_t> labels;    ///< as split_stopes() wants them
};
SplitStopes stopes_to_split(const Dataset& dataset);
/// The split whose windows go where their stopes go: `parts` by position in stopes_to_split().stopes.
Split windows_of_parts(const Dataset& dataset, std::span<const std::uint32_t> stopes,
                       std::span<const Part> parts);

/// Cross-validation: a fold 0 … folds − 1 for each label, sizes within one of each other, stratified. Throws
/// Error(usage) for fewer than two folds, Error(data_invalid) for fewer stopes than folds.
std::vector<int> stratified_folds(std::span<const std::int8_t> labels, int folds, std::uint64_t seed);

}  // namespace deepmine::stope
