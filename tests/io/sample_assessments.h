// Assessments of every status, for the tests of their forms.
#pragma once

#include "engine/stope/assessment.h"

namespace deepmine::test {

inline stope::Assessment answered_assessment() {
  stope::Assessment a;
  a.stope_name = "Stope_001";
  a.timestamp = "2024-04-01T06:00:00Z";
  a.as_of = stope::parse_day("2024-03-31");
  a.status = stope::Status::warning;
  a.reasons = {{"gap_filled", "2 of the 30 days, \"filled\""}};
  a.model = stope::ModelIdentity{"00ff", "3", "2024-03-01T12:00:00Z"};
  a.method = stope::Method::network;
  a.current_stability = {false, 0.1 + 0.7, stope::CurrentRisk::high, 0.1 + 0.7,
                         stope::Uncertainty{40, 0.75, 0.125, 0.5, 0.875, 0.0625}};
  const std::array<double, stope::risk_level_count> probabilities{1.0 / 3, 0.5, 1.0 / 6, 5e-324, 0, 1e-17};
  for (const int horizon : {1, 3, 7, 14, 30})
    a.future_predictions.push_back({horizon,
                                    *a.as_of + horizon,
                                    stope::RiskLevel::slight_elevated,
                                    0.5,
                                    probabilities,
                                    {stope::RiskLevel::stable, stope::RiskLevel::slight_elevated},
                                    stope::Uncertainty{40, 0.5, 0.0625, 0.25, 0.75, 0.03125}});
  a.rule_based.unstable_today = true;
  for (const int horizon : {1, 3, 7, 14, 30})
    a.rule_based.risk_levels.push_back({horizon, stope::RiskLevel::high});
  a.risk_trend = stope::RiskTrend::rapidly_improving;
  a.max_risk_horizon = 7;
  a.alert_recommended = true;
  a.explanations = {{"poor_rock", "rock quality is low", "rqd", 42.5, 50, "%"}};
  a.attributions = {{"depth", 710.25, "m", "", -0.125}, {"rock_type", stope::missing, "", "Shale", 0.0625}};
  a.recommendations = {{"inspect", "Recommend, at once, an inspection."}};
  a.data_quality = {30, 2, a.as_of, {}};
  return a;
}

inline stope::Assessment ok_assessment() {
  stope::Assessment a = answered_assessment();
  a.stope_name = "Stope_002";
  a.status = stope::Status::ok;
  a.reasons.clear();
  a.current_stability = {true, 0.25, stope::CurrentRisk::low, 0.75, std::nullopt};
  a.rule_based.unstable_today = false;
  a.alert_recommended = false;
  return a;
}

inline stope::Assessment abstained_assessment() {
  stope::Assessment a;
  a.stope_name = "Stope_003";
  a.timestamp = "2024-04-01T06:00:00Z";
  a.as_of = stope::parse_day("2024-03-31");
  a.status = stope::Status::abstain;
  a.reasons = {{"outside_training_range", "depth: 3999"}};
  a.model = stope::ModelIdentity{"00ff", "3", "2024-03-01T12:00:00Z"};
  for (const int horizon : {1, 3, 7, 14, 30}) {
    stope::FuturePrediction future;
    future.horizon_days = horizon;
    future.date = *a.as_of + horizon;
    a.future_predictions.push_back(future);
    a.rule_based.risk_levels.push_back({horizon, std::nullopt});
  }
  a.data_quality = {
      30, 0, a.as_of, {{"depth", std::nullopt, 3999, 200, 900}, {"stress", a.as_of, 99, 1, 50}}};
  return a;
}

inline stope::Assessment refused_assessment() {
  return stope::rejected_assessment("Stope_004", "2024-04-01T06:00:00Z",
                                    {{"not_a_number", "a.csv:2:3: 'nan'"}});
}

}  // namespace deepmine::test
