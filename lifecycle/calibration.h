// What makes a network's numbers mean what they say: a temperature for each head, and for each horizon the
// thresholds of its risk sets. Both are fitted on the validation stopes when a training has ended. docs/
// calibration.md says what can be expected of them, and what not.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "engine/stope/risk_level.h"
#include "io/components_file.h"
#include "io/evaluation_report.h"
#include "lifecycle/answers.h"
#include "lifecycle/network_runner.h"

namespace deepmine::lifecycle {

/// With fewer labelled stopes, or without two classes of two stopes each among them, a head keeps the
/// temperature 1. Windows of one stope say the same thing, so it is stopes that count.
inline constexpr std::size_t fewest_calibration_stopes = 8;

/// The raw answers to the windows of a selection, in its order.
std::vector<Logits> window_logits(NetworkRunner& runner, SampleSource& source,
                                  const stope::WindowSelection& selection);

/// Fits the calibration on judged windows and the network's raw answers to them. Pure; the bits depend on the
/// arguments alone. Without any window: temperatures of 1, and sets that hold every level.
io::Calibration calibrate(const JudgedWindows& windows, std::span<const Logits> logits);

/// Log-loss and calibration error of every head on these windows, with temperature 1 and with those of
/// `calibration`; of each horizon how often its risk set held the level that came (each stope counts the
/// same) and how many levels it had. NaN where nothing was labelled.
std::vector<io::CalibrationFigures> calibration_figures(const JudgedWindows& windows,
                                                        std::span<const Logits> logits,
                                                        const io::Calibration& calibration, double coverage);

/// The levels that can't be ruled out, ascending: those whose probability reaches the threshold, and the most
/// probable one in any case.
std::vector<stope::RiskLevel> risk_set(const io::RiskSetThresholds& thresholds,
                                       std::span<const double> probabilities, double coverage);

/// What a user must know of a calibration: heads that keep temperature 1, or the lowest one that there is;
/// sets that hold every level at this coverage. One sentence each; empty: nothing.
std::vector<std::string> calibration_remarks(const io::Calibration& calibration,
                                             std::span<const int> horizons, double coverage);
/// The heads that the calibration made worse on the stopes of these figures, in a sentence; empty: none.
std::vector<std::string> calibration_failures(std::span<const io::CalibrationFigures> figures,
                                              std::span<const int> horizons);

}  // namespace deepmine::lifecycle
