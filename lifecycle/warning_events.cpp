#include "lifecycle/warning_events.h"

#include <algorithm>

namespace deepmine::lifecycle {
namespace {

bool reaches(std::int8_t level, stope::RiskLevel alert_level) {
  return level >= static_cast<std::int8_t>(alert_level);  // masked is negative
}

}  // namespace

WarningEvents failure_events(const JudgedWindows& judged, const stope::Dataset& dataset,
                             const FailureDates& failures) {
  WarningEvents events{true, {}, std::vector<bool>(judged.size())};
  for (const std::uint32_t stope : judged.stopes) {
    const auto found = failures.find(dataset.stopes()[stope].name);
    events.event.push_back(found == failures.end() ? std::nullopt : std::optional(found->second));
  }
  const int horizon = judged.horizons.back();
  for (std::size_t w = 0; w < judged.size(); ++w) {
    const std::optional<stope::Day>& failure = events.event[judged.stope[w]];
    const stope::Day day = judged.days[w];
    events.quiet[w] = !failure || *failure <= day || *failure > day + horizon;
  }
  return events;
}

WarningEvents labelled_events(const JudgedWindows& judged, stope::RiskLevel alert_level) {
  WarningEvents events{false, {}, std::vector<bool>(judged.size())};
  events.event.resize(judged.stopes.size());
  std::vector<bool> was_below(judged.stopes.size());
  for (std::size_t w = 0; w < judged.size(); ++w) {
    const auto labels = judged.future_of(w);
    const std::uint32_t stope = judged.stope[w];
    events.quiet[w] = std::all_of(labels.begin(), labels.end(), [&](std::int8_t level) {
      return level != stope::masked && !reaches(level, alert_level);
    });
    if (labels.front() == stope::masked || events.event[stope]) continue;
    if (!reaches(labels.front(), alert_level))
      was_below[stope] = true;
    else if (was_below[stope])
      events.event[stope] = judged.days[w] + judged.horizons.front();
  }
  return events;
}

std::vector<bool> alarms(const JudgedWindows& judged, const Answers& answers,
                         const stope::AssessmentSettings& settings) {
  std::vector<bool> result(judged.size());
  for (std::size_t w = 0; w < judged.size(); ++w) {
    const auto levels = answers.levels_of(w, judged.horizons.size());
    result[w] = std::any_of(levels.begin(), levels.end(),
                            [&](std::int8_t level) { return reaches(level, settings.alert_level); }) ||
                (!answers.current.empty() && answers.current[w] > settings.high_above);
  }
  return result;
}

}  // namespace deepmine::lifecycle
