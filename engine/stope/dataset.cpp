#include "engine/stope/dataset.h"

#include <algorithm>
#include <cassert>

#include "engine/nn/error.h"
#include "engine/stope/quality.h"
#include "engine/stope/rules.h"
#include "engine/stope/sample.h"

namespace deepmine::stope {
namespace {

constexpr Day never = std::numeric_limits<Day>::min();

void check_plan(const WindowPlan& plan) {
  if (plan.days < 2)
    throw Error(ErrorCode::usage, "a window needs at least 2 days, found " + std::to_string(plan.days));
  int previous = 0;
  for (const int horizon : plan.horizons) {
    if (horizon <= previous)
      throw Error(ErrorCode::usage, "horizons must be positive and ascending, found " +
                                        std::to_string(horizon) + " after " + std::to_string(previous));
    previous = horizon;
  }
}

}  // namespace

Dataset::Dataset(std::vector<StopeRecord> records, const SiteSettings& settings, WindowPlan plan)
    : settings_(settings), plan_(std::move(plan)) {
  check_plan(plan_);
  stopes_.reserve(records.size());
  for (StopeRecord& record : records) {
    if (const auto impossible =
            impossible_value(record.statics, record.readings, std::numeric_limits<Day>::max()))
      throw Error(ErrorCode::data_invalid, "stope '" + record.name + "': " + *impossible);
    PreparedStope stope;
    stope.features = static_features(record.statics);
    stope.name = std::move(record.name);
    stope.statics = std::move(record.statics);
    stope.readings = PreparedReadings(std::move(record.readings), settings_.data.largest_filled_gap);
    stopes_.push_back(std::move(stope));
    add_windows(static_cast<std::uint32_t>(stopes_.size() - 1));
  }
}

void Dataset::add_windows(std::uint32_t index) {
  const PreparedStope& stope = stopes_[index];
  if (stope.readings.empty()) {
    ++counts_.stopes_without_readings;
    return;
  }
  if (!stope.features.complete()) {
    ++counts_.stopes_with_incomplete_record;
    return;
  }
  for (Day day = stope.readings.first_day(); day <= stope.readings.last_day(); ++day) {
    const WindowState state = stope.readings.window_state(day, plan_.days, settings_.data.minimum_history);
    ++counts_.days[static_cast<std::size_t>(state)];
    if (state != WindowState::usable) continue;
    windows_.push_back({index, day});
    if (!stope.statics.stable) ++counts_.windows_without_label;
    add_targets(stope, day);
  }
}

void Dataset::add_targets(const PreparedStope& stope, Day end) {
  const auto risk = window_risk(settings_.unstable_rules, settings_.risk_rules, stope.statics,
                                stope.readings.window(end, plan_.days));
  for (const int horizon : plan_.horizons) {
    const Day day = end + horizon;
    std::int8_t target = masked;
    // A carried value is no observation: the rules see `missing` there and give no level.
    if (risk && stope.readings.filled().covers(day))
      if (const auto level =
              risk_level(settings_.risk_rules, *risk, stope.readings.observed_reading(day), horizon))
        target = static_cast<std::int8_t>(*level);
    future_targets_.push_back(target);
  }
}

std::int8_t Dataset::current_target(std::size_t window) const {
  const std::optional<bool>& stable = stopes_[windows_[window].stope].statics.stable;
  if (!stable) return masked;
  return *stable ? 0 : 1;
}

std::span<const std::int8_t> Dataset::future_targets(std::size_t window) const {
  const std::size_t horizons = plan_.horizons.size();
  return std::span(future_targets_).subspan(window * horizons, horizons);
}

void Dataset::write_future_targets(std::size_t window, Day targets_before, std::int8_t* out) const {
  const std::span<const std::int8_t> targets = future_targets(window);
  for (std::size_t k = 0; k < targets.size(); ++k)
    out[k] = windows_[window].end + plan_.horizons[k] < targets_before ? targets[k] : masked;
}

ClassCounts Dataset::class_counts(const WindowSelection& selection) const {
  ClassCounts counts;
  counts.future.resize(plan_.horizons.size());
  std::vector<std::int8_t> targets(plan_.horizons.size());
  for (const std::uint32_t window : selection.windows) {
    const std::int8_t current = current_target(window);
    if (current != masked) ++counts.current[static_cast<std::size_t>(current)];
    write_future_targets(window, selection.targets_before, targets.data());
    for (std::size_t k = 0; k < targets.size(); ++k)
      if (targets[k] != masked) ++counts.future[k][static_cast<std::size_t>(targets[k])];
  }
  return counts;
}

void Dataset::write_sample(std::size_t window, const NetworkSpecification& specification,
                           const InputScaler& scaler, float* features, float* series) const {
  const PreparedStope& stope = stopes_[windows_[window].stope];
  deepmine::stope::write_sample(
      {stope.statics, stope.features, stope.readings.window(windows_[window].end, plan_.days)}, specification,
      scaler, settings_, features, series);
}

InputScaler fit_input_scaler(const Dataset& dataset, const WindowSelection& training) {
  std::vector<Day> last_day(dataset.stopes().size(), never);
  InputScalerFit fit;
  for (const std::uint32_t window : training.windows) {
    const Window& w = dataset.windows()[window];
    last_day[w.stope] = std::max(last_day[w.stope], w.end);
    fit.add_window(dataset.stopes()[w.stope].readings.window(w.end, dataset.plan().days));
  }
  for (std::size_t i = 0; i < last_day.size(); ++i) {
    if (last_day[i] == never) continue;
    const PreparedStope& stope = dataset.stopes()[i];
    fit.add_statics(stope.features);
    for (Day day = stope.readings.first_day(); day <= last_day[i]; ++day) {
      const DailyReading reading = stope.readings.observed_reading(day);
      for (std::size_t s = 0; s < sensor_count; ++s) fit.add_reading(static_cast<Sensor>(s), reading[s]);
    }
  }
  return fit.finish();
}

}  // namespace deepmine::stope
