#include "apps/explanation_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "apps/assessment_table.h"
#include "apps/evaluation_words.h"
#include "apps/printable_text.h"

namespace deepmine::apps {
namespace {

using lifecycle::HeadExplanation;
using lifecycle::StopeExplanation;

/// A bar of at most `width` characters to the left or to the right of a line; half characters are not needed.
std::string bar(double value, double largest, int width) {
  const int length = largest > 0 ? static_cast<int>(std::lround(std::abs(value) / largest * width)) : 0;
  const std::string marks(static_cast<std::size_t>(length), value < 0 ? '-' : '+');
  return value < 0 ? fmt::format("{:>{}}|{:<{}}", marks, width, "", width)
                   : fmt::format("{:>{}}|{:<{}}", "", width, marks, width);
}

std::string without_trailing_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string value_text(const stope::Attribution& input) {
  if (!input.category.empty()) return printable(input.category);
  if (stope::is_missing(input.value)) return "";
  return fmt::format("{:.4g}{}{}", input.value, input.unit.empty() ? "" : " ", input.unit);
}

/// Padded to `width` characters, not bytes (°C).
std::string padded(const std::string& text, std::size_t width) {
  const auto characters = static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
  return text + std::string(width > characters ? width - characters : 0, ' ');
}

std::string inputs_text(const HeadExplanation& head) {
  constexpr std::size_t most = 12;
  double largest = 0, rest = 0;
  for (const stope::Attribution& input : head.inputs)
    largest = std::max(largest, std::abs(input.contribution));
  std::string text;
  for (std::size_t i = 0; i < head.inputs.size(); ++i) {
    const stope::Attribution& input = head.inputs[i];
    if (i >= most) {
      rest += input.contribution;
      continue;
    }
    text += without_trailing_spaces(fmt::format("    {:<22}{}{:>+8.3f}  {}", input_words(input.input),
                                                padded(value_text(input), 16), input.contribution,
                                                bar(input.contribution, largest, 15)));
  }
  if (head.inputs.size() > most)
    text += fmt::format("    {:<22}{:16}{:>+8.3f}\n", fmt::format("{} others", head.inputs.size() - most), "",
                        rest);
  return text;
}

std::string rule_value_text(const stope::RuleShare& share) {
  if (share.input == "unstable_today") return share.value > 0 ? "yes" : "no";
  return fmt::format("{:.4g} {}", share.value, share.unit);
}

/// The points of the rules, so that the largest of the contributions is not a name alone.
std::string rules_text(const stope::RuleBreakdown& rules) {
  std::string text = wrapped(
      "  ",
      fmt::format("rule_prior is what the rules expect in {} day{}, before anything is learnt: level {:.2f}. "
                  "Their points, in levels, mean of the courses that the readings may take from here "
                  "({:.2f} in all, before rounding and the limits 0 and 5):",
                  rules.horizon_days, rules.horizon_days == 1 ? "" : "s", rules.expected_level, rules.score));
  double largest = 0;
  for (const stope::RuleShare& share : rules.shares) largest = std::max(largest, std::abs(share.levels));
  for (const stope::RuleShare& share : rules.shares)
    text += without_trailing_spaces(
        fmt::format("    {:<26}{}{:>+8.2f}  {}  {}", share.input, padded(rule_value_text(share), 20),
                    share.levels, bar(share.levels, largest, 10),
                    share.passing > 0 && share.passing < 1
                        ? fmt::format("in {:.0f} % of the courses", 100 * share.passing)
                        : ""));
  return text;
}

std::string days_text(const StopeExplanation& explanation, const HeadExplanation& head) {
  double largest = 0, most_attention = 0;
  for (const double day : head.days) largest = std::max(largest, std::abs(day));
  for (const double weight : explanation.attention) most_attention = std::max(most_attention, weight);
  std::string text = explanation.attention.empty()
                         ? "  Day by day: contribution of the readings\n"
                         : "  Day by day: attention of the network, contribution of "
                           "the readings beyond their summary\n";
  for (std::size_t i = 0; i < head.days.size(); ++i) {
    const std::string day = stope::format_day(explanation.first_day + static_cast<stope::Day>(i));
    std::string attention;
    if (!explanation.attention.empty()) {
      const double weight = explanation.attention[i];
      const auto length =
          static_cast<std::size_t>(most_attention > 0 ? std::lround(weight / most_attention * 15) : 0);
      attention = fmt::format("{:>6.1f} %  {:<15}  ", 100 * weight, std::string(length, '#'));
    }
    text += without_trailing_spaces(
        fmt::format("    {}  {}{:>+8.4f}  {}", day, attention, head.days[i], bar(head.days[i], largest, 10)));
  }
  return text;
}

std::string verdict_text(const HeadExplanation& head, double threshold) {
  if (head.horizon_days == 0)
    return fmt::format(
        "P(unstable) is {}; for the average stope of the training the network says {}. What makes "
        "the "
        "difference of {:+.3f}:",
        probability_text(head.output, threshold), probability_text(head.baseline_output, threshold),
        head.output - head.baseline_output);
  return fmt::format(
      "the expected level in {} day{} is {:.2f} (0 stable to 5 unstable); for the average stope of the "
      "training "
      "the network says {:.2f}. What makes the difference of {:+.2f}:",
      head.horizon_days, head.horizon_days == 1 ? "" : "s", head.output, head.baseline_output,
      head.output - head.baseline_output);
}

}  // namespace

std::string explanation_text(const StopeExplanation& explanation, int horizon_days,
                             const stope::Assessment& assessment, double threshold) {
  const auto head =
      std::find_if(explanation.heads.begin(), explanation.heads.end(),
                   [&](const HeadExplanation& candidate) { return candidate.horizon_days == horizon_days; });
  if (head == explanation.heads.end()) return "";
  std::string text = wrapped("  Why: ", verdict_text(*head, threshold)) + inputs_text(*head);
  if (!head->complete)
    text += wrapped("  ", fmt::format("NOT COMPLETE: these numbers miss the difference by {:.4f} after {} "
                                      "steps; take them as rough.",
                                      head->completeness_error, head->steps));
  if (head->rules) text += rules_text(*head->rules);
  text += days_text(explanation, *head);
  if (assessment.explanations.empty())
    text += "  No property or reading is beyond the bounds that a rule would name.\n";
  return text + "\n";
}

namespace {

nlohmann::ordered_json rules_json(const stope::RuleBreakdown& rules) {
  using Json = nlohmann::ordered_json;
  Json shares = Json::array();
  for (const stope::RuleShare& share : rules.shares)
    shares.push_back({{"input", share.input},
                      {"value", share.value},
                      {"unit", share.unit},
                      {"levels", share.levels},
                      {"share_of_courses", share.passing}});
  return {{"expected_level", rules.expected_level}, {"score", rules.score}, {"points", std::move(shares)}};
}

}  // namespace

nlohmann::ordered_json explanation_json(const StopeExplanation& explanation) {
  using Json = nlohmann::ordered_json;
  Json attention = Json::array(), heads = Json::array();
  for (std::size_t i = 0; i < explanation.attention.size(); ++i)
    attention.push_back({{"day", stope::format_day(explanation.first_day + static_cast<stope::Day>(i))},
                         {"weight", explanation.attention[i]}});
  for (const HeadExplanation& head : explanation.heads) {
    Json inputs = Json::array(), days = Json::array();
    for (const stope::Attribution& input : head.inputs)
      inputs.push_back({{"input", input.input},
                        {"value", !input.category.empty()          ? Json(input.category)
                                  : stope::is_missing(input.value) ? Json(nullptr)
                                                                   : Json(input.value)},
                        {"unit", input.unit},
                        {"contribution", input.contribution}});
    for (std::size_t i = 0; i < head.days.size(); ++i)
      days.push_back({{"day", stope::format_day(explanation.first_day + static_cast<stope::Day>(i))},
                      {"contribution", head.days[i]}});
    heads.push_back({{"head", head.head},
                     {"output", head.output},
                     {"baseline_output", head.baseline_output},
                     {"attributions", std::move(inputs)},
                     {"days", std::move(days)},
                     {"steps", head.steps},
                     {"completeness_error", head.completeness_error},
                     {"complete", head.complete},
                     {"rules", head.rules ? rules_json(*head.rules) : Json(nullptr)}});
  }
  return {{"attention", std::move(attention)}, {"heads", std::move(heads)}};
}

}  // namespace deepmine::apps
