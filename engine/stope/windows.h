// Windows of consecutive calendar days over the readings of a stope. A window ends on day t, inclusive, and
// is nothing but that day: the readings are filled once per stope and never copied.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "engine/stope/records.h"

namespace deepmine::stope {

/// What the network is asked: how many days it sees and how far ahead it looks.
struct WindowPlan {
  int days = 30;
  std::vector<int> horizons{1, 3, 7, 14, 30};  ///< days after day t, ascending

  bool operator==(const WindowPlan&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("days", self.days);
    visit("horizons", self.horizons);
  }
};

/// Why no window ends on a day. The names are also the reason codes of a prediction.
enum class WindowState : std::uint8_t {
  usable,
  no_readings,        ///< the stope has none at all
  last_day_missing,   ///< not all five sensors were observed on day t
  history_too_short,  ///< fewer calendar days than asked for since the first reading
  gap_too_long,       ///< a sensor was missing for longer than may be carried forward
};
inline constexpr std::size_t window_state_count = 5;
std::string_view name(WindowState state);

/// The daily readings of a stope, filled: a gap of up to `largest_gap` days of one sensor is carried forward
/// from the last observed value, a longer gap stays missing as a whole, and so does what lies before the
/// first observed value. A gap is filled only once a later reading has closed it. Immutable after
/// construction; may be read from several threads. 49 bytes a day.
class PreparedReadings {
 public:
  PreparedReadings() = default;
  /// Days after `not_after` are cut off first: nothing that is not yet known may decide about an earlier day.
  PreparedReadings(DailySeries readings, int largest_gap, Day not_after = std::numeric_limits<Day>::max());

  bool empty() const { return filled_.empty(); }
  const DailySeries& filled() const { return filled_; }
  Day first_day() const { return filled_.first_day; }
  Day last_day() const { return filled_.last_day(); }

  /// Whether the sensor (all sensors) gave a reading on that day; false for a day outside the series.
  bool observed(Day day, Sensor sensor) const {
    return (observed_sensors(day) >> static_cast<unsigned>(sensor) & 1U) != 0;
  }
  bool observed(Day day) const { return observed_sensors(day) == all_sensors; }
  bool observed_any(Day day) const { return observed_sensors(day) != 0; }
  /// The observed readings of a day in the series, `missing` where a value was carried forward.
  DailyReading observed_reading(Day day) const;

  /// Can the `days` days that end on `end` be used, with at least `minimum_history` days since the first
  /// reading? Constant time.
  WindowState window_state(Day end, int days, int minimum_history) const;
  /// The days of a window, all inside the series (a usable window, or one cut short by `first_day`).
  std::span<const DailyReading> window(Day end, int days) const;
  /// Days of that window on which at least one sensor was carried forward. Constant time.
  int days_filled(Day end, int days) const;

 private:
  static constexpr std::uint8_t all_sensors = (1U << sensor_count) - 1;

  /// Bit s: sensor s gave a reading on that day; none outside the series.
  unsigned observed_sensors(Day day) const { return filled_.covers(day) ? observed_[index(day)] : 0U; }
  std::size_t index(Day day) const { return static_cast<std::size_t>(day - filled_.first_day); }

  DailySeries filled_;
  std::vector<std::uint8_t> observed_;
  std::vector<std::int32_t> complete_run_;  // days without a hole that end on this day
  std::vector<std::int32_t> filled_until_;  // days with a carried value, up to and including this day
};

}  // namespace deepmine::stope
