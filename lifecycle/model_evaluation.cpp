#include "lifecycle/model_evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "engine/nn/error.h"
#include "engine/stope/split.h"
#include "lifecycle/baselines.h"
#include "lifecycle/calibration.h"
#include "lifecycle/cross_validation.h"
#include "lifecycle/permutation_importance.h"

namespace deepmine::lifecycle {
namespace {

stope::SplitMethod method_of(const std::string& name) {
  if (name == "forward") return stope::SplitMethod::forward;
  return name == "random" ? stope::SplitMethod::random : stope::SplitMethod::stope;
}

/// The split of the training, made again; nothing if these stopes don't give the same one.
std::optional<stope::Split> split_of_training(const stope::Dataset& dataset,
                                              const io::ModelMetadata& metadata) {
  const io::SplitSummary& summary = metadata.split;
  try {
    stope::Split split = stope::split_windows(
        dataset,
        {method_of(summary.method), summary.validation_fraction, summary.test_fraction, metadata.plan.seed});
    if (stope::stope_names(dataset, split.training) == summary.training_stopes &&
        stope::stope_names(dataset, split.validation) == summary.validation_stopes &&
        stope::stope_names(dataset, split.test) == summary.test_stopes)
      return split;
  } catch (const Error&) {  // too few stopes for such a split: it is not the training's
  }
  return std::nullopt;
}

std::size_t count_seen_stopes(const stope::Dataset& dataset, const io::ModelMetadata& metadata,
                              const JudgedWindows& judged) {
  std::set<std::string_view> seen(metadata.split.training_stopes.begin(),
                                  metadata.split.training_stopes.end());
  seen.insert(metadata.split.validation_stopes.begin(), metadata.split.validation_stopes.end());
  return static_cast<std::size_t>(
      std::count_if(judged.stopes.begin(), judged.stopes.end(),
                    [&](std::uint32_t stope) { return seen.contains(dataset.stopes()[stope].name); }));
}

stope::WindowSelection all_windows(const stope::Dataset& dataset) {
  stope::WindowSelection all;
  all.windows.resize(dataset.windows().size());
  std::iota(all.windows.begin(), all.windows.end(), 0U);
  return all;
}

/// Which windows are to be judged. Throws where there are none.
stope::WindowSelection chosen_windows(const stope::Dataset& dataset, const SeenAndUnseen& parts,
                                      bool include_training_stopes) {
  if (dataset.windows().empty())
    throw Error(ErrorCode::data_invalid,
                "there is no usable window in these files: `deepmine validate` says why");
  if (include_training_stopes) return all_windows(dataset);
  if (parts.unseen.windows.empty())
    throw Error(
        ErrorCode::usage,
        "there is no stope in these files that the model was not trained on (or it was trained without "
        "a test part): give files with other stopes, or --include-training-stopes for figures that "
        "flatter");
  return parts.unseen;
}

void add_model_remarks(const SeenAndUnseen& parts, const ModelEvaluationRequest& request,
                       const Baselines& baselines, io::EvaluationReport& report) {
  if (!parts.is_the_training_data && !request.include_training_stopes)
    report.remarks.emplace_back(
        "These are not the files of the training (another hash): stopes whose names stand in its training or "
        "validation part are left out, all others are judged.");
  if (!baselines.has_learnt())
    report.remarks.emplace_back(
        "Majority and logistic regression are missing: the stopes that the model was trained on are not "
        "among "
        "these files, and they have nothing else to learn from.");
}

}  // namespace

SeenAndUnseen seen_and_unseen(const stope::Dataset& dataset, const io::ModelMetadata& metadata,
                              const std::string& data_sha256) {
  SeenAndUnseen parts;
  if (!data_sha256.empty() && data_sha256 == metadata.data.sha256)
    if (const auto split = split_of_training(dataset, metadata)) {
      parts.unseen = split->test;
      parts.seen = learning_windows(*split);
      parts.validation = split->validation;
      parts.is_the_training_data = true;
      return parts;
    }
  std::set<std::string_view> names(metadata.split.training_stopes.begin(),
                                   metadata.split.training_stopes.end());
  names.insert(metadata.split.validation_stopes.begin(), metadata.split.validation_stopes.end());
  const std::set<std::string_view> validation(metadata.split.validation_stopes.begin(),
                                              metadata.split.validation_stopes.end());
  for (std::uint32_t w = 0; w < dataset.windows().size(); ++w)
    if (validation.contains(dataset.stopes()[dataset.windows()[w].stope].name))
      parts.validation.windows.push_back(w);
  for (std::uint32_t w = 0; w < dataset.windows().size(); ++w)
    (names.contains(dataset.stopes()[dataset.windows()[w].stope].name) ? parts.seen : parts.unseen)
        .windows.push_back(w);
  return parts;
}

JudgedModel judge_model(const LoadedModel& model, const stope::Dataset& dataset,
                        const ModelEvaluationRequest& request) {
  const io::ModelMetadata& metadata = model.metadata();
  const io::Components& components = model.components();
  const SeenAndUnseen parts = seen_and_unseen(dataset, metadata, request.data_sha256);
  const stope::WindowSelection chosen = chosen_windows(dataset, parts, request.include_training_stopes);

  JudgedModel judged;
  Contest& contest = judged.contest;
  contest.windows = judged_windows(dataset, chosen);
  contest.settings = request.settings.assessment;
  contest.events = request.failures ? failure_events(contest.windows, dataset, *request.failures)
                                    : labelled_events(contest.windows, contest.settings.alert_level);
  NetworkRunner runner(model.prediction(), 64, request.threads);
  SampleSource source(dataset, components.network, components.scaler, chosen, train::ClassWeights::none);
  const io::Calibration& calibration = components.calibration;
  const std::vector<Logits> logits = window_logits(runner, source, chosen);
  contest.network = {"network", {answers_of(logits, components.network, calibration.temperatures)}};
  const Baselines baselines(dataset, parts.seen, metadata.plan.class_weights, metadata.plan.seed);
  for (NamedAnswers& answers : baselines.answers(chosen))
    contest.baselines.push_back({answers.name, {std::move(answers.answers)}});

  io::EvaluationReport& report = judged.report;
  report.method = "model";
  report.split = metadata.split.method;
  report.seeds = {metadata.plan.seed};
  report.model_id = metadata.model_id;
  report.version = metadata.sequence;
  report.data_sha256 = request.data_sha256;
  report.stopes_seen_in_training = count_seen_stopes(dataset, metadata, contest.windows);
  report.risk_set_coverage = contest.settings.risk_set_coverage;
  report.calibration = calibration_figures(contest.windows, logits, calibration, report.risk_set_coverage);
  if (request.importance)
    report.importance = permutation_importance(model, dataset, parts.validation,
                                               {.seed = request.bootstrap.seed, .threads = request.threads});
  judge(contest, request.bootstrap, report);
  add_remarks(report);
  for (std::string& remark :
       calibration_remarks(calibration, components.network.horizons, report.risk_set_coverage))
    report.remarks.push_back(std::move(remark));
  for (std::string& remark : calibration_failures(report.calibration, components.network.horizons))
    report.remarks.push_back(std::move(remark));
  add_model_remarks(parts, request, baselines, report);
  return judged;
}

io::EvaluationReport evaluate_model(const LoadedModel& model, ModelEvaluationRequest request) {
  const stope::NetworkSpecification& specification = model.components().network;
  const stope::Dataset dataset(std::move(request.records), request.settings,
                               {specification.days, specification.horizons});
  return judge_model(model, dataset, request).report;
}

}  // namespace deepmine::lifecycle
