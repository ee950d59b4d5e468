// The words around the table of `predict`: how old the data is, the summary, the reasons, everything that is
// known about one stope, and where the answers come from.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "engine/stope/assessment.h"

namespace deepmine::apps {

/// What the words need to know besides the assessments.
struct ReportContext {
  stope::Day today = 0;
  std::optional<stope::Day> as_of;  ///< that was asked for
  int largest_age = 0;              ///< days; older data is no statement about today
  double threshold = 0.5;
  std::optional<stope::ModelIdentity> model;
  std::string
      lost_to_rules;  ///< horizons in which the rule set did at least as well on the model's test stopes
  bool calibrated = false;                                                  ///< every head's probabilities
  std::size_t training_stopes = 0, validation_stopes = 0, test_stopes = 0;  ///< of the model
};

/// The newest day that any of the answers saw.
std::optional<stope::Day> newest_day(std::span<const stope::Assessment* const> assessments);
/// A warning if the newest day lies further back than the data may be old; empty otherwise.
std::string age_warning(std::span<const stope::Assessment* const> assessments, const ReportContext& context);

/// The first line: as of which day; with the age warning.
std::string heading(std::span<const stope::Assessment* const> assessments, const ReportContext& context);
/// `50 stopes: 4 UNSTABLE, ...`.
std::string summary_line(std::span<const stope::Assessment* const> assessments);
/// Why stopes have no answer, or one with a warning. At most `most` reasons a stope.
std::string reasons_text(std::span<const stope::Assessment* const> assessments, std::size_t most = 3);
/// Which model answered, and what its future levels are.
std::string origin_text(const ReportContext& context);
/// All that is known about one stope. `threshold` is the one that its probability was compared with.
std::string details_text(const stope::Assessment& assessment,
                         const std::optional<double>& threshold = std::nullopt);

}  // namespace deepmine::apps
