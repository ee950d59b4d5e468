// Assessments as CSV, a row a stope, for spreadsheets and plotting programs. UTF-8, comma, LF, header first.
//
//   schema_version, stope_name, timestamp, as_of, status, reason_codes, reasons, model_id, model_version,
//   model_trained_at, method, stable, instability_probability, risk_level, confidence,
//   and for each horizon h (1, 3, 7, 14, 30 days):
//     future_<h>d_date, future_<h>d_risk_level, future_<h>d_confidence, future_<h>d_<level> (the six
//     probabilities), future_<h>d_risk_set, rule_based_<h>d_risk_level
//   then rule_based_unstable_today, risk_trend, max_risk_horizon, alert_recommended, explanation_codes,
//   explanations, attributions, recommendation_codes, recommendations, days_used, days_filled, last_reading,
//   out_of_range, uncertainty_samples, instability_deviation, instability_low, instability_high,
//   instability_mutual_information, and for each horizon future_<h>d_confidence_deviation,
//   future_<h>d_mutual_information
//   and, if the site has a response plan, response_colour, response_since, response_today, response_owner,
//   response_action
//
// * A number or a date that is not known is an empty cell. `stable`, `alert_recommended` and the rules'
//   verdict are true, false or unknown, and levels that are not known are `unknown`: no program can read them
//   as 0 or "no".
// * Lists stand in one cell, their elements separated by "; " (codes) or " | " (sentences). attributions:
//   input=contribution. out_of_range: input=value.
// * Spreadsheets run a cell that begins with = + - @ as a formula. Text (never a number) that begins with one
//   of these, possibly after spaces, or with a tab, a line feed, a carriage return, the full-width form of
//   one of the four, or an apostrophe, gets an apostrophe in front. So a program that wants the exact text
//   strips one leading apostrophe, always. A stope named `=cmd()` is `'=cmd()` in this file.
// * Fields with a comma, semicolon, tab, quote or line break stand in quotes (RFC 4180); quotes are doubled.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "engine/stope/assessment.h"

namespace deepmine::io {

/// The columns of the horizons are those of `horizons`; a prediction of another horizon is Error{failure}.
std::string assessments_csv(std::span<const stope::Assessment> assessments, std::span<const int> horizons);

/// The same as a file, which is wholly there or not at all. Throws Error{failure} with the system's reason.
void export_assessments(const std::filesystem::path& target, std::span<const stope::Assessment> assessments,
                        std::span<const int> horizons);

}  // namespace deepmine::io
