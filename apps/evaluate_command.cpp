#include "apps/evaluate_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <memory>
#include <set>
#include <string>

#include "apps/common_options.h"
#include "apps/evaluation_text.h"
#include "apps/evaluation_words.h"
#include "apps/input_files.h"
#include "apps/network_options.h"
#include "apps/plan_options.h"
#include "apps/printable_text.h"
#include "apps/terminal.h"
#include "engine/nn/error.h"
#include "io/failures_csv.h"
#include "lifecycle/cross_validation.h"
#include "lifecycle/model_evaluation.h"

namespace deepmine::apps {
namespace {

constexpr const char* examples =
    "deepmine evaluate --static static.csv --timeseries timeseries.csv --store models   # the model in "
    "service\n"
    "deepmine evaluate --cross-validate 5 --seeds 3 --static ... --timeseries ...   # trains 15 networks\n"
    "deepmine evaluate --cross-validate 5 --ablate --static ... --timeseries ...    # which branch helps?\n"
    "deepmine evaluate --split forward --static ... --timeseries ...                # earlier days, later "
    "days\n"
    "deepmine evaluate --failures failures.csv --static ... --timeseries ...        # lead times before "
    "failures";

constexpr const char* description =
    "Judges a model beside what needs no network: the most frequent class, logistic regression on summaries\n"
    "of the window, persistence and the rule set's extrapolation; with intervals by bootstrap over stopes\n"
    "(docs/evaluation.md defines every figure). Says for every head which of them the network beats.\n"
    "Without --cross-validate and --split, the model in service is judged on stopes that it was not trained\n"
    "on: the test part of its training, or, with other files, every stope that its training does not name.\n"
    "With them, networks are trained by the plan's flags, as `train` would, judged, and thrown away; no "
    "store\n"
    "is touched.\n"
    "Exit codes: 0 done, 1 failure, 2 usage (nothing to judge that the model has not seen, too), 3 data\n"
    "invalid (a rejected stope too, unless --skip-rejected), 4 no model or a damaged one.";

struct EvaluateOptions {
  InputFiles files;
  std::string store, failures, split;
  lifecycle::Sequence version = 0;
  bool include_training_stopes = false, importance = false, skip_rejected = false, detailed = false;
  int draws = 1000;
  lifecycle::CrossValidationRequest training;
  std::set<std::string> given;               // names of the options that were
  std::set<std::string> given_for_training;  // those that have a meaning only where networks are trained

  bool trains() const { return training.folds > 0 || !split.empty(); }
};

void check_options(EvaluateOptions& options) {
  if (options.trains()) {
    for (const char* name : {"--model-version", "--include-training-stopes", "--importance"})
      if (options.given.contains(name))
        throw Error(ErrorCode::usage,
                    fmt::format("{} is about a saved model; with --cross-validate or --split new ones are "
                                "trained: leave one of them out",
                                name));
    if (options.training.folds > 0 && options.given.contains("--test-split"))
      throw Error(ErrorCode::usage,
                  "--test-split has no effect with --cross-validate: each fold is tested once");
  } else if (!options.given_for_training.empty()) {
    throw Error(
        ErrorCode::usage,
        fmt::format("{} is about training, but a saved model is judged here: give --cross-validate K or "
                    "--split METHOD as well, or leave it out",
                    fmt::join(options.given_for_training, ", ")));
  }
  if (options.split == "forward") options.training.split.method = stope::SplitMethod::forward;
  if (options.split == "random") options.training.split.method = stope::SplitMethod::random;
  if (options.split == "random")
    print_warning(
        "warning: --split random puts neighbouring days of one stope on both sides of the split: every "
        "figure will be too good. Use it for comparisons only.");
}

std::optional<lifecycle::FailureDates> read_failures(const EvaluateOptions& options,
                                                     const io::StopeData& data) {
  if (options.failures.empty()) return std::nullopt;
  lifecycle::FailureDates failures = io::read_failures_csv(options.failures);
  std::set<std::string_view> known;
  for (const stope::StopeRecord& record : data.stopes) known.insert(record.name);
  for (const auto& [name, day] : failures)
    if (!known.contains(name) && !data.is_rejected(name))
      throw Error(ErrorCode::data_invalid,
                  fmt::format("{}: stope '{}' is not in {}: do these files belong together?",
                              options.failures, printable(name), options.files.statics));
  return failures;
}

lifecycle::Bootstrap bootstrap_of(const EvaluateOptions& options) {
  return {.draws = options.draws, .seed = options.training.plan.seed};
}

std::shared_ptr<const lifecycle::LoadedModel> load_model(const EvaluateOptions& options) {
  const lifecycle::ModelStore store(options.store);
  if (options.version > 0) {
    const lifecycle::StoredVersion version = store.read(options.version);
    return std::make_shared<const lifecycle::LoadedModel>(lifecycle::parse_saved_model(version),
                                                          store.version_folder(options.version).string());
  }
  if (auto model = lifecycle::load_current(store)) return model;
  throw Error(ErrorCode::model_missing, lifecycle::no_model_text(options.store) +
                                            ", or judge the way of training with --cross-validate 5");
}

io::EvaluationReport judge_model(const EvaluateOptions& options, const Context& context) {
  const auto model = load_model(options);
  lifecycle::ModelEvaluationRequest request;
  request.settings = options.files.settings(model->components().settings);
  io::StopeData data = read_labelled_data(options.files, request.settings, options.skip_rejected, context);
  request.failures = read_failures(options, data);
  request.records = std::move(data.stopes);
  request.data_sha256 = std::move(data.sha256);
  request.include_training_stopes = options.include_training_stopes;
  request.bootstrap = bootstrap_of(options);
  request.threads = options.training.threads;
  request.importance = options.importance;
  if (options.include_training_stopes)
    print_warning(
        "warning: --include-training-stopes judges the model on stopes that it was trained on: figures on "
        "them measure memory, not skill.");
  return lifecycle::evaluate_model(*model, std::move(request));
}

/// A line on a terminal while a network is trained, a line that stays for each that was.
class Progress {
 public:
  explicit Progress(const Context& context)
      : context_(context), line_(!context.quiet && stderr_is_terminal()) {}

  lifecycle::CrossValidationHooks hooks() {
    lifecycle::CrossValidationHooks hooks;
    hooks.step_ended = [this](const lifecycle::StepReport& report) {
      if (line_.is_due())
        line_.draw(fmt::format("training {}: epoch {}/{} {}", ended_ + 1, report.epoch, report.epochs,
                               progress_bar(double(report.step) / report.steps, 24)));
    };
    hooks.training_ended = [this](const lifecycle::TrainingEnded& ended) {
      line_.clear();
      ended_ = ended.number;
      print_message(context_,
                    fmt::format("training {}/{}  seed {}  fold {}/{}  {}  best epoch {} of {}, loss "
                                "{:.4f}  {}",
                                ended.number, ended.trainings, ended.seed, ended.fold, ended.folds,
                                metric_words(ended.trained), ended.best_epoch, ended.epochs,
                                ended.best_validation_loss, format_duration(ended.seconds)));
    };
    return hooks;
  }

 private:
  const Context& context_;
  ProgressLine line_;
  int ended_ = 0;
};

io::EvaluationReport judge_training(EvaluateOptions& options, const Context& context) {
  lifecycle::CrossValidationRequest& request = options.training;
  request.settings = options.files.settings();
  io::StopeData data = read_labelled_data(options.files, request.settings, options.skip_rejected, context);
  request.failures = read_failures(options, data);
  request.records = std::move(data.stopes);
  request.data_sha256 = std::move(data.sha256);
  request.bootstrap = bootstrap_of(options);
  Progress progress(context);
  return lifecycle::cross_validate(std::move(request), progress.hooks());
}

int run_evaluate(EvaluateOptions options, const Context& context) {
  check_options(options);
  const io::EvaluationReport report =
      options.trains() ? judge_training(options, context) : judge_model(options, context);
  if (context.json) {
    print_result(io::evaluation_json(report));
    if (report.data_is_thin) print_message(context, "deepmine: " + report.remarks.front());
  } else {
    print_result(evaluation_text(report, options.detailed, stdout_has_colour()));
  }
  return 0;
}

void add_model_options(CLI::App& verb, EvaluateOptions& options) {
  add_store_option(verb, options.store);
  verb.add_option("--model-version", options.version,
                  "Judge this version of the store instead of the one in service")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  verb.add_flag("--importance", options.importance,
                "Also measure which inputs matter: how much worse the model gets, on its validation stopes, "
                "when an input is another stope's");
  verb.add_flag("--include-training-stopes", options.include_training_stopes,
                "Judge the model on the stopes that it was trained on as well: such figures flatter");
}

constexpr const char* training_group = "Training networks to judge a plan";

void add_training_options(CLI::App& verb, EvaluateOptions& options) {
  lifecycle::CrossValidationRequest& request = options.training;
  verb.add_option(
          "--cross-validate", request.folds,
          "Folds of whole stopes, stratified on the label; each is judged by networks that have not seen it")
      ->check(CLI::Range(2, 1000))
      ->type_name("K")
      ->group(training_group);
  verb.add_option("--split", options.split,
                  "One test part: whole stopes; later days; windows at random (leaks, for comparisons only)")
      ->check(CLI::IsMember({"stope", "forward", "random"}))
      ->option_text("stope|forward|random")
      ->group(training_group);
  verb.add_option("--seeds", request.seeds,
                  "Trainings of each fold, with --seed and the seeds after it; figures are their means")
      ->check(CLI::Range(1, 100))
      ->capture_default_str()
      ->type_name("N")
      ->group(training_group);
  verb.add_flag("--ablate", request.ablate,
                "Also train networks that see only the statics, and only the series")
      ->group(training_group);
  verb.add_option("--validation-split", request.split.validation_fraction,
                  "Part that decides when to stop (with --cross-validate: of the stopes that are not tested)")
      ->check(CLI::Range(0.0, 0.99))
      ->capture_default_str()
      ->type_name("X")
      ->group(training_group);
  verb.add_option("--test-split", request.split.test_fraction, "Part that is judged, with --split")
      ->check(CLI::Range(0.0, 0.99))
      ->capture_default_str()
      ->type_name("X")
      ->group(training_group);
  request.network = stope::compact_network();
  add_network_option(verb, request.network)->group(training_group);
  add_cross_attention_option(verb, request.network.cross_attention)->group(training_group);
  add_plan_options(verb, request.plan);
  add_network_setting_options(verb, request.network);
}

/// Which options were given, and which of them are about training.
void note_given_options(const CLI::App& verb, EvaluateOptions& options) {
  for (const CLI::Option* option : verb.get_options()) {
    if (option->count() == 0) continue;
    const std::string name = option->get_name();
    options.given.insert(name);
    const bool is_choice = name == "--cross-validate" || name == "--split" || name == "--seed";
    const std::string& group = option->get_group();
    if (!is_choice &&
        (group == training_group || group == plan_options_group || group == network_options_group))
      options.given_for_training.insert(name);
  }
}

}  // namespace

void add_evaluate_command(CLI::App& program, Context& context) {
  auto options = std::make_shared<EvaluateOptions>();
  CLI::App* verb = program.add_subcommand("evaluate", description);
  set_examples(*verb, examples);
  add_input_options(*verb, options->files);
  verb->add_flag("--skip-rejected", options->skip_rejected, "Leave rejected stopes out instead of stopping");
  verb->add_option(
          "--failures", options->failures,
          "True failure dates (stope_name,failure_date), for lead times and false alarms; without it, "
          "those of the rules' levels")
      ->type_name("FILE");
  add_model_options(*verb, *options);
  verb->add_option("--bootstrap", options->draws,
                   "Draws of stopes that the intervals come from; 0: no intervals")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str()
      ->type_name("N");
  verb->add_flag("--detailed", options->detailed, "Every metric of every head");
  add_threads_option(*verb, options->training.threads);
  add_training_options(*verb, *options);
  verb->callback([options, verb, &context] {
    note_given_options(*verb, *options);
    context.run = [options, &context] { return run_evaluate(std::move(*options), context); };
  });
}

}  // namespace deepmine::apps
