#include "apps/train_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "apps/common_options.h"
#include "apps/gate_options.h"
#include "apps/input_files.h"
#include "apps/interrupt.h"
#include "apps/network_options.h"
#include "apps/plan_options.h"
#include "apps/result_table.h"
#include "apps/resume_options.h"
#include "apps/terminal.h"
#include "apps/training_display.h"
#include "engine/nn/error.h"
#include "io/sha256.h"
#include "lifecycle/checkpoint.h"
#include "lifecycle/training_locks.h"
#include "lifecycle/training_run.h"

namespace deepmine::apps {
namespace {

constexpr const char* examples =
    "deepmine train --static static.csv --timeseries timeseries.csv --store models\n"
    "deepmine train --static static.csv --timeseries timeseries.csv --class-weights balanced --seed 3\n"
    "deepmine train --static static.csv --timeseries timeseries.csv --epochs 20 --split forward\n"
    "deepmine train --static static.csv --timeseries timeseries.csv --network full\n"
    "deepmine train --static static.csv --timeseries timeseries.csv --config site.toml\n"
    "deepmine train --static static.csv --timeseries timeseries.csv --resume      # after Ctrl-C or a crash";

constexpr const char* description =
    "Trains a network on the stopes of two files and puts it into service.\n"
    "The new model replaces the one in service once all of it is safely on disk, was read back, gives the\n"
    "answers of its test cases and is not worse than the gate allows (--gate). Training ends when the\n"
    "validation loss no longer falls; the network is then shown beside the\n"
    "baselines.\n"
    "Checkpoints of everything are kept in STORE/checkpoints/RUN until the model is published, or for 30\n"
    "days. Ctrl-C (or SIGTERM) ends the training after the current step with one more; a second one ends it\n"
    "at once. --resume goes on with the run, with the flags that it was begun with, and comes to the same\n"
    "bits as if it had never stopped. The data must be the same; the flags of the gate are today's.\n"
    "While it trains, versions can be listed, pinned, rolled back and cleaned up; a second training into "
    "the\n"
    "same store is refused.\n"
    "Exit codes: 0 done, 1 failure (another training into this store is under way, a disk is full, the loss\n"
    "is no number any more, the gate refused the model), 2 usage (a run that can't be resumed with these\n"
    "flags or this data, too), 3 data invalid (a rejected stope too, unless --skip-rejected),\n"
    "4 the store is damaged, or there is no sound checkpoint to resume from,\n"
    "130 interrupted with the checkpoint saved.";

constexpr const char* interrupted_before =
    "deepmine: interrupted before the training began; nothing was changed\n";

struct TrainOptions {
  InputFiles files;
  std::string store, split_method = "stope";
  lifecycle::TrainingRequest request;
  bool skip_rejected = false;
  std::string resume;
  std::set<std::string> given;  // names of the options that were, by whatever source
};

stope::SplitMethod split_method_of(const std::string& name) {
  if (name == "forward") return stope::SplitMethod::forward;
  return name == "random" ? stope::SplitMethod::random : stope::SplitMethod::stope;
}

/// Finds the run and takes its flags. Whether all else fits is seen when it goes on.
void prepare_to_resume(TrainOptions& options) {
  const lifecycle::CheckpointedRun run = lifecycle::choose_run(options.store, options.resume);
  const io::Checkpoint checkpoint = lifecycle::load_checkpoint(run).checkpoint;
  options.request.resume = io::to_hexadecimal(run.run_id);
  take_what_is_not_given(options.request, checkpoint.identity, options.given);
  if (!options.given.contains("--split")) options.split_method = checkpoint.identity.split.method;
}

/// The command that goes on with a run.
std::string resume_command(const TrainOptions& options, const std::string& run) {
  constexpr std::size_t enough_digits = 8;
  std::string command = fmt::format("deepmine train --resume {} --static {} --timeseries {} --store {}",
                                    run.substr(0, enough_digits), shell_word(options.files.statics),
                                    shell_word(options.files.timeseries), shell_word(options.store));
  if (options.files.sort) command += " --sort";
  if (!options.files.site.empty()) command += " --site " + shell_word(options.files.site);
  if (options.skip_rejected) command += " --skip-rejected";
  return command;
}

/// Before any file is read: a plan that can't work is no reason to wait for gigabytes.
void check_options(const TrainOptions& options) {
  const lifecycle::TrainingRequest& request = options.request;
  std::string problem = train::problem_with(request.plan);
  if (problem.empty()) problem = stope::problem_with(request.network);
  for (const double fraction : {request.split.validation_fraction, request.split.test_fraction})
    if (problem.empty() && !(fraction >= 0 && fraction < 1))
      problem = fmt::format("a part of the split is {}, expected at least 0 and below 1", fraction);
  if (problem.empty() && !(request.checkpoint_every >= 0 && std::isfinite(request.checkpoint_every)))
    problem = fmt::format("checkpoint_every is {}, expected a number of seconds from 0 on",
                          request.checkpoint_every);
  if (!problem.empty()) throw Error(ErrorCode::usage, "the training plan can't be used: " + problem);
  if (request.split.method == stope::SplitMethod::random)
    print_warning(
        "warning: --split random puts neighbouring days of one stope on both sides of the split: every "
        "figure "
        "will be too good. Use it for comparisons only.");
}

void read_data(TrainOptions& options, const Context& context) {
  if (!options.files.site.empty() || !options.request.resume)
    options.request.settings = options.files.settings();
  io::StopeData data =
      read_labelled_data(options.files, options.request.settings, options.skip_rejected, context);
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
  for (const std::string& remark : outcome.remarks) print_message(context, "deepmine: " + remark);
  if (context.json) {
    print_result(publication_json(io::metadata_json(outcome.metadata), outcome.publication));
    return;
  }
  std::string text = fmt::format(
      "\n{}\nBest epoch {} of {}. Model {} is {}\n", result_text(outcome.metadata, stdout_has_colour()),
      outcome.metadata.best_epoch, outcome.metadata.epochs_run, outcome.metadata.model_id,
      publication_text(outcome.publication, options.store));
  if (outcome.publication.in_service)
    text += fmt::format("Next: deepmine predict --static {} --timeseries {} --store {}\n",
                        options.files.statics, options.files.timeseries, options.store);
  print_result(text);
}

/// What a signal made of the training, as the Error that the program ends with.
[[noreturn]] void report_interrupted(const TrainOptions& options, const lifecycle::TrainingOutcome& outcome) {
  const std::string command = "\n  " + resume_command(options, outcome.run);
  if (outcome.checkpoint.empty())
    throw Error(
        ErrorCode::failure,
        "interrupted, and the last checkpoint could not be saved (see above); the model in service is "
        "unchanged. If there is one before it, this goes on from there:" +
            command);
  throw Error(ErrorCode::interrupted,
              fmt::format("interrupted in epoch {} after {} of its steps; the checkpoint is saved, the model "
                          "in service is unchanged. This goes on with it:{}",
                          outcome.epoch, outcome.step, command));
}

lifecycle::TrainingOutcome train(const TrainOptions& options, lifecycle::TrainingRequest request,
                                 const Context& context, InterruptFlag& interrupt) {
  TrainingDisplay display(context, request.plan, request.threads);
  lifecycle::TrainingRunHooks hooks;
  hooks.started = [&](const lifecycle::TrainingOutline& outline) {
    interrupt.listen();
    display.started(outline, options.split_method);
  };
  hooks.warning = [&](const std::string& text) { display.warning(text); };
  hooks.training.step_ended = [&](const lifecycle::StepReport& report) { display.step_ended(report); };
  hooks.training.epoch_ended = [&](const lifecycle::EpochRecord& record, const nn::Parameters<float>&) {
    display.epoch_ended(record);
  };
  hooks.training.stop_requested = [&] { return interrupt.is_set(); };
  return lifecycle::run_training(std::move(request), hooks);
}

int run_train(TrainOptions options, const Context& context) {
  InterruptFlag interrupt(interrupted_before);
  options.request.split.method = split_method_of(options.split_method);
  options.request.store = options.store;
  // Here already: reading the data may take long.
  lifecycle::require_no_training(lifecycle::ModelStore(options.store));
  if (options.given.contains("--resume")) prepare_to_resume(options);
  check_options(options);
  read_data(options, context);
  lifecycle::TrainingRequest request = std::move(options.request);
  const lifecycle::TrainingOutcome outcome = train(options, std::move(request), context, interrupt);
  if (outcome.interrupted) report_interrupted(options, outcome);
  if (outcome.was_published_before)
    print_message(
        context,
        fmt::format("run {} had been finished; its model is published, nothing was trained", outcome.run));
  report_published(options, outcome, context);
  if (outcome.publication.rejected)
    throw Error(ErrorCode::failure,
                fmt::format("version {} is kept but was not put into service: {}; the model in service is "
                            "unchanged (--gate and --force-publish decide otherwise)",
                            outcome.sequence, outcome.publication.refusal));
  if (!outcome.publication.in_service)
    print_warning(fmt::format("deepmine: version {} is kept but not in service: {}", outcome.sequence,
                              outcome.publication.refusal));
  return 0;
}

void add_train_options(CLI::App& verb, TrainOptions& options) {
  add_input_options(verb, options.files);
  verb.add_flag("--skip-rejected", options.skip_rejected, "Leave rejected stopes out instead of stopping");
  add_store_option(verb, options.store);
  add_threads_option(verb, options.request.threads);
  options.request.network = stope::compact_network();
  add_network_option(verb, options.request.network);
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
  verb.add_option("--resume", options.resume,
                  "Go on with an interrupted run; its first digits, needed only if there are several")
      ->expected(0, 1)
      ->option_text("[RUN]");
  verb.add_option("--checkpoint-every", options.request.checkpoint_every,
                  "Seconds between checkpoints (0: after each step), and at the ends of epochs if 5 seconds "
                  "passed; but never so often that they cost more than 1 % of the time")
      ->capture_default_str()
      ->type_name("X");
  add_plan_options(verb, options.request.plan);
  add_network_setting_options(verb, options.request.network);
  add_gate_options(verb, options.request.gate);
}

}  // namespace

void add_train_command(CLI::App& program, Context& context) {
  auto options = std::make_shared<TrainOptions>();
  CLI::App* verb = program.add_subcommand("train", description);
  set_examples(*verb, examples);
  add_train_options(*verb, *options);
  verb->callback([options, verb, &context] {
    for (const CLI::Option* option : verb->get_options())
      if (option->count() > 0) options->given.insert(option->get_name());
    context.run = [options, &context] { return run_train(std::move(*options), context); };
  });
}

}  // namespace deepmine::apps
