// The table of `predict`: a line a stope, the worst first. What is not known is never shown as "stable", and
// every statement is a word; colour only underlines it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/stope/assessment.h"

namespace deepmine::apps {

/// What a reader does about a stope. In the order of urgency.
enum class Urgency { unstable, alert, unknown, stable };
Urgency urgency(const stope::Assessment& assessment);

/// Where the site has a response plan: red stopes first, then amber, unknown and green ones. Otherwise, and
/// within a colour, unstable stopes first, then alerts, then those that nobody knows about, then the stable
/// ones. Within a group by probability, by the highest predicted level (of the rules, where only they have
/// one), then as given.
std::vector<const stope::Assessment*> worst_first(std::span<const stope::Assessment> assessments);

/// STABLE, UNSTABLE or UNKNOWN: INSPECT.
std::string_view verdict(const stope::Assessment& assessment);
/// `0.873`; never 0 or 1, which no model can promise: `<0.001`, `>0.999`. `-` if there is none. With a
/// decision threshold, as many more digits as it takes to show on which side of it the probability lies:
/// 0.49966 under 0.5 is `0.4997`.
std::string probability_text(const std::optional<double>& probability,
                             const std::optional<double>& threshold = std::nullopt);
/// `stable slight elev. HIGH CRIT. UNST.`; with `lowest_is_none` the first is `none`. `-` without a level.
std::string_view level_text(const std::optional<stope::RiskLevel>& level, bool lowest_is_none);
/// Whether the lowest level of this stope is written `none`: where only the rules answer, because that they
/// find nothing does not make it stable, and where it is called unstable now, because `stable` would be read
/// as taking that back.
bool lowest_is_none(const stope::Assessment& assessment);

/// The table, and below it what its words mean; with a column `plan` where the site has a response plan. At
/// most 100 columns for the usual five horizons; a name that does not fit stands on a line of its own. Names
/// are made printable. `threshold` is the one that the probabilities were compared with.
std::string assessment_table(std::span<const stope::Assessment* const> assessments,
                             std::span<const int> horizons, bool colour,
                             const std::optional<double>& threshold = std::nullopt);

}  // namespace deepmine::apps
