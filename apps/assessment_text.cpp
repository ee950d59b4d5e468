#include "apps/assessment_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/assessment_table.h"
#include "apps/printable_text.h"
#include "apps/response_text.h"
#include "apps/terminal.h"
#include "engine/stope/counted_days.h"

namespace deepmine::apps {
namespace {

using stope::Assessment;
using Assessments = std::span<const Assessment* const>;

std::string count_text(std::size_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", with_thousands(number), number == 1 ? one : many);
}

std::string day_text(const std::optional<stope::Day>& day) {
  return day ? stope::format_day(*day) : "-";
}

bool has_answer(const Assessment& assessment) {
  return assessment.status == stope::Status::ok || assessment.status == stope::Status::warning;
}

/// What is worth a line about one stope. That there is no model is said once, for all of them.
std::vector<std::string> notes_on(const Assessment& assessment) {
  std::vector<std::string> notes;
  for (const stope::Reason& reason : assessment.reasons)
    if (reason.code != stope::reason_code::no_model || !has_answer(assessment))
      notes.push_back(fmt::format("{}: {}", reason.code, printable(reason.message)));
  return notes;
}

/// What the rules find, in words that can't be taken for an all-clear; empty if they find nothing.
std::string rules_alarm(const stope::RuleBased& rules) {
  std::string text;
  if (rules.unstable_today.value_or(false)) text = "unstable now";
  const stope::RuleBasedLevel* worst = nullptr;
  for (const stope::RuleBasedLevel& level : rules.risk_levels)
    if (level.level && *level.level >= stope::RiskLevel::high && (!worst || *level.level > *worst->level))
      worst = &level;
  if (worst)
    text += fmt::format("{}{} in {}", text.empty() ? "" : ", ", name(*worst->level),
                        count_text(static_cast<std::size_t>(worst->horizon_days), "day", "days"));
  return text;
}

/// One block of the reasons: the stopes for which `belongs` is true.
template <class Predicate>
std::string reasons_block(Assessments assessments, std::string_view title, std::size_t most,
                          Predicate belongs) {
  std::string text;
  for (const Assessment* assessment : assessments) {
    if (!belongs(*assessment)) continue;
    std::vector<std::string> notes = notes_on(*assessment);
    if (notes.size() > most) {
      const std::size_t left_out = notes.size() - most;
      notes.resize(most);
      notes.back() += fmt::format(" (and {} more: --detailed)", left_out);
    }
    const std::string alarm = rules_alarm(assessment->rule_based);
    if (!has_answer(*assessment) && !alarm.empty())
      notes.insert(notes.begin(), "the rule set alone says: " + alarm);
    if (notes.empty()) continue;
    text += "  " + printable(assessment->stope_name) + "\n";
    for (const std::string& note : notes) text += wrapped("    ", note);
  }
  return text.empty() ? "" : std::string(title) + "\n" + text + "\n";
}

std::string future_table(const Assessment& assessment) {
  const bool as_none = lowest_is_none(assessment);
  std::string text =
      "  in days  date        level   P(level)  P: stable slight  elev.  high   crit.  unst.\n";
  for (const stope::FuturePrediction& future : assessment.future_predictions) {
    text +=
        fmt::format("  {:>7}  {:<10}  {:<6}  {:<8}    ", future.horizon_days, day_text(future.date),
                    level_text(future.predicted_risk_level, as_none), probability_text(future.confidence));
    for (std::size_t level = 0; level < stope::risk_level_count; ++level)
      text += fmt::format(
          " {:<6}", future.risk_probabilities ? probability_text((*future.risk_probabilities)[level]) : "-");
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  return text;
}

/// The levels that can't be ruled out, where the model says so.
std::string risk_sets_text(const Assessment& assessment) {
  std::string text;
  for (const stope::FuturePrediction& future : assessment.future_predictions) {
    if (future.risk_set.empty()) continue;
    std::string levels;
    for (const stope::RiskLevel level : future.risk_set)
      levels += fmt::format("{}{}", levels.empty() ? "" : ", ", level_text(level, false));
    if (future.risk_set.size() == stope::risk_level_count) levels = "any level";
    text += fmt::format("{}{}d {}", text.empty() ? "" : "; ", future.horizon_days, levels);
  }
  return text.empty() ? "" : wrapped("  Can't be ruled out: ", text);
}

/// Of draws that all say the same as far as three digits go, too: `<0.001`, for no doubt at all is never
/// known.
std::string spread(double value) {
  return value < 0.001 ? "<0.001" : fmt::format("{:.3f}", value);
}

std::string uncertainty_text(const Assessment& assessment, const std::optional<double>& threshold) {
  const auto& uncertainty = assessment.current_stability.uncertainty;
  if (!uncertainty) return "";
  return wrapped(
      "  Doubt: ",
      fmt::format("of {} draws with dropout nine in ten give P(unstable) {} to {} (standard "
                  "deviation {}, mutual information {} nats)",
                  uncertainty->samples, probability_text(uncertainty->low, threshold),
                  probability_text(uncertainty->high, threshold), spread(uncertainty->standard_deviation),
                  spread(uncertainty->mutual_information)));
}

std::string rules_text(const stope::RuleBased& rules) {
  if (!rules.unstable_today && rules.risk_levels.empty()) return "";
  std::string levels;
  for (const stope::RuleBasedLevel& level : rules.risk_levels)
    levels += fmt::format("{}{}d {}", levels.empty() ? "" : ", ", level.horizon_days,
                          level_text(level.level, true));
  const std::string_view today = !rules.unstable_today   ? "not computable"
                                 : *rules.unstable_today ? "unstable now"
                                                         : "nothing found now, which proves nothing";
  return wrapped("  Rule set alone: ", fmt::format("{}; {}", today, levels));
}

template <class Elements, class ToText>
std::string list_text(std::string_view title, const Elements& elements, ToText to_text) {
  if (elements.empty()) return "";
  std::string text = fmt::format("  {}\n", title);
  for (const auto& element : elements) text += wrapped("    - ", printable(to_text(element)));
  return text;
}

}  // namespace

std::optional<stope::Day> newest_day(Assessments assessments) {
  std::optional<stope::Day> newest;
  for (const Assessment* assessment : assessments)
    if (assessment->as_of && (!newest || *assessment->as_of > *newest)) newest = assessment->as_of;
  return newest;
}

std::string age_warning(Assessments assessments, const ReportContext& context) {
  const std::optional<stope::Day> newest = newest_day(assessments);
  if (!newest || context.today - *newest <= context.largest_age) return "";
  return fmt::format(
      "The newest reading is of {}, {} before today ({}): nothing here is about today. With --as-of "
      "today, "
      "stopes whose last reading is older than {} get no answer.",
      stope::format_day(*newest), stope::counted_days(context.today - *newest),
      stope::format_day(context.today), stope::counted_days(context.largest_age));
}

std::string heading(Assessments assessments, const ReportContext& context) {
  const std::optional<stope::Day> newest = newest_day(assessments);
  std::string text = "Stability of stopes";
  if (context.as_of)
    text += fmt::format(" as of {} (--as-of), newest reading {}", stope::format_day(*context.as_of),
                        newest ? stope::format_day(*newest) : "none");
  else if (newest)
    text += fmt::format(" as of {}, the newest reading", stope::format_day(*newest));
  text += "\n";
  if (const std::string warning = age_warning(assessments, context); !warning.empty())
    text += wrapped("OLD DATA: ", warning);
  return text;
}

std::string summary_line(Assessments assessments) {
  const auto count = [&](auto belongs) {
    return static_cast<std::size_t>(std::count_if(assessments.begin(), assessments.end(),
                                                  [&](const Assessment* a) { return belongs(*a); }));
  };
  const auto known = [](bool stable) {
    return [stable](const Assessment& a) { return a.current_stability.stable == stable; };
  };
  const std::size_t unknown = count([](const Assessment& a) { return !a.current_stability.stable; });
  return wrapped(
      "",
      fmt::format("{}: {} UNSTABLE, {} UNKNOWN (inspect before anyone enters: {} abstained, {} rejected), "
                  "{} stable now; {}; {} with a warning.",
                  count_text(assessments.size(), "stope", "stopes"), count(known(false)), unknown,
                  count([](const Assessment& a) { return a.status == stope::Status::abstain; }),
                  count([](const Assessment& a) { return a.status == stope::Status::rejected; }),
                  count(known(true)),
                  count_text(count([](const Assessment& a) { return a.alert_recommended.value_or(false); }),
                             "alert", "alerts"),
                  count([](const Assessment& a) { return a.status == stope::Status::warning; })));
}

std::string reasons_text(Assessments assessments, std::size_t most) {
  return reasons_block(assessments, "No answer; inspect before anyone enters:", most,
                       [](const Assessment& a) { return !has_answer(a); }) +
         reasons_block(assessments, "Answered with a warning:", most,
                       [](const Assessment& a) { return a.status == stope::Status::warning; });
}

std::string origin_text(const ReportContext& context) {
  std::string text;
  if (context.model)
    text =
        wrapped("Model: ", fmt::format("{}, version {}, trained {} on {} (validation {}, test {}); "
                                       "decision threshold {}.",
                                       context.model->id, context.model->version, context.model->trained_at,
                                       count_text(context.training_stopes, "stope", "stopes"),
                                       context.validation_stopes, context.test_stopes, context.threshold));
  else
    text =
        wrapped("NO USABLE MODEL: ",
                "the rule set alone answers. It misses many unstable stopes: it can say unstable, but never "
                "stable, and gives no probabilities.");
  if (!context.lost_to_rules.empty())
    text += wrapped("NOTE: ",
                    "on the model's test stopes the rule set was right at least as often as the network " +
                        context.lost_to_rules + ". The rules' levels: --detailed, or rule_based in --json.");
  return text +
         wrapped("",
                 "now and the horizons answer different questions: now is learned from the label of the "
                 "stope, the "
                 "horizons from the rule set on later readings. " +
                     std::string(context.calibrated ? "" : "Probabilities are not calibrated.")) +
         wrapped("",
                 "Future risk levels are labels of a rule set that a model learned to predict, not observed "
                 "failures. The person in charge decides who enters.");
}

std::string details_text(const Assessment& assessment, const std::optional<double>& threshold) {
  const stope::CurrentStability& current = assessment.current_stability;
  const stope::DataQuality& data = assessment.data_quality;
  std::string text = printable(assessment.stope_name) + "\n";
  std::string probabilities;
  if (current.instability_probability)
    probabilities = fmt::format(", P(unstable) {}, P(this answer) {}",
                                probability_text(current.instability_probability, threshold),
                                probability_text(current.confidence));
  const std::string_view alert = !assessment.alert_recommended   ? "unknown"
                                 : *assessment.alert_recommended ? "RECOMMENDED"
                                                                 : "no";
  text += wrapped("  ", fmt::format("{}, risk {}{}, alert {}; status {}, method {}", verdict(assessment),
                                    name(current.risk_level), probabilities, alert, name(assessment.status),
                                    name(assessment.method)));
  if (assessment.response) text += wrapped("  Response plan: ", response_sentence(*assessment.response));
  text += wrapped(
      "  ", fmt::format("as of {}, last reading {}, {} used, {} of them filled", day_text(assessment.as_of),
                        day_text(data.last_reading), stope::counted_days(data.days_used), data.days_filled));
  if (has_answer(assessment))
    text += future_table(assessment) + risk_sets_text(assessment) + uncertainty_text(assessment, threshold);
  text += rules_text(assessment.rule_based);
  text += list_text("Findings about the data:", assessment.reasons, [](const stope::Reason& reason) {
    return fmt::format("{}: {}", reason.code, reason.message);
  });
  text += list_text("What speaks for risk:", assessment.explanations,
                    [](const stope::Explanation& explanation) { return explanation.message; });
  text += list_text("Recommended:", assessment.recommendations,
                    [](const stope::Recommendation& advice) { return advice.text; });
  return text + "\n";
}

}  // namespace deepmine::apps
