// A documented random process that makes stopes with readings: healthy drift, creep that accelerates to
// failure, blasts, sensor gaps. For demonstrations, tests and benchmarks; it is no model of any real mine.
// The equations stand in docs/simulator.md, in the order of the code.
//
// A stope is a function of (seed, its index): the first 50 of 100 are the 50 of 50, and its readings of a day
// do not depend on how many days are made. Only the label looks at the whole period.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/stope/records.h"

namespace deepmine::stope {

struct SimulationPlan {
  std::uint64_t seed = 7;
  std::size_t stopes = 50;
  int days = 90;
  Day first_day = 19723;  ///< 2024-01-01
  /// A stope is labelled unstable if it fails in the period or within this many days after it.
  int label_margin_days = 90;
  bool sensor_faults = true;  ///< missing cells, missing days, stuck sensors
};

/// Failures later than this many days after the first day are not looked for.
inline constexpr int furthest_simulated_failure = 1825;

struct SimulatedStope {
  StopeRecord record;
  /// The day on which it fails, in the period or after it (the truth that no input file holds). Readings end
  /// on the day before: the failure takes the instruments with it.
  std::optional<Day> failure_day;
};

/// A simulated mine is not larger than what the program reads back: some 5 GB of text, of the 8 GiB that a
/// CSV file may have.
inline constexpr std::uint64_t most_simulated_readings = 100'000'000;
inline constexpr int most_simulated_days = 100'000;

/// Throws Error{usage} unless there are at least one stope and one day, no more than the above, the margin
/// is not negative, and all of it ends before the year 10000.
void check_plan(const SimulationPlan& plan);

/// Stope number `index` (from 0) of a plan that passed check_plan(). Thread-safe.
SimulatedStope simulate_stope(const SimulationPlan& plan, std::size_t index);

}  // namespace deepmine::stope
