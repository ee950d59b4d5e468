// The colours of a response plan: an alarm rises at once, falls only after some clear days, and does not
// flap.
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "engine/nn/random.h"
#include "engine/stope/response_plan.h"

using namespace deepmine;
using namespace deepmine::stope;
using Colour = ResponseColour;

namespace {

ResponsePlan plan_of(int falls_after_days = 3, double margin = 0.1) {
  ResponsePlan plan;
  plan.green = {"crew", "work"};
  plan.amber = {.probability_above = 0.3,
                .level = RiskLevel::elevated,
                .within_days = 14,
                .owner = "engineer",
                .action = "look"};
  plan.red = {.probability_above = 0.7,
              .level = RiskLevel::high,
              .within_days = 7,
              .owner = "boss",
              .action = "withdraw"};
  plan.unknown = {"engineer", "inspect"};
  plan.falls_after_days = falls_after_days;
  plan.margin = margin;
  REQUIRE(problems(plan).empty());
  return plan;
}

constexpr double no_answer = -1;

/// Days 100, 101, … with these probabilities of instability.
std::vector<DayAnswer> answers(const std::vector<double>& probabilities) {
  std::vector<DayAnswer> days;
  for (const double probability : probabilities) {
    DayAnswer& day = days.emplace_back();
    day.day = 100 + static_cast<Day>(days.size()) - 1;
    day.answered = probability != no_answer;
    if (day.answered) day.instability_probability = probability;
  }
  return days;
}

/// After days on which surely no alarm stood.
Response respond_after_calm(const ResponsePlan& plan, std::span<const DayAnswer> days) {
  std::vector<DayAnswer> all(static_cast<std::size_t>(plan.falls_after_days));
  for (DayAnswer& day : all) {
    day.answered = true;
    day.instability_probability = 0;
  }
  all.insert(all.end(), days.begin(), days.end());
  return respond(plan, all);
}

Colour colour(const ResponsePlan& plan, const std::vector<double>& probabilities) {
  return respond_after_calm(plan, answers(probabilities)).colour;
}

/// The colours of one day after the other.
std::vector<Colour> course(const ResponsePlan& plan, const std::vector<double>& probabilities) {
  std::vector<Colour> colours;
  for (std::size_t n = 1; n <= probabilities.size(); ++n)
    colours.push_back(
        colour(plan, {probabilities.begin(), probabilities.begin() + static_cast<std::ptrdiff_t>(n)}));
  return colours;
}

}  // namespace

TEST_CASE("response: a colour rises at once") {
  const ResponsePlan plan = plan_of();
  CHECK(colour(plan, {0.1, 0.1, 0.1}) == Colour::green);
  CHECK(colour(plan, {0.1, 0.1, 0.31}) == Colour::amber);
  CHECK(colour(plan, {0.1, 0.1, 0.71}) == Colour::red);
  CHECK(colour(plan, {0.1, 0.1, 0.3}) == Colour::green);  // strictly above
  CHECK(colour(plan, {0.1, 0.4, 0.7}) == Colour::amber);
  const Response red = respond_after_calm(plan, answers({0.1, 0.1, 0.71}));
  CHECK(red.owner == "boss");
  CHECK(red.action == "withdraw");
  CHECK(red.since == 102);
  CHECK_FALSE(red.held());
  CHECK_FALSE(respond(plan, answers({0.9, 0.9})).since);  // it may have been red before
}

TEST_CASE("response: it falls after so many clear days in a row, to what is left") {
  const ResponsePlan plan = plan_of(3);
  CHECK(course(plan, {0.1, 0.9, 0.1, 0.1, 0.1, 0.1}) ==
        std::vector{Colour::green, Colour::red, Colour::red, Colour::red, Colour::green, Colour::green});
  // From red to amber, and from there to green.
  CHECK(course(plan, {0.1, 0.9, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1}) ==
        std::vector{Colour::green, Colour::red, Colour::red, Colour::red, Colour::amber, Colour::amber,
                    Colour::amber, Colour::green});
  // A day at the trigger begins the count anew.
  CHECK(course(plan, {0.1, 0.9, 0.1, 0.1, 0.8, 0.1, 0.1, 0.1}).back() == Colour::green);
  CHECK(colour(plan, {0.1, 0.9, 0.1, 0.1, 0.8, 0.1, 0.1}) == Colour::red);
  const Response held = respond_after_calm(plan, answers({0.1, 0.9, 0.1, 0.1}));
  CHECK(held.held());
  CHECK(held.today == Colour::green);
  CHECK(held.since == 101);
  CHECK(held.action == "withdraw");
  CHECK(course(plan_of(1), {0.1, 0.9, 0.1}).back() == Colour::green);
}

TEST_CASE("response: what wavers within the margin neither ends an alarm nor makes one") {
  const ResponsePlan plan = plan_of(2, 0.1);
  CHECK(colour(plan, {0.1, 0.75, 0.65, 0.65, 0.65, 0.65}) == Colour::red);
  CHECK(colour(plan, {0.1, 0.75, 0.59, 0.59}) == Colour::amber);
  CHECK(colour(plan, {0.1, 0.1, 0.65, 0.65}) == Colour::amber);
  // How it stood before the first day is not known: within the margin it counts as standing.
  CHECK(respond(plan, answers({0.65})).colour == Colour::red);
  CHECK(respond(plan, answers({0.65})).today == Colour::amber);
  // A year about the threshold: one alarm, not dozens.
  RandomStream random(3);
  std::vector<double> year{0.1};
  for (int day = 0; day < 365; ++day) year.push_back(random.uniform(0.62, 0.78));
  const std::vector<Colour> colours = course(plan, year);
  int changes = 0;
  for (std::size_t i = 1; i < colours.size(); ++i) changes += colours[i] != colours[i - 1];
  CHECK(changes <= 2);
  CHECK(colours.back() == Colour::red);
}

TEST_CASE("response: days without an answer neither raise nor take back") {
  const ResponsePlan plan = plan_of(2);
  CHECK(colour(plan, {0.1, 0.9, no_answer, no_answer, no_answer}) == Colour::red);
  CHECK(colour(plan, {0.1, 0.9, 0.1, no_answer, 0.1}) == Colour::green);
  CHECK(colour(plan, {0.1, 0.9, 0.1, no_answer}) == Colour::red);
  const Response unknown = respond(plan, answers({0.1, 0.1, no_answer}));
  CHECK(unknown.colour == Colour::unknown);
  CHECK(unknown.action == "inspect");
  CHECK(respond(plan, answers({0.1, 0.5, no_answer})).colour == Colour::amber);
  CHECK(respond(plan, answers({0.1, 0.5, no_answer})).held());
  CHECK(respond(plan, {}).colour == Colour::unknown);
}

TEST_CASE("response: predicted levels count within their days") {
  const ResponsePlan plan = plan_of();
  const auto with_level = [&](int horizon, RiskLevel level) {
    std::vector<DayAnswer> days = answers({0.1, 0.1});
    days.back().levels = {{1, RiskLevel::stable}, {horizon, level}};
    return respond_after_calm(plan, days).colour;
  };
  CHECK(with_level(7, RiskLevel::high) == Colour::red);
  CHECK(with_level(7, RiskLevel::unstable) == Colour::red);
  CHECK(with_level(8, RiskLevel::unstable) == Colour::amber);
  CHECK(with_level(14, RiskLevel::elevated) == Colour::amber);
  CHECK(with_level(15, RiskLevel::unstable) == Colour::green);
  CHECK(with_level(7, RiskLevel::slight_elevated) == Colour::green);
}

TEST_CASE("response: the rules alone may alarm, but never say green") {
  const ResponsePlan plan = plan_of();
  std::vector<DayAnswer> days = answers({0, 0});
  for (DayAnswer& day : days) day.instability_probability.reset();
  CHECK(respond(plan, days).colour == Colour::unknown);
  CHECK(respond(plan, days).action == "inspect");
  days.back().unstable_by_rules = true;
  CHECK(respond(plan, days).colour == Colour::red);
  days.back().unstable_by_rules = false;
  days.back().levels = {{7, RiskLevel::elevated}};
  CHECK(respond(plan, days).colour == Colour::amber);
}

TEST_CASE("response: more risk never gives a lesser colour, and the last days alone decide in the end") {
  const ResponsePlan plan = plan_of(3, 0.1);
  RandomStream random(9);
  for (int round = 0; round < 300; ++round) {
    std::vector<double> days, worse;
    for (int day = 0; day < 10; ++day) {
      days.push_back(random.uniform());
      worse.push_back(std::min(1.0, days.back() + random.uniform(0, 0.3)));
    }
    CHECK(colour(plan, worse) >= colour(plan, days));
    const Response response = respond(plan, answers(days));
    CHECK(response.colour >= response.today);
    // Clear for long enough, nothing of before is left.
    std::vector<double> cleared = days;
    cleared.insert(cleared.end(), 3, 0.1);
    CHECK(colour(plan, cleared) == Colour::green);
  }
}

TEST_CASE("response: what is no number or not said is never green, and never clears an alarm") {
  const ResponsePlan plan = plan_of(2);
  constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
  for (const double wrong : {not_a_number, -0.1, 1.1, -std::numeric_limits<double>::infinity()}) {
    CAPTURE(wrong);
    CHECK(colour(plan, {0.1, 0.1, 0.1, wrong}) == Colour::unknown);
    CHECK(colour(plan, {0.1, 0.9, wrong, wrong, wrong}) == Colour::red);
    CHECK(colour(plan, {0.1, 0.9, 0.1, wrong}) == Colour::red);
  }
  // A horizon that the plan asks about has no level.
  std::vector<DayAnswer> days = answers({0.1, 0.1, 0.1, 0.1});
  for (DayAnswer& day : days) day.levels = {{1, RiskLevel::stable}, {14, std::nullopt}};
  CHECK(respond(plan, days).colour == Colour::unknown);
  days[1].instability_probability = 0.9;
  CHECK(respond(plan, days).colour == Colour::amber);  // whole as to red, and clear of it; not as to amber
  for (DayAnswer& day : days) day.levels[1].horizon_days = 15;
  CHECK(respond(plan, days).colour == Colour::green);  // the plan does not look so far
  // An answer without any number.
  days.back() = {.day = 103, .answered = true, .instability_probability = {}, .levels = {}};
  CHECK(respond(plan, days).colour == Colour::unknown);
}

TEST_CASE("response: what stood before the first day is not known, and never taken for green") {
  const ResponsePlan plan = plan_of(3);
  const auto after = [&](const std::vector<double>& probabilities) {
    return respond(plan, answers(probabilities));
  };
  // Within the margin, an alarm may have stood.
  CHECK(after({0.65}).colour == Colour::red);
  CHECK(respond_after_calm(plan, answers({0.65})).colour == Colour::amber);
  CHECK_FALSE(after({0.9}).since);
  CHECK(respond_after_calm(plan, answers({0.9})).since == 100);
  // One clear day, or two, do not end an alarm that may have stood; three do.
  for (const std::vector<double>& few : {std::vector<double>{0.1}, {0.1, 0.1}, {0.1, no_answer, 0.1}}) {
    CHECK(after(few).colour == Colour::unknown);
    CHECK(after(few).today == Colour::green);
    CHECK(after(few).held());
  }
  CHECK(after({0.1, 0.1, 0.1}).colour == Colour::green);
  CHECK(after({0.1, 0.1, 0.9}).colour == Colour::red);
  CHECK_FALSE(after({0.1, 0.1, 0.9}).since);
}

TEST_CASE("response: the rules raise an alarm where the network has no answer, and take none back") {
  const ResponsePlan plan = plan_of(2);
  std::vector<DayAnswer> days = answers({no_answer, no_answer, 0.1, 0.1});
  days[0].unstable_by_rules = true;
  const auto until = [&](std::size_t day) {
    return respond_after_calm(plan, std::span(days).first(day + 1));
  };
  CHECK(until(0).colour == Colour::red);
  CHECK(until(0).today == Colour::red);
  CHECK(until(0).since == 100);
  CHECK(until(1).colour == Colour::red);
  CHECK(until(1).today == Colour::unknown);
  CHECK(until(2).colour == Colour::red);
  CHECK(until(3).colour == Colour::green);
}

TEST_CASE("response: how much of the past settles it") {
  const ResponsePlan plan = plan_of(2, 0.1);
  CHECK(is_settled(plan, answers({0.1, 0.1})));
  CHECK(is_settled(plan, answers({0.1, no_answer, 0.1, no_answer})));
  CHECK_FALSE(is_settled(plan, answers({0.1})));
  CHECK_FALSE(is_settled(plan, answers({0.1, no_answer})));
  CHECK_FALSE(is_settled(plan, answers({0.1, 0.25, 0.1})));  // not clear of amber
  CHECK_FALSE(is_settled(plan, answers({0.5, 0.5})));        // how long amber has stood
  CHECK(is_settled(plan, answers({0.5, 0.5, 0.9})));         // red, whatever amber was
  CHECK_FALSE(is_settled(plan, answers({0.9, 0.9, 0.9})));   // since when?
  CHECK_FALSE(is_settled(plan, {}));
}

TEST_CASE(
    "response: what is called unstable or an alert is amber at least, whatever the plan's numbers are") {
  const ResponsePlan plan = plan_of(2);
  std::vector<DayAnswer> days = answers({0.1, 0.1, 0.1, 0.1});
  days[1].is_alarming = true;
  const auto until = [&](std::size_t day) {
    return respond_after_calm(plan, std::span(days).first(day + 1)).colour;
  };
  CHECK(until(0) == Colour::green);
  CHECK(until(1) == Colour::amber);
  CHECK(until(2) == Colour::amber);
  CHECK(until(3) == Colour::green);
}

namespace {

/// Calm days, then series that waver about a level, drift, jump, and have days without an answer.
std::vector<double> random_series(RandomStream& random, std::size_t days) {
  std::vector<double> series(5, 0.0);  // no alarm stands in the beginning
  double level = random.uniform();
  const double noise = random.uniform(0, 0.3), gaps = random.uniform(0, 0.4);
  for (std::size_t day = 0; day < days; ++day) {
    if (random.uniform() < 0.03) level = random.uniform();
    level = std::clamp(level + random.uniform(-0.03, 0.03), 0.0, 1.0);
    const double probability = std::clamp(level + random.uniform(-noise, noise), 0.0, 1.0);
    series.push_back(random.uniform() < gaps ? no_answer : probability);
  }
  return series;
}

/// How the responses of one day after the other behave.
struct Course {
  int rises_to_red = 0, falls_from_red = 0;
};

/// Day by day, as a mine asks. Checks every day's promise on its own.
Course check_course(const ResponsePlan& plan, const std::vector<DayAnswer>& all) {
  Course course;
  const auto look_back = static_cast<std::size_t>(plan.look_back_days);
  std::vector<Response> responses;
  for (std::size_t t = 0; t < all.size(); ++t) {
    const auto days = std::span(all).first(t + 1);
    const Response now = respond(plan, days);
    responses.push_back(now);
    CHECK(now.colour >= now.today);  // never below what today alone gives
    if (!all[t].answered) CHECK(now.colour != Colour::green);
    // Of the past, no more is needed than is said.
    const auto last = days.subspan(t > look_back ? t - look_back : 0);
    if (is_settled(plan, last)) {
      CHECK(respond(plan, last) == now);
    }
    CHECK(respond(plan, last).colour >= now.today);
    if (t == 0) continue;
    const Colour before = responses[t - 1].colour;
    if (before == Colour::red && now.colour < Colour::red) {
      ++course.falls_from_red;
      // The last answered days were clear, as many as the plan wants, and today is one of them.
      CHECK(all[t].answered);
      int clear = 0;
      for (std::size_t day = t + 1; day-- > 0 && clear < plan.falls_after_days;) {
        if (!all[day].answered) continue;
        REQUIRE(*all[day].instability_probability <= plan.red.probability_above - plan.margin);
        ++clear;
      }
      CHECK(clear == plan.falls_after_days);
    }
    if (before < Colour::red && now.colour == Colour::red) {
      ++course.rises_to_red;
      CHECK(*all[t].instability_probability > plan.red.probability_above);
      CHECK(now.since == all[t].day);
    }
  }
  return course;
}

}  // namespace

TEST_CASE("response: over random courses nothing falls too early, rises late, or flaps") {
  RandomStream random(20);
  int rises = 0, falls = 0, crossings = 0;
  for (int round = 0; round < 400; ++round) {
    CAPTURE(round);
    ResponsePlan plan = plan_of(1 + static_cast<int>(random.below(5)), random.uniform(0, 0.2));
    plan.look_back_days = 20;
    const std::vector<double> series = random_series(random, 120);
    const Course course = check_course(plan, answers(series));
    rises += course.rises_to_red;
    falls += course.falls_from_red;
    // Each alarm but the last needs so many clear days before the next one can begin.
    const auto answered = static_cast<int>(series.size()) -
                          static_cast<int>(std::count(series.begin(), series.end(), no_answer));
    CHECK(course.rises_to_red <= 1 + answered / (plan.falls_after_days + 1));
    double last = 0;
    for (const double probability : series) {
      if (probability == no_answer) continue;
      crossings += last <= 0.7 && probability > 0.7;
      last = probability;
    }
  }
  CHECK(falls > 100);  // or nothing was tried
  CHECK(rises < crossings / 2);
}

TEST_CASE("response: plans that make no sense") {
  CHECK(problems(ResponsePlan{}).empty());
  CHECK_FALSE(ResponsePlan{}.in_use());
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  CHECK(plan_of().in_use());
  const auto complains = [](const char* text, const auto& change) {
    ResponsePlan plan = plan_of();
    change(plan);
    const std::vector<std::string> found = problems(plan);
    REQUIRE(found.size() == 1);
    CHECK_MESSAGE(found[0].find(text) != std::string::npos, found[0]);
  };
  complains("response_plan.red.owner: expected who acts, such as",
            [](ResponsePlan& p) { p.red.owner.clear(); });
  complains("response_plan.red.owner: expected who acts", [](ResponsePlan& p) { p.red.owner = "  "; });
  complains("response_plan.red.action: expected no NUL",
            [](ResponsePlan& p) { p.red.action = std::string("\0withdraw", 9); });
  complains("response_plan.green.action: expected at most 500 bytes, found 501",
            [](ResponsePlan& p) { p.green.action = std::string(501, 'x'); });
  complains("response_plan.unknown.action: expected what", [](ResponsePlan& p) { p.unknown.action.clear(); });
  complains("response_plan.amber.probability_above: expected at most that of red, 0.7, found 0.8",
            [](ResponsePlan& p) { p.amber.probability_above = 0.8; });
  complains("response_plan.red.probability_above: expected a probability",
            [](ResponsePlan& p) { p.red.probability_above = 1; });
  complains("response_plan.amber.level: expected at most that of red, high",
            [](ResponsePlan& p) { p.amber.level = RiskLevel::critical; });
  complains("response_plan.amber.level: expected a level above stable",
            [](ResponsePlan& p) { p.amber.level = RiskLevel::stable; });
  complains("response_plan.amber.within_days: expected at least that of red",
            [](ResponsePlan& p) { p.amber.within_days = 3; });
  complains("response_plan.red.within_days: expected 1 to 3650",
            [](ResponsePlan& p) { p.red.within_days = 0; });
  complains("response_plan.margin: expected 0 or more", [=](ResponsePlan& p) { p.margin = not_a_number; });
  complains("response_plan.red.probability_above: expected a probability",
            [](ResponsePlan& p) { p.red.probability_above = 1.5; });
  complains("response_plan.falls_after_days: expected 1 to 60",
            [](ResponsePlan& p) { p.falls_after_days = 0; });
  complains("response_plan.margin: expected 0 or more, and less than",
            [](ResponsePlan& p) { p.margin = 0.3; });
  complains("response_plan.look_back_days: expected falls_after_days, 3",
            [](ResponsePlan& p) { p.look_back_days = 2; });
  ResponsePlan only_numbers;
  only_numbers.margin = 0.1;
  CHECK(problems(only_numbers).size() == 8);  // numbers without anybody to act
}
