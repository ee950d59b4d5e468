#include "apps/train_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <map>
#include <memory>
#include <string>

#include "apps/common_options.h"
#include "apps/input_files.h"
#include "apps/interrupt.h"
#include "apps/plan_options.h"
#include "apps/result_table.h"
#include "apps/terminal.h"
#include "apps/training_display.h"
#include "engine/nn/error.h"
#include "lifecycle/training_run.h"

namespace deepmine::apps {
namespace {

constexpr const char* examples =
    "deepmine train --static static.csv --timeseries timeseries.csv --store models\n"
    "deepmine train --static static.csv --timeseries timeseries.csv --class-weights balanced --seed 3\n"
    "deepmine train --static static.csv --timeseries timeseries.csv --epochs 20 --split forward\n"
    "deepmine train --static static.csv --timeseries timeseries.csv --config site.toml";

constexpr const char* description =
    "Trains a network on the stopes of two files and puts it into service.\n"
    "The new model replaces the one in service once all of it is safely on disk. Training ends when the\n"
    "validation loss no longer falls; the network is then shown beside the most frequent class and the rule\n"
    "set. Ctrl-C ends it after the current step, with the best weights so far in the checkpoint folder; a\n"
    "second Ctrl-C at once.\n"
    "Exit codes: 0 done, 2 usage, 3 data invalid (a rejected stope too, unless --skip-rejected), 130\n"
    "interrupted.";

struct TrainOptions {
  InputFiles files;
  std::string store, split_method = "stope";
  lifecycle::TrainingRequest request;
  bool skip_rejected = false;
};

stope::SplitMethod split_method_of(const std::string& name) {
  if (name == "forward") return stope::SplitMethod::forward;
  return name == "random" ? stope::SplitMethod::random : stope::SplitMethod::stope;
}

/// Before any file is read: a plan that can't work is no reason to wait for gigabytes.
void check_options(const TrainOptions& options) {
  const lifecycle::TrainingRequest& request = options.request;
  std::string problem = train::problem_with(request.plan);
  for (const double fraction : {request.split.validation_fraction, request.split.test_fraction})
    if (problem.empty() && !(fraction >= 0 && fraction < 1))
      problem = fmt::format("a part of the split is {}, expected at least 0 and below 1", fraction);
  if (!problem.empty()) throw Error(ErrorCode::usage, "the training plan can't be used: " + problem);
  if (request.split.method == stope::SplitMethod::random)
    print_warning(
        "warning: --split random puts neighbouring days of one stope on both sides of the split: every "
        "figure "
        "will be too good. Use it for comparisons only.");
}

void leave_out_rejected(io::StopeData& data, bool skip_rejected) {
  if (data.rejected.empty()) return;
  print_rejections(data);
  if (!skip_rejected)
    throw Error(
        ErrorCode::data_invalid,
        fmt::format("{} of {} stopes are rejected: correct the lines above, or train without them with "
                    "--skip-rejected",
                    data.rejected.size(), data.stopes.size()));
  print_warning(fmt::format("warning: training without {} rejected stopes: {}", data.rejected.size(),
                            fmt::join(data.rejected, ", ")));
  data.leave_out_rejected();
}

void read_data(TrainOptions& options, const Context& context) {
  options.request.settings = options.files.settings();
  io::StopeCsvOptions csv;
  csv.sort = options.files.sort;
  csv.label_required = true;
  csv.hash_files = true;
  csv.sentinels = options.request.settings.data.sentinels;
  io::StopeData data = io::read_stope_csv(options.files.statics, options.files.timeseries, csv);
  io::require_usable(data);
  leave_out_rejected(data, options.skip_rejected);
  print_findings(context, data);
  options.request.records = std::move(data.stopes);
  options.request.data_sha256 = std::move(data.sha256);
  options.request.static_rows = static_cast<std::int64_t>(data.static_rows);
  options.request.timeseries_rows = static_cast<std::int64_t>(data.timeseries_rows);
}

void report_published(const TrainOptions& options, const lifecycle::TrainingOutcome& outcome,
                      const Context& context) {
  if (outcome.dropped_samples > 0)
    print_message(context, fmt::format("{} windows were left over as batches of one and dropped",
                                       with_thousands(outcome.dropped_samples)));
  if (context.json) {
    print_result(io::metadata_json(outcome.metadata));
    return;
  }
  print_result(
      fmt::format("\n{}\nModel {} is version {} of {}, in service. Best epoch {} of {}.\n"
                  "Next: deepmine predict --static {} --timeseries {} --store {}\n",
                  result_text(outcome.metadata, stdout_has_colour()), outcome.metadata.model_id,
                  outcome.sequence, options.store, outcome.metadata.best_epoch, outcome.metadata.epochs_run,
                  options.files.statics, options.files.timeseries, options.store));
}

int run_train(TrainOptions options, const Context& context) {
  options.request.split.method = split_method_of(options.split_method);
  options.request.store = options.store;
  check_options(options);
  read_data(options, context);

  const InterruptFlag interrupt;
  TrainingDisplay display(context, options.request.plan, options.request.threads);
  lifecycle::TrainingRunHooks hooks;
  hooks.started = [&](const lifecycle::TrainingOutline& outline) {
    display.started(outline, options.split_method);
  };
  hooks.training.step_ended = [&](const lifecycle::StepReport& report) { display.step_ended(report); };
  hooks.training.epoch_ended = [&](const lifecycle::EpochRecord& record, const nn::Parameters<float>&) {
    display.epoch_ended(record);
  };
  hooks.training.stop_requested = [&] { return interrupt.is_set(); };
  const lifecycle::TrainingOutcome outcome = lifecycle::run_training(std::move(options.request), hooks);
  display.finished();
  if (outcome.interrupted)
    throw Error(
        ErrorCode::interrupted,
        fmt::format("interrupted; {} are in {}, the model in service is unchanged",
                    outcome.metadata.best_epoch > 0
                        ? fmt::format("the best weights so far (epoch {})", outcome.metadata.best_epoch)
                        : std::string("the weights of the last step (no epoch was finished)"),
                    outcome.checkpoint.string()));
  report_published(options, outcome, context);
  return 0;
}

void add_train_options(CLI::App& verb, TrainOptions& options) {
  add_input_options(verb, options.files);
  verb.add_flag("--skip-rejected", options.skip_rejected, "Leave rejected stopes out instead of stopping");
  add_store_option(verb, options.store);
  add_threads_option(verb, options.request.threads);
  add_cross_attention_option(verb, options.request.network.cross_attention);
  verb.add_option(
          "--split", options.split_method,
          "What is held out: whole stopes; later days; windows at random (leaks, for comparisons only)")
      ->check(CLI::IsMember({"stope", "forward", "random"}))
      ->option_text("stope|forward|random [stope]");
  verb.add_option("--validation-split", options.request.split.validation_fraction,
                  "Part that decides when to stop; 0: none")
      ->capture_default_str()
      ->type_name("X");
  verb.add_option("--test-split", options.request.split.test_fraction,
                  "Part that is only looked at in the end")
      ->capture_default_str()
      ->type_name("X");
  add_plan_options(verb, options.request.plan);
}

}  // namespace

void add_train_command(CLI::App& program, Context& context) {
  auto options = std::make_shared<TrainOptions>();
  CLI::App* verb = program.add_subcommand("train", description);
  set_examples(*verb, examples);
  add_train_options(*verb, *options);
  verb->callback([options, &context] {
    context.run = [options, &context] { return run_train(std::move(*options), context); };
  });
}

}  // namespace deepmine::apps
