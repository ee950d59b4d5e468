#include "engine/stope/response_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace deepmine::stope {
namespace {

/// Whether the answer is at the trigger, or not clear of it by `margin`.
bool reaches(const ResponseTrigger& trigger, const DayAnswer& answer, double margin) {
  if (answer.unstable_by_rules) return true;
  const double bound = trigger.probability_above - margin;
  if (answer.instability_probability && *answer.instability_probability > bound) return true;
  return std::any_of(answer.levels.begin(), answer.levels.end(), [&](const LevelAhead& ahead) {
    return ahead.horizon_days <= trigger.within_days && ahead.level >= trigger.level;
  });
}

/// An alarm as the days go by.
struct Alarm {
  bool stands = false;
  std::optional<Day> since;
};

Alarm follow(const ResponsePlan& plan, const ResponseTrigger& trigger, std::span<const DayAnswer> days) {
  Alarm alarm;
  int clear_days = 0;
  bool is_first = true;
  for (const DayAnswer& day : days) {
    if (!day.answered) continue;
    if (reaches(trigger, day, 0)) {
      if (!alarm.stands && !is_first) alarm.since = day.day;
      alarm.stands = true;
      clear_days = 0;
    } else if (reaches(trigger, day, plan.margin)) {
      if (is_first) alarm.stands = true;  // how it stood before is not known
      clear_days = 0;
    } else if (alarm.stands && ++clear_days >= plan.falls_after_days) {
      alarm = {};
      clear_days = 0;
    }
    is_first = false;
  }
  return alarm;
}

ResponseColour colour_of_day(const ResponsePlan& plan, const DayAnswer& day, bool rules_alone) {
  if (!day.answered) return ResponseColour::unknown;
  if (reaches(plan.red, day, 0)) return ResponseColour::red;
  if (reaches(plan.amber, day, 0)) return ResponseColour::amber;
  return rules_alone ? ResponseColour::unknown : ResponseColour::green;
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
  template <class Step>
  void check_words(std::string_view colour, const Step& step) {
    expect(!step.owner.empty(), fmt::format("{}.owner", colour), "who acts", "nothing");
    expect(!step.action.empty(), fmt::format("{}.action", colour), "what is to be done", "nothing");
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
  found.expect(plan.look_back_days >= plan.falls_after_days && plan.look_back_days <= 90, "look_back_days",
               fmt::format("falls_after_days, {}, to 90 days", plan.falls_after_days), plan.look_back_days);
  return found.take();
}

std::string_view name(ResponseColour colour) {
  constexpr std::array<std::string_view, 4> names{"green", "unknown", "amber", "red"};
  return names[static_cast<std::size_t>(colour)];
}

Response respond(const ResponsePlan& plan, std::span<const DayAnswer> days, bool rules_alone) {
  Response response;
  if (!days.empty()) response.today = colour_of_day(plan, days.back(), rules_alone);
  const Alarm red = follow(plan, plan.red, days), amber = follow(plan, plan.amber, days);
  const auto take = [&](ResponseColour colour, const auto& step) {
    response.colour = colour;
    response.owner = step.owner;
    response.action = step.action;
  };
  if (red.stands) {
    take(ResponseColour::red, plan.red);
    response.since = red.since;
  } else if (amber.stands) {
    take(ResponseColour::amber, plan.amber);
    response.since = amber.since;
  } else if (response.today == ResponseColour::green) {
    take(ResponseColour::green, plan.green);
  } else {
    take(ResponseColour::unknown, plan.unknown);
  }
  return response;
}

}  // namespace deepmine::stope
