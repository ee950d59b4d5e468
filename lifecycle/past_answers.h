// What a site's response plan says of each stope (engine/stope/response_plan.h): from the answer to today and
// those to the days before, by which an alarm that was raised may be taken back. Nothing is remembered
// between runs; the answers to past days are made again, as of each day, by the same model from the readings
// up to that day and with the checks of that day.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "engine/stope/assessment.h"
#include "engine/stope/issue.h"
#include "engine/stope/response_plan.h"
#include "lifecycle/loaded_model.h"

namespace deepmine::lifecycle {

/// A stope with a day t, whether that is answered or not.
struct StopeOfToday {
  const stope::StaticRecord& statics;
  const stope::StaticFeatures& features;
  const stope::PreparedReadings& readings;
  std::span<const stope::Issue> issues;
  stope::Day day_t = 0;  ///< last day with a reading
  stope::DayAnswer today;
};

struct ResponseRequest {
  const stope::SiteSettings& settings;  ///< with a response plan
  const stope::WindowPlan& plan;
  std::optional<stope::Day> today;  ///< of the caller's calendar (quality.h)
  int threads = 1;
};

/// The response of each stope. `look_back_days` count from the last day that allows an answer: a stope whose
/// sensors fail one by one does not lose its alarm. No more of the past is asked about than the response
/// hangs on. Without a model the rules answer. The same for any number of threads and stopes.
std::vector<stope::Response> responses(const LoadedModel* model, std::span<const StopeOfToday> stopes,
                                       const ResponseRequest& request);

/// An answer as the plan sees it.
stope::DayAnswer day_answer(const stope::Assessment& assessment);

}  // namespace deepmine::lifecycle
