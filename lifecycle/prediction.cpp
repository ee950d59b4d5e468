#include "lifecycle/prediction.h"

#include <algorithm>
#include <ctime>
#include <limits>
#include <map>
#include <set>
#include <string_view>

#include "engine/nn/error.h"
#include "engine/stope/quality.h"
#include "engine/stope/sample.h"
#include "io/nearest_name.h"
#include "lifecycle/calibration.h"
#include "lifecycle/monte_carlo.h"
#include "lifecycle/past_answers.h"

namespace deepmine::lifecycle {
namespace {

using stope::Assessment;

/// A stope on its way to an answer.
struct Candidate {
  std::string name;
  stope::StaticRecord statics;
  stope::StaticFeatures features;
  stope::PreparedReadings readings;
  stope::QualityReport quality;
  std::optional<stope::NetworkAnswer> answer;
  std::vector<float> attention;  ///< of the days, where attributions are asked for
};

class Prediction {
 public:
  Prediction(const LoadedModel* model, std::span<const stope::Issue> issues, const PredictionRequest& request)
      : model_(model),
        request_(request),
        settings_(settings_in_effect(model, request)),
        plan_(window_plan(model)) {
    asked_for_.insert(request.names.begin(), request.names.end());
    for (const stope::Issue& issue : issues)
      if (!issue.stope.empty()) issues_[issue.stope].push_back(issue);
  }

  std::vector<Assessment> run(std::vector<stope::StopeRecord> records, PredictionFindings* findings) {
    prepare(std::move(records));
    check();
    findings_ = findings;
    if (model_ != nullptr && findings_ != nullptr) find_drift();
    if (model_ != nullptr) ask_network();
    std::vector<Assessment> assessments;
    for (const Candidate& candidate : candidates_) assessments.push_back(assess(candidate));
    for (const std::string& name : names_without_record_) assessments.push_back(rejected(name));
    if (settings_.response_plan.in_use()) respond(assessments);
    if (!request_.degraded.empty())
      for (Assessment& assessment : assessments) flag_as_degraded(assessment);
    return request_.names.empty() ? assessments : in_order_of_request(assessments);
  }

 private:
  void prepare(std::vector<stope::StopeRecord> records) {
    const stope::Day not_after = request_.as_of.value_or(std::numeric_limits<stope::Day>::max());
    for (stope::StopeRecord& record : records) {
      Candidate& candidate = candidates_.emplace_back();
      candidate.name = std::move(record.name);
      candidate.features = stope::static_features(record.statics);
      candidate.statics = std::move(record.statics);
      candidate.readings =
          stope::PreparedReadings(std::move(record.readings), settings_.data.largest_filled_gap, not_after);
    }
    std::set<std::string_view> known;
    for (const Candidate& candidate : candidates_) known.insert(candidate.name);
    for (const auto& [name, issues] : issues_)
      if (!known.contains(name)) names_without_record_.push_back(name);
  }

  void check() {
    stope::Now now{
        .as_of = request_.as_of, .today = request_.today, .newest_reading = request_.newest_reading};
    for (const Candidate& candidate : candidates_) stope::note_newest_reading(now, candidate.readings);
    const stope::QualityContext context{settings_, plan_,
                                        model_ != nullptr ? &model_->components().scaler : nullptr, now};
    for (Candidate& candidate : candidates_)
      candidate.quality = stope::check_quality(candidate.statics, candidate.features, candidate.readings,
                                               issues_of(candidate.name), context);
  }

  std::span<const stope::Issue> issues_of(const std::string& name) const {
    const auto found = issues_.find(name);
    return found == issues_.end() ? std::span<const stope::Issue>{}
                                  : std::span<const stope::Issue>(found->second);
  }

  bool is_asked_for(const Candidate& candidate) const {
    return asked_for_.empty() || asked_for_.contains(candidate.name);
  }

  /// Whatever is known of a stope counts, also where it allows no answer: drift is one reason for that.
  void find_drift() {
    std::vector<StopeNow> stopes;
    for (const Candidate& candidate : candidates_)
      if (candidate.quality.status != stope::Status::rejected && candidate.quality.day_t)
        stopes.push_back(
            {candidate.features, candidate.readings.window(*candidate.quality.day_t, plan_.days)});
    findings_->drift = measure_drift(model_->components().distributions, stopes);
  }

  stope::SampleView view_of(const Candidate& candidate) const {
    return {candidate.statics, candidate.features,
            candidate.readings.window(*candidate.quality.day_t, plan_.days)};
  }

  /// The prior's rules are those that the network learnt with, whatever the site's are now.
  void write_sample(const Candidate& candidate) {
    const io::Components& components = model_->components();
    stope::write_sample(view_of(candidate), components.network, components.scaler, components.settings,
                        features_.data(), series_.data());
  }

  void ask_network() {
    std::vector<Candidate*> asked;
    for (Candidate& candidate : candidates_)
      if (candidate.quality.answerable() && is_asked_for(candidate)) asked.push_back(&candidate);
    check_draws();
    if (asked.empty()) return;
    constexpr std::size_t largest_batch = RunnerPool::capacity;
    const RunnerPool::Lease runner = model_->runners().lease(request_.threads);
    const stope::NetworkSpecification& network = model_->components().network;
    features_.resize(static_cast<std::size_t>(network.sample_features()));
    series_.resize(stope::sensor_count * static_cast<std::size_t>(plan_.days));
    for (std::size_t first = 0; first < asked.size(); first += largest_batch) {
      const auto batch = std::span(asked).subspan(first, std::min(largest_batch, asked.size() - first));
      runner->batch().clear();
      for (const Candidate* candidate : batch) {
        write_sample(*candidate);
        runner->batch().add(features_, series_);
      }
      runner->run();
      for (std::size_t i = 0; i < batch.size(); ++i) {
        batch[i]->answer = answer_of(runner->logits(static_cast<int>(i)));
        if (!explained_horizons().empty()) batch[i]->attention = runner->day_weights(static_cast<int>(i));
      }
    }
    if (request_.draws > 0) add_uncertainty(asked);
    if (!explained_horizons().empty()) add_explanations(asked);
  }

  void check_draws() const {
    if (request_.draws == 0) return;
    if (request_.draws < 2 || request_.draws > most_draws)
      throw Error(ErrorCode::usage,
                  std::to_string(request_.draws) + " samples, expected 2 to " + std::to_string(most_draws));
    if (!has_dropout(model_->components().network))
      throw Error(ErrorCode::usage,
                  "this model's network has no dropout, so all samples would be the same and look certain: "
                  "ask for none");
  }

  void add_uncertainty(const std::vector<Candidate*>& asked) {
    MonteCarlo network(*model_);
    const std::vector<double>& temperatures = model_->components().calibration.temperatures;
    std::vector<double> probabilities;
    for (Candidate* candidate : asked) {
      write_sample(*candidate);
      const std::vector<Logits> draws =
          network.draw(features_, series_, request_.draws, request_.draw_seed, request_.threads);
      stope::NetworkAnswer& answer = *candidate->answer;
      probabilities.clear();
      for (const Logits& draw : draws)
        probabilities.push_back(instability_probability(draw, temperatures[0]));
      answer.current_uncertainty = uncertainty_of(probabilities, 1, 0);
      for (std::size_t h = 0; h < plan_.horizons.size(); ++h) {
        probabilities.clear();
        for (const Logits& draw : draws) {
          const auto row = level_probabilities(draw, static_cast<int>(h),
                                               model_->components().network.risk_levels, temperatures[1 + h]);
          probabilities.insert(probabilities.end(), row.begin(), row.end());
        }
        answer.future_uncertainty.push_back(
            uncertainty_of(probabilities, stope::risk_level_count,
                           static_cast<std::size_t>(stope::most_probable(answer.risk_probabilities[h]))));
      }
    }
  }

  /// What the findings are to have, and the present where the answers are to say what moved them.
  std::vector<int> explained_horizons() const {
    std::vector<int> horizons = request_.explained_horizons;
    if (request_.attributions && std::count(horizons.begin(), horizons.end(), 0) == 0)
      horizons.insert(horizons.begin(), 0);
    return horizons;
  }

  void add_explanations(const std::vector<Candidate*>& asked) {
    IntegratedGradients gradients(*model_);
    const std::vector<int> horizons = explained_horizons();
    for (Candidate* candidate : asked) {
      write_sample(*candidate);
      const stope::SampleView sample = view_of(*candidate);
      StopeExplanation explanation = explain_sample(gradients, model_->components(),
                                                    {.sample = sample,
                                                     .features = features_,
                                                     .series = series_,
                                                     .last_day = *candidate->quality.day_t,
                                                     .mean_days = settings_.assessment.mean_days,
                                                     .horizons = horizons,
                                                     .attention = candidate->attention});
      if (request_.attributions)
        for (const HeadExplanation& head : explanation.heads)
          if (head.horizon_days == 0) candidate->answer->attributions = head.inputs;
      if (findings_ != nullptr) findings_->explanations[candidate->name] = std::move(explanation);
    }
  }

  stope::NetworkAnswer answer_of(const Logits& logits) const {
    const io::Calibration& calibration = model_->components().calibration;
    const std::vector<double>& temperatures = calibration.temperatures;
    stope::NetworkAnswer answer;
    answer.untrained_horizons = untrained_horizons(*model_);
    answer.instability_probability = instability_probability(logits, temperatures[0]);
    for (std::size_t h = 0; h < plan_.horizons.size(); ++h) {
      const auto probabilities = level_probabilities(
          logits, static_cast<int>(h), model_->components().network.risk_levels, temperatures[1 + h]);
      std::copy(probabilities.begin(), probabilities.end(), answer.risk_probabilities.emplace_back().begin());
      if (!calibration.risk_sets.empty())
        answer.risk_sets.push_back(
            risk_set(calibration.risk_sets[h], probabilities, settings_.assessment.risk_set_coverage));
    }
    return answer;
  }

  std::optional<stope::ModelIdentity> identity() const {
    if (model_ == nullptr) return std::nullopt;
    const io::ModelMetadata& metadata = model_->metadata();
    return stope::ModelIdentity{metadata.model_id, std::to_string(metadata.sequence), metadata.created_at};
  }

  Assessment assess(const Candidate& candidate) const {
    return stope::assess({.stope_name = candidate.name,
                          .timestamp = request_.timestamp,
                          .statics = candidate.statics,
                          .readings = candidate.readings,
                          .quality = candidate.quality,
                          .settings = settings_,
                          .plan = plan_,
                          .answer = candidate.answer ? &*candidate.answer : nullptr,
                          .model = identity()});
  }

  /// By the site's plan. `assessments` are those of the candidates, in their order, and then of others.
  void respond(std::vector<Assessment>& assessments) const {
    std::vector<StopeOfToday> stopes;
    std::vector<Assessment*> of_stope;
    for (std::size_t i = 0; i < assessments.size(); ++i) {
      assessments[i].response = stope::respond(settings_.response_plan, {});
      if (i >= candidates_.size() || !candidates_[i].quality.day_t || !is_asked_for(candidates_[i])) continue;
      const Candidate& candidate = candidates_[i];
      stopes.push_back({candidate.statics, candidate.features, candidate.readings, issues_of(candidate.name),
                        *candidate.quality.day_t, day_answer(assessments[i])});
      of_stope.push_back(&assessments[i]);
    }
    const std::vector<stope::Response> found =
        responses(model_, stopes, {settings_, plan_, request_.today, request_.threads});
    for (std::size_t s = 0; s < found.size(); ++s) of_stope[s]->response = found[s];
  }

  Assessment rejected(const std::string& name) const {
    std::vector<stope::Reason> reasons;
    for (const stope::Issue& issue : issues_of(name)) reasons.push_back({issue.code, stope::describe(issue)});
    return stope::rejected_assessment(name, request_.timestamp, std::move(reasons));
  }

  void flag_as_degraded(Assessment& assessment) const {
    assessment.reasons.insert(assessment.reasons.begin(),
                              {std::string(reason_model_degraded), request_.degraded});
    if (assessment.status == stope::Status::ok) assessment.status = stope::Status::warning;
  }

  static std::string hint_for(const std::string& name, const std::vector<Assessment>& assessments) {
    std::vector<std::string_view> known;
    for (const Assessment& assessment : assessments) known.push_back(assessment.stope_name);
    return io::did_you_mean(name, known);
  }

  std::vector<Assessment> in_order_of_request(const std::vector<Assessment>& assessments) const {
    std::map<std::string, const Assessment*> by_name;
    for (const Assessment& assessment : assessments) by_name[assessment.stope_name] = &assessment;
    std::vector<Assessment> ordered;
    for (const std::string& name : request_.names) {
      const auto found = by_name.find(name);
      if (found == by_name.end())
        throw Error(ErrorCode::usage,
                    "there is no stope named '" + name + "' in these files" + hint_for(name, assessments));
      ordered.push_back(*found->second);
    }
    return ordered;
  }

  const LoadedModel* model_;
  const PredictionRequest& request_;
  stope::SiteSettings settings_;
  stope::WindowPlan plan_;
  std::map<std::string, std::vector<stope::Issue>> issues_;
  std::vector<Candidate> candidates_;
  std::vector<std::string> names_without_record_;
  std::set<std::string_view> asked_for_;
  PredictionFindings* findings_ = nullptr;
  std::vector<float> features_, series_;  // of the sample last written
};

}  // namespace

std::vector<stope::Assessment> predict(const LoadedModel* model, std::vector<stope::StopeRecord> records,
                                       std::span<const stope::Issue> issues, const PredictionRequest& request,
                                       PredictionFindings* findings) {
  return Prediction(model, issues, request).run(std::move(records), findings);
}

stope::SiteSettings settings_in_effect(const LoadedModel* model, const PredictionRequest& request) {
  stope::SiteSettings settings = request.settings   ? *request.settings
                                 : model != nullptr ? model->components().settings
                                                    : stope::SiteSettings{};
  if (request.threshold) settings.assessment.decision_threshold = *request.threshold;
  return settings;
}

stope::WindowPlan window_plan(const LoadedModel* model) {
  if (model == nullptr) return {};
  return {model->components().network.days, model->components().network.horizons};
}

stope::Day local_today() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", &local);
  return *stope::parse_day(text);
}

}  // namespace deepmine::lifecycle
