// A mine's trigger action response plan: from which answer on a stope is amber or red, who has to do what,
// and when an alarm may be taken back. It rises at once. It falls only after some days in a row on which the
// answer stayed clear of the trigger, so that a probability that wavers about a threshold does not make
// people come and go.
//
// The colour of a day is a pure function of the answers to the days up to it: nothing is remembered between
// runs, and whoever asks again gets the same colour. Green is said only where a number says so: never of a
// day without an answer, of a probability that is none, or of an answer that lacks what the plan asks about.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/stope/records.h"
#include "engine/stope/risk_level.h"

namespace deepmine::stope {

/// Who does what.
struct ResponseStep {
  std::string owner, action;

  bool operator==(const ResponseStep&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("owner", self.owner);
    visit("action", self.action);
  }
};

/// The same, and when: either of the two is enough.
struct ResponseTrigger {
  double probability_above = 0;       ///< of instability now, strictly above
  RiskLevel level = RiskLevel::high;  ///< predicted, this one or above …
  int within_days = 30;               ///< … at a horizon of at most so many days
  std::string owner, action;

  bool operator==(const ResponseTrigger&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("probability_above", self.probability_above);
    visit("level", self.level);
    visit("within_days", self.within_days);
    visit("owner", self.owner);
    visit("action", self.action);
  }
};

/// Without any owner or action there is no plan: the default.
struct ResponsePlan {
  ResponseStep green;
  ResponseTrigger amber{0.3, RiskLevel::elevated, 14, "", ""}, red{0.7, RiskLevel::high, 7, "", ""};
  ResponseStep unknown;      ///< where there is no answer and no alarm stands
  int falls_after_days = 3;  ///< days in a row clear of the trigger, the last one included
  double margin = 0.05;      ///< clear: a probability below probability_above by at least this much
  int look_back_days = 90;   ///< days before day t whose answers count, at most

  bool in_use() const;
  bool operator==(const ResponsePlan&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("green", self.green);
    visit("amber", self.amber);
    visit("red", self.red);
    visit("unknown", self.unknown);
    visit("falls_after_days", self.falls_after_days);
    visit("margin", self.margin);
    visit("look_back_days", self.look_back_days);
  }
};

/// What is wrong with a plan, a sentence a problem that begins with the field. Empty: it can be used, or
/// there is none.
std::vector<std::string> problems(const ResponsePlan& plan);

enum class ResponseColour { green, unknown, amber, red };
std::string_view name(ResponseColour colour);

/// A predicted level so many days ahead; empty: the answer says nothing about that day.
struct LevelAhead {
  int horizon_days = 0;
  std::optional<RiskLevel> level;
};

/// The answer to one day. Days without an answer take no alarm back, and raise one only by the rules.
struct DayAnswer {
  Day day = 0;
  bool answered = false;
  std::optional<double> instability_probability;  ///< empty: of the rules, which have none
  std::vector<LevelAhead> levels;
  /// Called unstable by the network or by the rules, or an alert is recommended: amber at least.
  bool is_alarming = false;
  /// No network answered, and the rules call the stope unstable: red, `answered` or not.
  bool unstable_by_rules = false;
};

struct Response {
  ResponseColour colour = ResponseColour::unknown;
  /// Of amber and red: the day on which the alarm was raised; empty: it stood at the beginning of the days
  /// that were looked back on.
  std::optional<Day> since;
  /// What the answer to day t alone would give; `colour` is worse where an earlier alarm still stands.
  ResponseColour today = ResponseColour::unknown;
  bool held() const { return colour > today; }
  std::string owner, action;

  bool operator==(const Response&) const = default;
};

/// `days`: consecutive or not, ascending, the last one is day t. Whether an alarm stood before the first of
/// them is not known, also where they begin with the data: data may have been cut off. It counts as down
/// after `falls_after_days` clear answers in a row and not before; until then nothing is green, and a first
/// answer that is neither clear nor a trigger counts as one under a standing alarm.
Response respond(const ResponsePlan& plan, std::span<const DayAnswer> days);

/// Whether the response stays the same, whatever earlier days are put before these.
bool is_settled(const ResponsePlan& plan, std::span<const DayAnswer> days);

}  // namespace deepmine::stope
