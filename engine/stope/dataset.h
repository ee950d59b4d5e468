// From records to training material: every usable window of every stope, with its targets. Windows are
// indices into the stopes' prepared readings; a sample is scaled when it is written for the network.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/stope/feature_table.h"
#include "engine/stope/network_specification.h"
#include "engine/stope/records.h"
#include "engine/stope/risk_level.h"
#include "engine/stope/scaler.h"
#include "engine/stope/thresholds.h"
#include "engine/stope/windows.h"

namespace deepmine::stope {

/// A stope made ready. `statics.stable` (the label) is used for targets only.
struct PreparedStope {
  std::string name;
  StaticRecord statics;
  StaticFeatures features;
  PreparedReadings readings;
};

struct Window {
  std::uint32_t stope = 0;  ///< index into Dataset::stopes()
  Day end = 0;              ///< day t
};

/// A target that is masked out of the loss: no label, or a day that lies past the data or was not observed.
inline constexpr std::int8_t masked = -1;

/// A choice of windows, for example the training part of a split. Targets on a day from `targets_before` on
/// are masked, so that nothing of a later part reaches an earlier one.
struct WindowSelection {
  std::vector<std::uint32_t> windows;  ///< indices into Dataset::windows(), ascending
  Day targets_before = std::numeric_limits<Day>::max();
};

/// How often each class occurs among the targets that are not masked: what `balanced` class weights are made
/// from.
struct ClassCounts {
  std::array<std::int64_t, 2> current{};                           ///< stable, unstable
  std::vector<std::array<std::int64_t, risk_level_count>> future;  ///< one row a horizon
};

/// Why stopes and days gave no window.
struct DatasetCounts {
  std::array<std::int64_t, window_state_count> days{};  ///< calendar days of usable stopes, by WindowState
  std::int64_t stopes_without_readings = 0;
  std::int64_t stopes_with_incomplete_record = 0;  ///< a static value missing or a category unknown
  std::int64_t windows_without_label = 0;          ///< kept; the current target is masked
};

/// Immutable after construction; all const members may be used from several threads.
class Dataset {
 public:
  /// Takes the records over (their readings are filled in place, without a copy).
  Dataset(std::vector<StopeRecord> records, const SiteSettings& settings, WindowPlan plan = {});

  const std::vector<PreparedStope>& stopes() const { return stopes_; }
  const std::vector<Window>& windows() const { return windows_; }
  const WindowPlan& plan() const { return plan_; }
  const SiteSettings& settings() const { return settings_; }
  const DatasetCounts& counts() const { return counts_; }

  /// 1 unstable, 0 stable, or `masked`.
  std::int8_t current_target(std::size_t window) const;
  /// One level (0-5) or `masked` per horizon.
  std::span<const std::int8_t> future_targets(std::size_t window) const;
  /// The same, with the targets from `targets_before` on masked. Writes plan().horizons.size() values.
  void write_future_targets(std::size_t window, Day targets_before, std::int8_t* out) const;
  ClassCounts class_counts(const WindowSelection& selection) const;

  /// The inputs of a network (sample.h says what goes where).
  void write_sample(std::size_t window, const NetworkSpecification& specification, const InputScaler& scaler,
                    float* features, float* series) const;

 private:
  void add_windows(std::uint32_t stope);
  void add_targets(const PreparedStope& stope, Day end);

  SiteSettings settings_;
  WindowPlan plan_;
  std::vector<PreparedStope> stopes_;
  std::vector<Window> windows_;
  std::vector<std::int8_t> future_targets_;  // windows × horizons
  DatasetCounts counts_;
};

/// Fits the scalers on the stopes of a selection: their statics once, and the observed readings of every day
/// up to the last day that a window of the selection sees, each day once; the summary of each window. (A
/// stope's days before its first window belong to it as well; a later part's days never do.)
InputScaler fit_input_scaler(const Dataset& dataset, const WindowSelection& training);

}  // namespace deepmine::stope
