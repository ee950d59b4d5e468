#include "apps/response_text.h"

#include <fmt/format.h>

#include <array>

#include "apps/printable_text.h"

namespace deepmine::apps {
namespace {

using stope::Assessment;
using Colour = stope::ResponseColour;

std::string count_text(int number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

template <class Step>
std::string owner_and_action(const Step& step) {
  return printable(step.owner) + ": " + printable(step.action);
}

/// The stopes of one colour: those with an alarm one a line, with what there is to say about it; the others
/// in one list.
std::string names_text(std::span<const Assessment* const> stopes, Colour colour, const std::string& margin) {
  std::string text, list;
  for (const Assessment* stope : stopes) {
    std::string name = printable(stope->stope_name);
    const std::string remark = response_remark(*stope->response);
    if (colour == Colour::unknown) {
      list +=
          fmt::format("{}{}{}", list.empty() ? "" : ", ", name,
                      stope->response->today == Colour::green ? " (clear, but for too few days yet)" : "");
    } else {
      if (!remark.empty()) name += ", " + remark;
      text += wrapped(margin, name);
    }
  }
  return list.empty() ? text : wrapped(margin, list);
}

}  // namespace

std::string_view colour_word(Colour colour) {
  constexpr std::array<std::string_view, 4> words{"GREEN", "UNKNOWN", "AMBER", "RED"};
  return words[static_cast<std::size_t>(colour)];
}

std::string response_remark(const stope::Response& response) {
  const bool is_alarm = response.colour == Colour::red || response.colour == Colour::amber;
  if (!is_alarm) return "";
  std::string text = response.since ? "since " + stope::format_day(*response.since)
                                    : std::string("for longer than was looked back on");
  if (response.held())
    text += response.today == Colour::unknown
                ? ", held: no clear answer today"
                : fmt::format(", held: today's answer alone is {}", name(response.today));
  return text;
}

std::string response_sentence(const stope::Response& response) {
  const std::string remark = response_remark(response);
  return fmt::format("{}{}{}. {}", colour_word(response.colour), remark.empty() ? "" : " ", remark,
                     owner_and_action(response));
}

std::string response_text(std::span<const Assessment* const> assessments) {
  std::string text;
  for (const Colour colour : {Colour::red, Colour::amber, Colour::unknown, Colour::green}) {
    std::vector<const Assessment*> stopes;
    for (const Assessment* assessment : assessments)
      if (assessment->response && assessment->response->colour == colour) stopes.push_back(assessment);
    if (stopes.empty()) continue;
    const std::string first = fmt::format("  {:<8}{:>5}  ", colour_word(colour), stopes.size());
    text += wrapped(first, owner_and_action(*stopes.front()->response));
    if (colour != Colour::green) text += names_text(stopes, colour, std::string(first.size(), ' '));
  }
  return text.empty() ? "" : "Response plan of the site:\n" + text + "\n";
}

std::vector<PlanLine> plan_lines(const stope::ResponsePlan& plan) {
  const auto trigger_line = [](Colour colour, const stope::ResponseTrigger& trigger) {
    return PlanLine{
        std::string(colour_word(colour)),
        fmt::format("P(unstable) above {}, or level {} or above within {}{}. {}", trigger.probability_above,
                    name(trigger.level), count_text(trigger.within_days, "day"),
                    colour == Colour::amber ? ", or UNSTABLE, or an ALERT" : "", owner_and_action(trigger))};
  };
  return {trigger_line(Colour::red, plan.red),
          trigger_line(Colour::amber, plan.amber),
          {"UNKNOWN", "No answer that allows green, and no alarm. " + owner_and_action(plan.unknown)},
          {"GREEN", owner_and_action(plan.green)},
          {"An alarm ends",
           fmt::format("after {} in a row that are clear of it, in probability by {}; no more than {} are "
                       "looked back on",
                       count_text(plan.falls_after_days, "answered day"), plan.margin,
                       count_text(plan.look_back_days, "day"))}};
}

}  // namespace deepmine::apps
