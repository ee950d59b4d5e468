#include "lifecycle/past_answers.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/stope/quality.h"
#include "engine/stope/rules.h"
#include "engine/stope/sample.h"

namespace deepmine::lifecycle {
namespace {

/// The days of a stope that were asked about so far, ascending; the last entry is today.
struct StopeDays {
  const StopeOfToday* stope = nullptr;
  std::vector<stope::DayAnswer> answers;
  stope::Day last_answerable = 0;  ///< from here `look_back_days` are looked back
  bool from_the_beginning = false;
};

/// A day of a stope that the network is asked about, and where its answer goes.
struct Question {
  const StopeOfToday* stope = nullptr;
  stope::DayAnswer* answer = nullptr;
};

class PastAnswers {
 public:
  PastAnswers(const LoadedModel* model, const ResponseRequest& request)
      : model_(model), request_(request), plan_(request.settings.response_plan) {
    if (model != nullptr) untrained_ = untrained_horizons(*model);
  }

  std::vector<stope::Response> run(std::span<const StopeOfToday> stopes) {
    std::vector<StopeDays> all;
    for (const StopeOfToday& stope : stopes)
      all.push_back({&stope, {stope.today}, last_answerable(stope), false});
    // Most stopes have no alarm, and a few clear days settle that; only the others need the whole look-back.
    const int few_days = plan_.falls_after_days + 1;
    look_back(all, 0, std::min(few_days, plan_.look_back_days));
    look_back(all, few_days + 1, plan_.look_back_days);
    std::vector<stope::Response> responses;
    for (const StopeDays& days : all) responses.push_back(stope::respond(plan_, days.answers));
    return responses;
  }

 private:
  /// Asks about the days from `nearest` to `farthest` days before day t, where that may still change
  /// anything.
  void look_back(std::vector<StopeDays>& all, int nearest, int farthest) {
    std::vector<Question> questions;
    for (StopeDays& days : all) {
      if (nearest > farthest || days.from_the_beginning || stope::is_settled(plan_, days.answers)) continue;
      const std::size_t added = put_before(days, nearest, farthest);
      for (std::size_t i = 0; i < added; ++i) ask(*days.stope, days.answers[i], questions);
    }
    if (!questions.empty()) ask_network(questions);
  }

  void ask(const StopeOfToday& stope, stope::DayAnswer& answer, std::vector<Question>& questions) const {
    if (status_of(stope, answer.day, training()) < stope::Status::abstain) {
      if (model_ != nullptr)
        questions.push_back({&stope, &answer});
      else
        ask_rules(stope, answer);
    } else if (model_ != nullptr && status_of(stope, answer.day, nullptr) < stope::Status::abstain) {
      // Only the network's training stands in the way. Without a model the rules would answer; their alarm
      // must not be lost because there is one.
      stope::DayAnswer by_rules = answer;
      ask_rules(stope, by_rules);
      answer.unstable_by_rules = by_rules.answered && by_rules.unstable_by_rules;
    }
  }

  const stope::InputScaler* training() const {
    return model_ != nullptr ? &model_->components().scaler : nullptr;
  }

  /// The day from which on a stope has been silent, as far as answers go; the first day of all if no day can
  /// be answered.
  stope::Day last_answerable(const StopeOfToday& stope) const {
    if (stope.today.answered || stope.readings.empty()) return stope.day_t;
    for (stope::Day day = stope.day_t; day >= stope.readings.first_day(); --day)
      if (status_of(stope, day, training()) < stope::Status::abstain &&
          (model_ != nullptr || rules_answer(stope, day)))
        return day;
    return stope.readings.first_day();
  }

  bool rules_answer(const StopeOfToday& stope, stope::Day day) const {
    stope::DayAnswer answer;
    answer.day = day;
    ask_rules(stope, answer);
    return answer.answered;
  }

  bool unstable_by_rules(const StopeOfToday& stope, stope::Day day) const {
    return stope::rule_unstable(request_.settings.unstable_rules, stope.statics,
                                stope.readings.observed_reading(day)) == true;
  }

  /// Puts unanswered days in front of those that are there, and returns how many.
  std::size_t put_before(StopeDays& days, int nearest, int farthest) const {
    const StopeOfToday& stope = *days.stope;
    if (stope.readings.empty()) return 0;
    // Day t stands for itself where it was answered. Where it was not, because its readings are too old by
    // now, it was answered when they were new, and that answer may have raised an alarm.
    if (nearest == 0 && days.stope->today.answered) nearest = 1;
    const stope::Day earliest = stope.readings.first_day();
    const stope::Day first = std::max(days.last_answerable - farthest, earliest);
    // Days between the last answer and day t can only raise an alarm, by the rules: asked about once.
    const stope::Day last = nearest <= 1 ? stope.day_t - nearest : days.last_answerable - nearest;
    std::vector<stope::DayAnswer> earlier;
    for (stope::Day day = first; day <= last; ++day) earlier.emplace_back().day = day;
    days.from_the_beginning = days.last_answerable - farthest <= earliest;
    days.answers.insert(days.answers.begin(), earlier.begin(), earlier.end());
    return earlier.size();
  }

  /// The checks of that day, as they would have been made on it.
  stope::Status status_of(const StopeOfToday& stope, stope::Day day,
                          const stope::InputScaler* training) const {
    const stope::QualityContext context{request_.settings,
                                        request_.plan,
                                        training,
                                        {.as_of = day, .today = request_.today, .newest_reading = {}}};
    const stope::QualityReport quality =
        check_quality(stope.statics, stope.features, stope.readings, stope.issues, context);
    return quality.day_t == day ? quality.status : std::max(quality.status, stope::Status::abstain);
  }

  void ask_rules(const StopeOfToday& stope, stope::DayAnswer& answer) const {
    const stope::RuleBased rules =
        rule_based_answer(stope.statics, stope.readings, answer.day, request_.plan, request_.settings);
    if (!rules.unstable_today) return;
    for (const stope::RuleBasedLevel& level : rules.risk_levels) {
      if (!level.level) return;  // no answer, as of today (assessment.h)
      answer.levels.push_back({level.horizon_days, level.level});
    }
    answer.answered = true;
    answer.unstable_by_rules = *rules.unstable_today;
    answer.is_alarming = answer.unstable_by_rules || any_level_is_an_alert(answer);
  }

  void ask_network(const std::vector<Question>& questions) {
    const RunnerPool::Lease runner = model_->runners().lease(request_.threads);
    const io::Components& components = model_->components();
    std::vector<float> features(static_cast<std::size_t>(components.network.sample_features()));
    std::vector<float> series(stope::sensor_count * static_cast<std::size_t>(request_.plan.days));
    constexpr std::size_t largest_batch = RunnerPool::capacity;
    for (std::size_t first = 0; first < questions.size(); first += largest_batch) {
      const auto batch =
          std::span(questions).subspan(first, std::min(largest_batch, questions.size() - first));
      runner->batch().clear();
      for (const Question& question : batch) {
        const StopeOfToday& stope = *question.stope;
        // The prior's rules are those that the network learnt with, whatever the site's are now.
        stope::write_sample(
            {stope.statics, stope.features, stope.readings.window(question.answer->day, request_.plan.days)},
            components.network, components.scaler, components.settings, features.data(), series.data());
        runner->batch().add(features, series);
      }
      runner->run();
      for (std::size_t i = 0; i < batch.size(); ++i)
        take(runner->logits(static_cast<int>(i)), *batch[i].stope, *batch[i].answer);
    }
  }

  void take(const Logits& logits, const StopeOfToday& stope, stope::DayAnswer& answer) const {
    const std::vector<double>& temperatures = model_->components().calibration.temperatures;
    if (!std::all_of(logits.begin(), logits.end(), [](float z) { return std::isfinite(z); })) return;
    answer.answered = true;
    answer.instability_probability = instability_probability(logits, temperatures[0]);
    for (std::size_t h = 0; h < request_.plan.horizons.size(); ++h) {
      stope::LevelAhead& ahead = answer.levels.emplace_back();
      ahead.horizon_days = request_.plan.horizons[h];
      if (std::count(untrained_.begin(), untrained_.end(), h) > 0) continue;
      const std::vector<double> row =
          level_probabilities(logits, static_cast<int>(h), stope::risk_level_count, temperatures[1 + h]);
      std::array<double, stope::risk_level_count> probabilities{};
      std::copy(row.begin(), row.end(), probabilities.begin());
      ahead.level = stope::most_probable(probabilities);
    }
    const stope::AssessmentSettings& settings = request_.settings.assessment;
    const double probability = *answer.instability_probability;
    answer.is_alarming = !(probability < settings.decision_threshold) || probability > settings.high_above ||
                         any_level_is_an_alert(answer) ||
                         stope::rule_unstable(request_.settings.unstable_rules, stope.statics,
                                              stope.readings.observed_reading(answer.day)) == true;
  }

  bool any_level_is_an_alert(const stope::DayAnswer& answer) const {
    return std::any_of(answer.levels.begin(), answer.levels.end(), [&](const stope::LevelAhead& ahead) {
      return ahead.level && *ahead.level >= request_.settings.assessment.alert_level;
    });
  }

  const LoadedModel* model_;
  const ResponseRequest& request_;
  const stope::ResponsePlan& plan_;
  std::vector<std::size_t> untrained_;
};

}  // namespace

std::vector<stope::Response> responses(const LoadedModel* model, std::span<const StopeOfToday> stopes,
                                       const ResponseRequest& request) {
  return PastAnswers(model, request).run(stopes);
}

stope::DayAnswer day_answer(const stope::Assessment& assessment) {
  stope::DayAnswer answer;
  answer.day = assessment.as_of.value_or(0);
  answer.answered = assessment.method != stope::Method::none;
  const bool rules_alarm = assessment.rule_based.unstable_today == true;
  if (!answer.answered) return answer;
  answer.unstable_by_rules = rules_alarm && assessment.method == stope::Method::rule_based;
  const stope::CurrentStability& current = assessment.current_stability;
  answer.instability_probability = current.instability_probability;
  answer.is_alarming = current.stable == false || assessment.alert_recommended == true || rules_alarm;
  for (const stope::FuturePrediction& future : assessment.future_predictions)
    answer.levels.push_back({future.horizon_days, future.predicted_risk_level});
  return answer;
}

}  // namespace deepmine::lifecycle
