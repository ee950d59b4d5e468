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
};

double samples_of(const std::map<std::string, double>& metrics) {
  const auto samples = metrics.find("samples");
  return samples == metrics.end() ? 0 : samples->second;
}

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

  std::vector<Assessment> run(std::vector<stope::StopeRecord> records) {
    prepare(std::move(records));
    check();
    if (model_ != nullptr) ask_network();
    std::vector<Assessment> assessments;
    for (const Candidate& candidate : candidates_) assessments.push_back(assess(candidate));
    for (const std::string& name : names_without_record_) assessments.push_back(rejected(name));
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

  void ask_network() {
    std::vector<Candidate*> asked;
    for (Candidate& candidate : candidates_)
      if (candidate.quality.answerable() && is_asked_for(candidate)) asked.push_back(&candidate);
    if (asked.empty()) return;
    constexpr std::size_t largest_batch = RunnerPool::capacity;
    const RunnerPool::Lease runner = model_->runners().lease(request_.threads);
    const io::Components& components = model_->components();
    const stope::NetworkSpecification& network = components.network;
    std::vector<float> features(static_cast<std::size_t>(network.sample_features()));
    std::vector<float> series(stope::sensor_count * static_cast<std::size_t>(plan_.days));
    for (std::size_t first = 0; first < asked.size(); first += largest_batch) {
      const auto batch = std::span(asked).subspan(first, std::min(largest_batch, asked.size() - first));
      runner->batch().clear();
      for (const Candidate* candidate : batch) {
        // The prior's rules are those that the network learnt with, whatever the site's are now.
        stope::write_sample({candidate->statics, candidate->features,
                             candidate->readings.window(*candidate->quality.day_t, plan_.days)},
                            network, components.scaler, components.settings, features.data(), series.data());
        runner->batch().add(features, series);
      }
      runner->run();
      for (std::size_t i = 0; i < batch.size(); ++i)
        batch[i]->answer = answer_of(runner->logits(static_cast<int>(i)));
    }
  }

  /// Horizons for which the training part had no label, by the model's own record.
  std::vector<std::size_t> untrained_horizons() const {
    const io::ModelMetadata& metadata = model_->metadata();
    const auto training = metadata.metrics.find("training");
    std::vector<std::size_t> untrained;
    for (std::size_t h = 0; h < plan_.horizons.size(); ++h) {
      if (training == metadata.metrics.end()) continue;
      const auto head = training->second.find("future_" + std::to_string(plan_.horizons[h]) + "d");
      if (head == training->second.end() || !(samples_of(head->second) > 0)) untrained.push_back(h);
    }
    return untrained;
  }

  stope::NetworkAnswer answer_of(const Logits& logits) const {
    const std::vector<double>& temperatures = model_->components().calibration.temperatures;
    stope::NetworkAnswer answer;
    answer.untrained_horizons = untrained_horizons();
    answer.instability_probability = instability_probability(logits, temperatures[0]);
    for (std::size_t h = 0; h < plan_.horizons.size(); ++h) {
      const auto probabilities = level_probabilities(
          logits, static_cast<int>(h), model_->components().network.risk_levels, temperatures[1 + h]);
      std::copy(probabilities.begin(), probabilities.end(), answer.risk_probabilities.emplace_back().begin());
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

  std::vector<Assessment> in_order_of_request(const std::vector<Assessment>& assessments) const {
    std::map<std::string, const Assessment*> by_name;
    for (const Assessment& assessment : assessments) by_name[assessment.stope_name] = &assessment;
    std::vector<Assessment> ordered;
    for (const std::string& name : request_.names) {
      const auto found = by_name.find(name);
      if (found == by_name.end())
        throw Error(ErrorCode::usage, "there is no stope named '" + name + "' in these files");
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
};

}  // namespace

std::vector<stope::Assessment> predict(const LoadedModel* model, std::vector<stope::StopeRecord> records,
                                       std::span<const stope::Issue> issues,
                                       const PredictionRequest& request) {
  return Prediction(model, issues, request).run(std::move(records));
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
