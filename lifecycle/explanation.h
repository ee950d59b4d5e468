// The reasons of one answer: integrated gradients of every head, gathered by the inputs that people know, and
// how much each day counted.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/stope/assessment.h"
#include "engine/stope/rule_breakdown.h"
#include "engine/stope/sample.h"
#include "lifecycle/integrated_gradients.h"

namespace deepmine::lifecycle {

/// What one head says, and what moved it there from the baseline.
struct HeadExplanation {
  std::string head;                        ///< `current`, `future_1d`, …
  int horizon_days = 0;                    ///< 0: current
  double output = 0, baseline_output = 0;  ///< instability probability, or expected level (0 to 5)
  std::vector<stope::Attribution> inputs;  ///< the strongest first
  std::vector<double> days;                ///< contribution of each day of the window, all sensors together
  int steps = 0;
  double completeness_error = 0;
  bool complete = true;
  std::optional<stope::RuleBreakdown> rules;  ///< what `rule_prior` is made of; not of the present
};

struct StopeExplanation {
  stope::Day first_day = 0;       ///< of the window
  std::vector<double> attention;  ///< weight of each day; empty: the network does not attend to days
  std::vector<HeadExplanation> heads;
};

/// Gathers: a sensor's days and its summaries are one input, a category's columns are one, the rules' prior
/// of the horizons is one (`rule_prior`); every other column stands for itself.
std::vector<stope::Attribution> gather_attributions(const InputAttributions& attributions,
                                                    const stope::SampleView& sample,
                                                    const stope::NetworkSpecification& network,
                                                    int mean_days);

/// A sample as the network saw it, and what of its answer is to be explained.
struct ExplanationRequest {
  const stope::SampleView& sample;
  std::span<const float> features, series;  ///< of the sample (stope::write_sample)
  stope::Day last_day = 0;
  int mean_days = 7;              ///< a sensor's value is its mean over so many days
  std::span<const int> horizons;  ///< 0: the present; each is one that the network answers for
  std::span<const float> attention;
};

/// Explains the heads that are asked for, in that order.
StopeExplanation explain_sample(IntegratedGradients& gradients, const io::Components& components,
                                const ExplanationRequest& request);

}  // namespace deepmine::lifecycle
