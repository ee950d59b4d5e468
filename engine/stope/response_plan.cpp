#include "engine/stope/response_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace deepmine::stope {
namespace {

/// What raises an alarm of one colour.
struct Trigger {
  const ResponseTrigger& bounds;
  bool alarming_is_enough = false;
};

Trigger red_of(const ResponsePlan& plan) {
  return {plan.red, false};
}

Trigger amber_of(const ResponsePlan& plan) {
  return {plan.amber, true};
}

/// Whether the answer reaches the trigger, lowered by `margin`.
bool reaches(const Trigger& trigger, const DayAnswer& answer, double margin) {
  if (answer.unstable_by_rules || (answer.is_alarming && trigger.alarming_is_enough)) return true;
  const double bound = trigger.bounds.probability_above - margin;
  if (answer.instability_probability && *answer.instability_probability > bound) return true;
  return std::any_of(answer.levels.begin(), answer.levels.end(), [&](const LevelAhead& ahead) {
    return ahead.horizon_days <= trigger.bounds.within_days && ahead.level &&
           *ahead.level >= trigger.bounds.level;
  });
}

/// A probability that is none says nothing, neither good nor bad.
bool is_answer(const DayAnswer& day) {
  const std::optional<double>& probability = day.instability_probability;
  return day.answered && (!probability || (*probability >= 0 && *probability <= 1));
}

/// Whether the answer says all that the trigger asks about, so that not reaching it is good news.
bool is_whole(const Trigger& trigger, const DayAnswer& answer) {
  return std::all_of(answer.levels.begin(), answer.levels.end(), [&](const LevelAhead& ahead) {
    return ahead.horizon_days > trigger.bounds.within_days || ahead.level.has_value();
  });
}

/// An alarm as the days go by. How it stood before the first of them is not known.
struct Alarm {
  enum class State { not_known, down, up } state = State::not_known;
  std::optional<Day> since;
  bool was_surely_down = false;  ///< at some time, whatever came before the days
};

/// The rules' alarm counts where the network had no answer, too; that they find nothing says nothing.
bool raises(const Trigger& trigger, const DayAnswer& day) {
  return day.unstable_by_rules || (is_answer(day) && reaches(trigger, day, 0));
}

Alarm follow(const ResponsePlan& plan, const Trigger& trigger, std::span<const DayAnswer> days) {
  Alarm alarm;
  int clear_days = 0;
  for (const DayAnswer& day : days) {
    if (raises(trigger, day)) {
      if (alarm.state == Alarm::State::down) alarm.since = day.day;
      alarm.state = Alarm::State::up;
      clear_days = 0;
    } else if (!is_answer(day) || !is_whole(trigger, day)) {
      continue;
    } else if (reaches(trigger, day, plan.margin)) {
      if (alarm.state == Alarm::State::not_known) alarm.state = Alarm::State::up;
      clear_days = 0;
    } else if (++clear_days >= plan.falls_after_days) {
      alarm = {.state = Alarm::State::down, .since = {}, .was_surely_down = true};
    }
  }
  return alarm;
}

ResponseColour colour_of_day(const ResponsePlan& plan, const DayAnswer& day) {
  if (raises(red_of(plan), day)) return ResponseColour::red;
  if (!is_answer(day)) return ResponseColour::unknown;
  if (raises(amber_of(plan), day)) return ResponseColour::amber;
  const bool says_enough =
      day.instability_probability && is_whole(red_of(plan), day) && is_whole(amber_of(plan), day);
  return says_enough ? ResponseColour::green : ResponseColour::unknown;
}

template <class Step>
bool is_written(const Step& step) {
  return !step.owner.empty() || !step.action.empty();
}

class Problems {
 public:
  template <class Found>
  void expect(bool holds, std::string_view field, std::string_view expected, const Found& found) {
    if (!holds)
      list_.push_back(fmt::format("response_plan.{}: expected {}, found {}", field, expected, found));
  }
  void check_text(const std::string& field, std::string_view expected, const std::string& text) {
    constexpr std::size_t longest = 500;
    const bool says_something = text.find_first_not_of(" \t\r\n") != std::string::npos;
    expect(says_something, field, expected, text.empty() ? "nothing" : "only blanks");
    // A C string would end there.
    expect(text.find('\0') == std::string::npos, field, "no NUL", "one");
    expect(text.size() <= longest, field, fmt::format("at most {} bytes", longest), text.size());
  }
  template <class Step>
  void check_words(std::string_view colour, const Step& step) {
    check_text(fmt::format("{}.owner", colour), R"(who acts, such as "Shift boss")", step.owner);
    check_text(fmt::format("{}.action", colour), R"(what is to be done, such as "Withdraw, barricade.")",
               step.action);
  }
  void check_trigger(std::string_view colour, const ResponseTrigger& trigger) {
    check_words(colour, trigger);
    expect(trigger.probability_above > 0 && trigger.probability_above < 1,
           fmt::format("{}.probability_above", colour), "a probability between 0 and 1, both excluded",
           trigger.probability_above);
    expect(trigger.level > RiskLevel::stable, fmt::format("{}.level", colour),
           "a level above stable, or everything is an alarm", name(trigger.level));
    expect(trigger.within_days >= 1 && trigger.within_days <= 3650, fmt::format("{}.within_days", colour),
           "1 to 3650 days", trigger.within_days);
  }
  std::vector<std::string> take() { return std::move(list_); }

 private:
  std::vector<std::string> list_;
};

}  // namespace

bool ResponsePlan::in_use() const {
  return is_written(green) || is_written(amber) || is_written(red) || is_written(unknown);
}

std::vector<std::string> problems(const ResponsePlan& plan) {
  if (plan == ResponsePlan{}) return {};
  Problems found;
  found.check_words("green", plan.green);
  found.check_trigger("amber", plan.amber);
  found.check_trigger("red", plan.red);
  found.check_words("unknown", plan.unknown);
  found.expect(plan.amber.probability_above <= plan.red.probability_above, "amber.probability_above",
               fmt::format("at most that of red, {}", plan.red.probability_above),
               plan.amber.probability_above);
  found.expect(plan.amber.level <= plan.red.level, "amber.level",
               fmt::format("at most that of red, {}", name(plan.red.level)), name(plan.amber.level));
  found.expect(plan.amber.within_days >= plan.red.within_days, "amber.within_days",
               fmt::format("at least that of red, {}", plan.red.within_days), plan.amber.within_days);
  found.expect(plan.falls_after_days >= 1 && plan.falls_after_days <= 60, "falls_after_days", "1 to 60 days",
               plan.falls_after_days);
  found.expect(plan.margin >= 0 && plan.margin < plan.amber.probability_above, "margin",
               "0 or more, and less than amber.probability_above, or no alarm would ever end", plan.margin);
  found.expect(plan.look_back_days >= plan.falls_after_days && plan.look_back_days <= 365, "look_back_days",
               fmt::format("falls_after_days, {}, to 365 days", plan.falls_after_days), plan.look_back_days);
  return found.take();
}

std::string_view name(ResponseColour colour) {
  constexpr std::array<std::string_view, 4> names{"green", "unknown", "amber", "red"};
  return names[static_cast<std::size_t>(colour)];
}

Response respond(const ResponsePlan& plan, std::span<const DayAnswer> days) {
  Response response;
  if (!days.empty()) response.today = colour_of_day(plan, days.back());
  const Alarm red = follow(plan, red_of(plan), days), amber = follow(plan, amber_of(plan), days);
  const auto take = [&](ResponseColour colour, const auto& step) {
    response.colour = colour;
    response.owner = step.owner;
    response.action = step.action;
  };
  if (red.state == Alarm::State::up) {
    take(ResponseColour::red, plan.red);
    response.since = red.since;
  } else if (amber.state == Alarm::State::up) {
    take(ResponseColour::amber, plan.amber);
    response.since = amber.since;
  } else if (response.today == ResponseColour::green && amber.state == Alarm::State::down) {
    take(ResponseColour::green, plan.green);
  } else {
    take(ResponseColour::unknown, plan.unknown);
  }
  return response;
}

bool is_settled(const ResponsePlan& plan, std::span<const DayAnswer> days) {
  const Alarm red = follow(plan, red_of(plan), days);
  return red.was_surely_down &&
         (red.state == Alarm::State::up || follow(plan, amber_of(plan), days).was_surely_down);
}

}  // namespace deepmine::stope
