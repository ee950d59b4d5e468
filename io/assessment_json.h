// Assessments as JSON: the one form that other programs rely on. The keys of an assessment are always there,
// always in this order (but for `response`); what is not known is null. No number is ever NaN or infinite:
// such a value would be null too.
//
//   schema_version       integer
//   stope_name           text
//   timestamp            of the prediction, UTC
//   as_of                last day used, YYYY-MM-DD, or null
//   status               ok | warning | abstain | rejected
//   reasons              [{code, message}]
//   model                {id, version, trained_at} or null
//   method               network | rule_based | none
//   current_stability    {stable, instability_probability, risk_level, confidence, uncertainty}
//                        risk_level: Low | Medium | High | Unknown: inspect
//   future_predictions   [{horizon_days, date, predicted_risk_level, confidence, risk_probabilities,
//                        risk_set, uncertainty}]; [] for a rejected stope
//                        risk_probabilities: {stable, slight_elevated, elevated, high, critical, unstable},
//                        or null where there are none
//                        uncertainty: {samples, mean, standard_deviation, interval, mutual_information}, null
//                        unless draws were asked for
//   rule_based           {unstable_today, risk_levels}; risk_levels: {"1": level, "3": level, ...} by horizon
//                        in days, {} for a rejected stope
//   risk_trend           escalating | increasing | stable | improving | rapidly_improving, or null
//   max_risk_horizon     days, or null
//   alert_recommended    true | false, or null
//   explanations         [{code, message, input, value, threshold, unit}]
//   attributions         [{input, value, unit, contribution}]; value: a number, null, or a category
//   recommendations      [{code, text}]
//   response             {colour, since, today, held, owner, action}, only where the site has a response
//                        plan; colour and today: green | unknown | amber | red; held: colour is worse than
//                        what today's answer alone gives, because an alarm falls only after some days
//   data_quality         {days_used, days_filled, last_reading, out_of_range}
//                        out_of_range: [{input, day, value, lowest, highest}]; day: null for a static input
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>

#include "engine/stope/assessment.h"

namespace deepmine::io {

/// Numbers are written so that they read back to the same bits.
nlohmann::ordered_json assessment_to_json(const stope::Assessment& assessment);

/// The same as text in one line, without a line feed.
std::string assessment_line(const stope::Assessment& assessment);

/// The document of `predict --json`: {"schema_version", "model", "predictions", "drift"}. `model` is null
/// where the rules answered because there was no usable model, and so is `drift` if it is not given.
std::string predictions_json(const std::optional<stope::ModelIdentity>& model,
                             std::span<const stope::Assessment> assessments,
                             const nlohmann::ordered_json* drift = nullptr);

}  // namespace deepmine::io
