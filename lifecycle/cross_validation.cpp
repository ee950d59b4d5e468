#include "lifecycle/cross_validation.h"

#include <algorithm>

#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"
#include "lifecycle/baselines.h"
#include "lifecycle/calibration.h"

namespace deepmine::lifecycle {
namespace {

void check_request(const CrossValidationRequest& request) {
  if (const std::string fault = train::problem_with(request.plan); !fault.empty())
    throw Error(ErrorCode::usage, "the training plan can't be used: " + fault);
  std::string problem = stope::problem_with(request.network);
  if (problem.empty()) problem = stope::misfit_with_program(request.network);
  if (!problem.empty()) throw Error(ErrorCode::usage, "the network can't be trained here: " + problem);
  if (request.seeds < 1)
    throw Error(ErrorCode::usage, "--seeds is " + std::to_string(request.seeds) + ", expected at least 1");
  if (request.folds != 0 && request.split.method != stope::SplitMethod::stope)
    throw Error(ErrorCode::usage,
                "--cross-validate keeps whole stopes apart; it can't be combined with --split forward or "
                "random: leave one of the two out");
}

void require_both_classes(const stope::Dataset& dataset, const stope::Split& split, int fold) {
  const auto counts = dataset.class_counts(split.training).current;
  if (counts[0] > 0 && counts[1] > 0) return;
  throw Error(ErrorCode::data_invalid,
              "in fold " + std::to_string(fold) + " the labelled training windows are " +
                  std::to_string(counts[0]) + " of stable and " + std::to_string(counts[1]) +
                  " of unstable stopes, expected some of both: use fewer folds, or add stopes");
}

struct Variant {
  const char* name;
  SeenInputs seen;
};
constexpr Variant variants[] = {{"network", SeenInputs::all},
                                {"static_only", SeenInputs::statics},
                                {"temporal_only", SeenInputs::series}};

const char* method_name(stope::SplitMethod method) {
  constexpr const char* names[] = {"stope", "forward", "random"};
  return names[static_cast<std::size_t>(method)];
}

class CrossValidation {
 public:
  CrossValidation(CrossValidationRequest request, const CrossValidationHooks& hooks)
      : request_(std::move(request)),
        hooks_(hooks),
        dataset_(std::move(request_.records), request_.settings,
                 {request_.network.days, request_.network.horizons}),
        variant_count_(request_.ablate ? std::size(variants) : 1) {}

  io::EvaluationReport run() {
    for (int run = 0; run < request_.seeds; ++run) {
      const std::uint64_t seed = request_.plan.seed + static_cast<std::uint64_t>(run);
      const std::vector<stope::Split> splits = folds(seed);
      if (run == 0) prepare(splits);
      for (std::size_t fold = 0; fold < splits.size(); ++fold)
        run_fold(splits[fold], fold, splits.size(), run);
    }
    io::EvaluationReport report;
    report.method = request_.folds > 0 ? "cross_validation" : "split";
    report.split = method_name(request_.split.method);
    report.folds = request_.folds;
    for (int run = 0; run < request_.seeds; ++run)
      report.seeds.push_back(request_.plan.seed + static_cast<std::uint64_t>(run));
    report.data_sha256 = request_.data_sha256;
    judge(contest_, request_.bootstrap, report);
    add_remarks(report);
    return report;
  }

 private:
  std::vector<stope::Split> folds(std::uint64_t seed) const {
    if (request_.folds > 0)
      return stope_folds(dataset_, request_.folds, request_.split.validation_fraction, request_.plan.seed,
                         seed);
    stope::SplitPlan plan = request_.split;
    plan.seed = request_.plan.seed;
    return {stope::split_windows(dataset_, plan)};
  }

  /// Which windows are judged, and where each window's answer stands.
  void prepare(const std::vector<stope::Split>& splits) {
    stope::WindowSelection judged;
    for (const stope::Split& split : splits)
      judged.windows.insert(judged.windows.end(), split.test.windows.begin(), split.test.windows.end());
    std::sort(judged.windows.begin(), judged.windows.end());
    if (judged.windows.empty())
      throw Error(ErrorCode::usage, "there is no test part to judge: give --test-split a value above 0");
    place_of_.resize(dataset_.windows().size());
    for (std::uint32_t place = 0; place < judged.windows.size(); ++place)
      place_of_[judged.windows[place]] = place;
    contest_.windows = judged_windows(dataset_, judged);
    contest_.windows.fold.resize(judged.windows.size());
    for (std::uint32_t fold = 0; fold < splits.size(); ++fold)
      for (const std::uint32_t window : splits[fold].test.windows)
        contest_.windows.fold[place_of_[window]] = fold;
    contest_.settings = request_.settings.assessment;
    contest_.events = request_.failures ? failure_events(contest_.windows, dataset_, *request_.failures)
                                        : labelled_events(contest_.windows, contest_.settings.alert_level);
  }

  void run_fold(const stope::Split& split, std::size_t fold, std::size_t folds, int run) {
    require_both_classes(dataset_, split, static_cast<int>(fold) + 1);
    const stope::InputScaler scaler = stope::fit_input_scaler(dataset_, split.training);
    for (std::size_t v = 0; v < variant_count_; ++v) {
      TrainingEnded ended;
      ended.trained = variants[v].name;
      ended.fold = static_cast<int>(fold) + 1;
      ended.folds = static_cast<int>(folds);
      ended.trainings = static_cast<int>(folds * variant_count_) * request_.seeds;
      const Answers answers = train_and_ask(split, scaler, variants[v].seen, run, ended);
      Predictor& predictor = v == 0 ? contest_.network : named(contest_.ablations, variants[v].name);
      predictor.name = variants[v].name;
      put(predictor, run, split, answers);
      ended.number = ++trainings_made_;
      if (hooks_.training_ended) hooks_.training_ended(ended);
    }
    if (run > 0) return;  // the folds' tests are the same; what learns from them may be fitted once
    const Baselines baselines(dataset_, learning_windows(split), request_.plan.class_weights,
                              request_.plan.seed);
    for (const NamedAnswers& named_answers : baselines.answers(split.test))
      put(named(contest_.baselines, named_answers.name), 0, split, named_answers.answers);
  }

  Answers train_and_ask(const stope::Split& split, const stope::InputScaler& scaler, SeenInputs seen, int run,
                        TrainingEnded& ended) {
    train::TrainingPlan plan = request_.plan;
    plan.seed += static_cast<std::uint64_t>(run);
    TrainingSetup setup{dataset_, split, scaler, request_.network, plan, request_.threads};
    setup.seen = seen;
    TrainingHooks hooks;
    hooks.step_ended = hooks_.step_ended;
    const TrainedNetwork trained = train(setup, hooks);
    ended.seed = plan.seed;
    ended.best_epoch = trained.best_epoch;
    ended.epochs = static_cast<int>(trained.epochs.size());
    ended.best_validation_loss =
        trained.epochs[static_cast<std::size_t>(trained.best_epoch - 1)].validation_loss;
    ended.seconds = trained.seconds;
    PredictionNetwork network(request_.network, nn::default_kernels());
    network.take(trained.parameters.view());
    NetworkRunner runner(network, 64, request_.threads);
    SampleSource source(dataset_, request_.network, scaler, split.training, train::ClassWeights::none, seen);
    const io::Calibration calibration = calibrate(judged_windows(dataset_, split.validation),
                                                  window_logits(runner, source, split.validation));
    return network_answers(runner, request_.network, source, split.test, calibration.temperatures);
  }

  static Predictor& named(std::vector<Predictor>& predictors, const std::string& name) {
    for (Predictor& predictor : predictors)
      if (predictor.name == name) return predictor;
    return predictors.emplace_back(Predictor{name, {}});
  }

  void put(Predictor& predictor, int run, const stope::Split& split, const Answers& answers) {
    const auto number = static_cast<std::size_t>(run);
    if (predictor.runs.size() <= number)
      predictor.runs.push_back(
          Answers::room_for(contest_.windows.size(), request_.network.horizons.size(), answers));
    std::vector<std::uint32_t> places;
    for (const std::uint32_t window : split.test.windows) places.push_back(place_of_[window]);
    predictor.runs[number].put(places, answers);
  }

  CrossValidationRequest request_;
  const CrossValidationHooks& hooks_;
  stope::Dataset dataset_;
  std::size_t variant_count_;
  Contest contest_;
  std::vector<std::uint32_t> place_of_;  // by window of the dataset
  int trainings_made_ = 0;
};

}  // namespace

std::vector<stope::Split> stope_folds(const stope::Dataset& dataset, int folds, double validation_fraction,
                                      std::uint64_t fold_seed, std::uint64_t validation_seed) {
  const auto [stopes, labels] = stope::stopes_to_split(dataset);
  const std::vector<int> fold_of = stope::stratified_folds(labels, folds, fold_seed);
  std::vector<stope::Split> splits;
  for (int fold = 0; fold < folds; ++fold) {
    std::vector<std::int8_t> rest;
    for (std::size_t i = 0; i < stopes.size(); ++i)
      if (fold_of[i] != fold) rest.push_back(labels[i]);
    const std::vector<stope::Part> parts = stope::split_stopes(rest, validation_fraction, 0, validation_seed);
    // By position in `stopes`: its part in this fold.
    std::vector<stope::Part> part_of(stopes.size(), stope::Part::test);
    for (std::size_t i = 0, next = 0; i < stopes.size(); ++i)
      if (fold_of[i] != fold) part_of[i] = parts[next++];
    splits.push_back(stope::windows_of_parts(dataset, stopes, part_of));
  }
  return splits;
}

stope::WindowSelection learning_windows(const stope::Split& split) {
  stope::WindowSelection learning;
  std::merge(split.training.windows.begin(), split.training.windows.end(), split.validation.windows.begin(),
             split.validation.windows.end(), std::back_inserter(learning.windows));
  // Forward in time, nothing of the test days may be seen.
  learning.targets_before =
      split.validation.windows.empty() ? split.training.targets_before : split.validation.targets_before;
  return learning;
}

io::EvaluationReport cross_validate(CrossValidationRequest request, const CrossValidationHooks& hooks) {
  check_request(request);
  return CrossValidation(std::move(request), hooks).run();
}

}  // namespace deepmine::lifecycle
