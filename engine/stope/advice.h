// The words of an assessment: what in the record and the readings explains it, and what is recommended.
#pragma once

#include <vector>

#include "engine/stope/assessment.h"

namespace deepmine::stope {

/// Properties and 7-day means (of the observed readings up to day t, raw units) beyond their bounds, and the
/// first predicted horizon at the alert level or above. Codes: poor_rock, large_span, great_depth,
/// weak_support, high_vibration, fast_deformation, high_stress, high_risk_ahead.
std::vector<Explanation> explain_in_raw_units(const StaticRecord& statics, const PreparedReadings& readings,
                                              const Assessment& assessment, const SiteSettings& settings);

/// Advice in the order of recommendation_codes(), with the words of the settings' table:
/// evacuate_and_assess above that probability, else monitor_more_often and review_support above theirs or
/// where the answer is "unstable"; inspect where `stable` is not known or the rules alone call the stope
/// unstable; preemptive_support and more_sensors for a predicted level at the alert level or above;
/// poor_rock, large_span, weak_support and vibration with the explanation of that kind.
std::vector<Recommendation> recommend(const Assessment& assessment, const SiteSettings& settings);

}  // namespace deepmine::stope
