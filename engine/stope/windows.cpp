#include "engine/stope/windows.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace deepmine::stope {
namespace {

/// Carries the values of one sensor over the gaps that are short enough. Bit `bit` of `carried` marks where.
void fill_gaps(std::vector<DailyReading>& days, std::size_t sensor, std::size_t largest_gap,
               const std::vector<std::uint8_t>& observed, std::vector<std::uint8_t>& carried) {
  const auto bit = static_cast<std::uint8_t>(1U << sensor);
  std::size_t last = days.size();  // last observed day; none yet
  for (std::size_t i = 0; i < days.size(); ++i) {
    if (!(observed[i] & bit)) continue;
    const bool closes_short_gap = last < i && i - last - 1 <= largest_gap;
    for (std::size_t gap = last + 1; closes_short_gap && gap < i; ++gap) {
      days[gap][sensor] = days[last][sensor];
      carried[gap] |= bit;
    }
    last = i;
  }
}

}  // namespace

std::string_view name(WindowState state) {
  constexpr std::array<std::string_view, window_state_count> names{
      "usable", "no_readings", "last_day_missing", "history_too_short", "gap_too_long"};
  return names[static_cast<std::size_t>(state)];
}

PreparedReadings::PreparedReadings(DailySeries readings, int largest_gap, Day not_after)
    : filled_(std::move(readings)) {
  auto& days = filled_.days;
  if (!filled_.empty() && filled_.last_day() > not_after)
    days.resize(filled_.first_day > not_after ? 0 : index(not_after) + 1);
  observed_.resize(days.size());
  for (std::size_t i = 0; i < days.size(); ++i)
    for (std::size_t s = 0; s < sensor_count; ++s)
      if (!is_missing(days[i][s])) observed_[i] |= static_cast<std::uint8_t>(1U << s);

  // Days without any reading before the first one are no history.
  const auto first =
      std::find_if(observed_.begin(), observed_.end(), [](std::uint8_t bits) { return bits != 0; });
  const auto skipped = first - observed_.begin();
  days.erase(days.begin(), days.begin() + skipped);
  observed_.erase(observed_.begin(), first);
  filled_.first_day += static_cast<Day>(skipped);

  std::vector<std::uint8_t> carried(days.size());
  for (std::size_t s = 0; s < sensor_count; ++s)
    fill_gaps(days, s, static_cast<std::size_t>(std::max(largest_gap, 0)), observed_, carried);

  complete_run_.resize(days.size());
  filled_until_.resize(days.size());
  for (std::size_t i = 0; i < days.size(); ++i) {
    const bool complete = (observed_[i] | carried[i]) == all_sensors;
    complete_run_[i] = complete ? (i > 0 ? complete_run_[i - 1] : 0) + 1 : 0;
    filled_until_[i] = (i > 0 ? filled_until_[i - 1] : 0) + (carried[i] != 0 ? 1 : 0);
  }
}

DailyReading PreparedReadings::observed_reading(Day day) const {
  assert(filled_.covers(day));
  DailyReading values = filled_.on(day);
  const std::uint8_t bits = observed_[index(day)];
  if (bits == all_sensors) return values;
  for (std::size_t s = 0; s < sensor_count; ++s)
    if ((bits >> s & 1U) == 0) values[s] = missing;
  return values;
}

WindowState PreparedReadings::window_state(Day end, int days, int minimum_history) const {
  if (empty()) return WindowState::no_readings;
  if (!observed(end)) return WindowState::last_day_missing;
  const std::size_t history = index(end) + 1;
  if (history < static_cast<std::size_t>(std::max(days, minimum_history)))
    return WindowState::history_too_short;
  return complete_run_[index(end)] >= days ? WindowState::usable : WindowState::gap_too_long;
}

std::span<const DailyReading> PreparedReadings::window(Day end, int days) const {
  assert(filled_.covers(end));
  const std::size_t stop = index(end) + 1;
  const std::size_t count = std::min(stop, static_cast<std::size_t>(days));
  return std::span(filled_.days).subspan(stop - count, count);
}

int PreparedReadings::days_filled(Day end, int days) const {
  assert(filled_.covers(end));
  const std::size_t last = index(end);
  const auto count = static_cast<std::size_t>(days);
  return filled_until_[last] - (last >= count ? filled_until_[last - count] : 0);
}

}  // namespace deepmine::stope
