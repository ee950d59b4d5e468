// What is known of a stope: its geology and design (one record) and its daily sensor readings. Plain values;
// where they came from (CSV, JSON, an array of a caller) is somebody else's business.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deepmine::stope {

// ---- calendar

/// A calendar day in local mine time, counted from 1970-01-01.
using Day = std::int32_t;

std::string format_day(Day day);  ///< `2024-03-30`
/// Reads `YYYY-MM-DD` exactly; nothing if it is not a day of the calendar.
std::optional<Day> parse_day(std::string_view text);

// ---- sensors

enum class Sensor { vibration_velocity, deformation_rate, stress, temperature, humidity };
inline constexpr std::size_t sensor_count = 5;

/// The column name of a sensor, its unit and the range outside which a reading can't be true.
struct SensorColumn {
  std::string_view name, unit;
  double lowest, highest;
};
inline constexpr std::array<SensorColumn, sensor_count> sensor_columns{{
    {"vibration_velocity", "mm/s", 0, 500},
    {"deformation_rate", "mm/day", -100, 1000},
    {"stress", "MPa", -50, 1000},
    {"temperature", "°C", -20, 80},
    {"humidity", "%", 0, 100},
}};

/// A missing reading. Missing is missing: never zero.
inline constexpr double missing = std::numeric_limits<double>::quiet_NaN();
inline bool is_missing(double value) {
  return std::isnan(value);
}

/// One day's mean reading of each sensor; `missing` where the sensor gave none that day.
using DailyReading = std::array<double, sensor_count>;

/// Consecutive calendar days without a hole: a day without any reading is a row of `missing`.
struct DailySeries {
  Day first_day = 0;
  std::vector<DailyReading> days;

  bool empty() const { return days.empty(); }
  Day last_day() const { return first_day + static_cast<Day>(days.size()) - 1; }
  bool covers(Day day) const { return !empty() && day >= first_day && day <= last_day(); }
  const DailyReading& on(Day day) const { return days[static_cast<std::size_t>(day - first_day)]; }
};

// ---- geology and design

inline constexpr std::array<std::string_view, 8> directions{"North", "Northeast", "East", "Southeast",
                                                            "South", "Southwest", "West", "Northwest"};
inline constexpr std::array<std::string_view, 11> rock_types{"Granite",   "Basalt",    "Quartzite", "Schist",
                                                             "Gneiss",    "Marble",    "Slate",     "Shale",
                                                             "Limestone", "Sandstone", "Obsidian"};
inline constexpr std::array<std::string_view, 7> support_types{
    "None", "Rock Bolts", "Mesh", "Steel Sets", "Shotcrete", "Timber", "Cable Bolts"};

/// The row of the static file. Categories stay text here: one that is in no table is a finding, not a zero.
struct StaticRecord {
  double rqd = missing;               ///< rock quality designation, %
  double hydraulic_radius = missing;  ///< m (column `hr`)
  double depth = missing;             ///< m below surface
  double dip = missing;               ///< degree
  double undercut_width = missing;    ///< m (column `undercut_wdt`)
  double support_density = missing;
  bool support_installed = false;
  std::string direction, rock_type, support_type;
  std::optional<bool> stable;  ///< the label (column `stability`); never an input feature
};

/// A numeric column of the static file: its name, unit and the range outside which a value can't be true.
struct StaticColumn {
  std::string_view name, unit;
  double lowest, highest;
  double StaticRecord::*value;
};
inline constexpr std::array<StaticColumn, 6> static_columns{{
    {"rqd", "%", 0, 100, &StaticRecord::rqd},
    {"hr", "m", 0, 50, &StaticRecord::hydraulic_radius},
    {"depth", "m", 0, 4000, &StaticRecord::depth},
    {"dip", "degree", 0, 90, &StaticRecord::dip},
    {"undercut_wdt", "m", 0, 50, &StaticRecord::undercut_width},
    {"support_density", "", 0, 5, &StaticRecord::support_density},
}};

struct StopeRecord {
  std::string name;
  StaticRecord statics;
  DailySeries readings;  ///< empty: the stope has no readings
};

/// Position of `name` in a category table, or nothing if the table does not have it.
template <std::size_t Size>
std::optional<std::size_t> category_index(const std::array<std::string_view, Size>& table,
                                          std::string_view name) {
  for (std::size_t i = 0; i < Size; ++i)
    if (table[i] == name) return i;
  return std::nullopt;
}

}  // namespace deepmine::stope
