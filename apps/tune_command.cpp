#include "apps/tune_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "apps/common_options.h"
#include "apps/input_files.h"
#include "apps/interrupt.h"
#include "apps/network_options.h"
#include "apps/plan_options.h"
#include "apps/printable_text.h"
#include "apps/terminal.h"
#include "apps/tuning_text.h"
#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/search_space_file.h"
#include "lifecycle/trials_file.h"

namespace deepmine::apps {
namespace {

namespace fs = std::filesystem;

constexpr const char* examples =
    "deepmine tune --static static.csv --timeseries timeseries.csv --out tuning\n"
    "deepmine tune --static static.csv --timeseries timeseries.csv --out tuning --trials 60 --epochs 150\n"
    "deepmine tune --print-space > space.json        # the space to edit\n"
    "deepmine tune --static static.csv --timeseries timeseries.csv --out tuning --space space.json\n"
    "deepmine train --config tuning/best.toml --static static.csv --timeseries timeseries.csv";

constexpr const char* description =
    "Searches for settings that train a better model on these stopes.\n"
    "Random trials and successive halving: all trials are trained for a few epochs and judged on stopes "
    "that\n"
    "they have not seen, fold by fold; one in --keep-one-in goes on with as many times the epochs. Trial 1 "
    "has\n"
    "the settings as given, and is kept to the end, for comparison. --out gets trials.jsonl, a line for "
    "every\n"
    "result as soon as it is known, and best.toml, a file for --config. The same command goes on with a "
    "search\n"
    "that was stopped or killed, and comes to the same table (docs/tuning.md).\n"
    "Exit codes: 0 done, 1 failure, 2 usage (a space that can't be used, a folder of another search), 3 "
    "data\n"
    "invalid (a rejected stope too, unless --skip-rejected), 130 interrupted; what was found is kept.";

constexpr const char* interrupted_before =
    "deepmine: interrupted before the search began; nothing was changed\n";

struct TuneOptions {
  InputFiles files;
  std::string out, space_file;
  bool print_space = false, skip_rejected = false;
  lifecycle::TuningRequest request;
};

/// The space, checked; all that is wrong with it in one message.
train::SearchSpace read_space(const TuneOptions& options) {
  const std::string source = options.space_file.empty() ? "the default space" : options.space_file;
  train::SearchSpace space = options.space_file.empty()
                                 ? io::parse_search_space(lifecycle::default_search_space(), source)
                                 : io::read_search_space(options.space_file);
  const std::vector<std::string> problems = lifecycle::prepare(space, options.request.base);
  if (problems.empty()) return space;
  throw Error(ErrorCode::usage, fmt::format("{}: the search space can't be used:\n  {}", printable(source),
                                            fmt::join(problems, "\n  ")));
}

void read_data(TuneOptions& options, const Context& context) {
  options.request.settings = options.files.settings();
  io::StopeData data =
      read_labelled_data(options.files, options.request.settings, options.skip_rejected, context);
  options.request.records = std::move(data.stopes);
  options.request.data_sha256 = std::move(data.sha256);
}

/// A line on a terminal while something is trained, a line that stays for each result.
class Progress {
 public:
  explicit Progress(const Context& context)
      : context_(context), line_(!context.quiet && stderr_is_terminal()) {}

  void show(const lifecycle::TuningProgress& at) {
    if (!line_.is_due()) return;
    line_.draw(fmt::format("rung {}/{}  trial {}  fold {}  epoch {}/{}  {} {}/{}", at.rung, at.rungs,
                           at.trial, at.fold, at.epoch, at.epochs, progress_bar(double(at.done) / at.all, 20),
                           at.done, at.all));
  }
  void report(const lifecycle::Trial& trial, const lifecycle::TrialResult& result) {
    line_.clear();
    print_message(context_, fmt::format("rung {}  trial {:>3}  {:>4} epochs  loss {:.4f}  {}", result.rung,
                                        result.trial, result.epochs, result.loss, settings_text(trial)));
  }

 private:
  const Context& context_;
  ProgressLine line_;
};

int run_tune(TuneOptions options, const Context& context) {
  if (options.print_space) {
    print_result(lifecycle::default_search_space());
    return 0;
  }
  for (const auto& [flag, value] :
       {std::pair{"--static", &options.files.statics}, std::pair{"--timeseries", &options.files.timeseries},
        std::pair{"--out", &options.out}})
    if (value->empty()) throw Error(ErrorCode::usage, fmt::format("{} is required", flag));
  InterruptFlag interrupt(interrupted_before);
  options.request.space = read_space(options);
  read_data(options, context);
  io::create_folders(options.out);
  const fs::path trials_file = fs::path(options.out) / "trials.jsonl",
                 best_file = fs::path(options.out) / "best.toml";
  lifecycle::TrialsFile file(trials_file, options.request);
  if (!file.known().empty())
    print_message(context,
                  fmt::format("deepmine: {} results are known from before: going on", file.known().size()));

  Progress progress(context);
  lifecycle::TuningHooks hooks;
  hooks.progress = [&](const lifecycle::TuningProgress& at) { progress.show(at); };
  hooks.stop_requested = [&] { return interrupt.is_set(); };
  hooks.result = [&](const lifecycle::Trial& trial, const lifecycle::TrialResult& result) {
    file.append(trial, result);
    progress.report(trial, result);
  };
  interrupt.listen();
  const lifecycle::TuningOutcome outcome = lifecycle::tune(std::move(options.request), file.known(), hooks);
  if (outcome.interrupted)
    throw Error(ErrorCode::interrupted,
                fmt::format("interrupted; all results so far are in {}, and the same command "
                            "goes on from there",
                            printable(trials_file.string())));
  io::write_file_atomically(best_file, configuration_text(outcome));
  print_result(context.json ? tuning_json(outcome, best_file.string())
                            : tuning_text(outcome, best_file.string(), stdout_has_colour()));
  return 0;
}

void add_search_options(CLI::App& verb, TuneOptions& options) {
  lifecycle::TuningRequest& request = options.request;
  verb.add_option("--out", options.out, "Folder for trials.jsonl and best.toml")->type_name("DIR");
  verb.add_option("--space", options.space_file,
                  "JSON file that says what may be tried (default: --print-space)")
      ->type_name("FILE");
  verb.add_flag("--print-space", options.print_space, "Print the default space and end");
  verb.add_option("--trials", request.trials, "Settings that are tried, those as given among them")
      ->capture_default_str()
      ->type_name("N");
  verb.add_option("--keep-one-in", request.factor, "Part of the trials that goes on to the next rung")
      ->capture_default_str()
      ->type_name("N");
  verb.add_option("--fewest-epochs", request.fewest_epochs, "Of a rung; the last one has --epochs")
      ->capture_default_str()
      ->type_name("N");
  verb.add_option("--folds", request.folds, "Folds of whole stopes, stratified on the label")
      ->capture_default_str()
      ->type_name("K");
  verb.add_option("--validation-split", request.validation_fraction,
                  "Part of a fold's training stopes that decides when to stop")
      ->check(CLI::Range(0.0, 0.99))
      ->capture_default_str()
      ->type_name("X");
}

}  // namespace

void add_tune_command(CLI::App& program, Context& context) {
  auto options = std::make_shared<TuneOptions>();
  CLI::App* verb = program.add_subcommand("tune", description);
  set_examples(*verb, examples);
  add_input_options(*verb, options->files);
  for (const char* name : {"--static", "--timeseries"}) verb->get_option(name)->required(false);
  verb->add_flag("--skip-rejected", options->skip_rejected, "Leave rejected stopes out instead of stopping");
  add_search_options(*verb, *options);
  add_threads_option(*verb, options->request.threads);
  options->request.base.network = stope::compact_network();
  add_network_option(*verb, options->request.base.network);
  add_cross_attention_option(*verb, options->request.base.network.cross_attention);
  add_plan_options(*verb, options->request.base.plan);
  add_network_setting_options(*verb, options->request.base.network);
  verb->callback([options, &context] {
    context.run = [options, &context] { return run_tune(std::move(*options), context); };
  });
}

}  // namespace deepmine::apps
