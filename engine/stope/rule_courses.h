// The courses that the readings of a day to come may take, as the rules' prior sees them (rule_prior.h): each
// day of the window as it is, carried along the trend to the end of the window, and once more to day t+h.
#pragma once

#include <algorithm>
#include <optional>
#include <span>

#include "engine/stope/records.h"
#include "engine/stope/rules.h"

namespace deepmine::stope {

/// Slope per day of every sensor over the window; nothing if one can't be computed.
inline std::optional<DailyReading> slopes_of(std::span<const DailyReading> window) {
  const DailyReading slopes = daily_slopes(window);
  if (std::any_of(slopes.begin(), slopes.end(), is_missing)) return std::nullopt;
  return slopes;
}

/// Calls `visit(readings of day t+h)` for the 2·T courses in a fixed order, until it returns false. Returns
/// whether it never did.
template <class Visit>
bool visit_courses(std::span<const DailyReading> window, const DailyReading& slopes, int horizon,
                   Visit&& visit) {
  for (const int days_of_trend : {0, horizon})
    for (std::size_t i = 0; i < window.size(); ++i) {
      const double days = static_cast<double>(window.size() - 1 - i) + days_of_trend;
      DailyReading moved{};
      for (std::size_t s = 0; s < sensor_count; ++s) moved[s] = window[i][s] + slopes[s] * days;
      if (!visit(moved)) return false;
    }
  return true;
}

}  // namespace deepmine::stope
