// A site's response plan in words: which stope is red, amber, unknown or green, who acts, and what is to be
// done. Every colour is a word; nothing hangs on a terminal's colours.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/stope/assessment.h"

namespace deepmine::apps {

/// RED, AMBER, UNKNOWN or GREEN.
std::string_view colour_word(stope::ResponseColour colour);
/// `since 2024-03-28, held: today's answer alone is green`; empty where there is nothing to say.
std::string response_remark(const stope::Response& response);
/// The response to one stope in a line: `RED since 2024-03-28. Shift boss: Withdraw.` Made printable.
std::string response_sentence(const stope::Response& response);
/// Colour by colour: how many stopes, who acts, what is to be done, and which stopes (of green ones the
/// number alone). Empty without a plan.
std::string response_text(std::span<const stope::Assessment* const> assessments);

/// A plan itself, a line for each colour and one for how an alarm ends: what it is about, and what is said.
struct PlanLine {
  std::string subject, text;
};
std::vector<PlanLine> plan_lines(const stope::ResponsePlan& plan);

}  // namespace deepmine::apps
