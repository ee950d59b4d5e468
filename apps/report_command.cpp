#include "apps/report_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "apps/common_options.h"
#include "apps/day_options.h"
#include "apps/input_files.h"
#include "apps/printable_text.h"
#include "apps/report/page.h"
#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/model_file_names.h"
#include "lifecycle/clock.h"
#include "lifecycle/report.h"

namespace deepmine::apps {
namespace {

constexpr const char* examples =
    "deepmine report --store models --static static.csv --timeseries timeseries.csv --out report.html\n"
    "deepmine report --store models --out model.html                       # the model alone\n"
    "deepmine report --as-of today --stopes 20 --out today.html --static ... --timeseries ...\n"
    "deepmine report --json --static ... --timeseries ... | jq .evaluation   # its numbers";

constexpr const char* description =
    "Writes a report to look at, print and pass on: one HTML file that needs nothing else. Every stope with "
    "its\n"
    "risk and its sensors' last days, how good the model is on stopes that it has not seen, beside what "
    "needs\n"
    "no network, how it was trained, what state the data is in, and what the model is for.\n"
    "Without the mine's files the report is about the model alone. With --json its numbers are printed.\n"
    "Exit codes: 0 done, 1 failure, 2 usage, 3 the files can't be used, 4 no model or a damaged one.";

struct ReportOptions {
  InputFiles files;
  DayOptions days;
  std::string store, out;
  lifecycle::Sequence version = 0;
  std::size_t stopes = 200;
  lifecycle::ReportRequest request;
};

void check_options(const ReportOptions& options, const Context& context) {
  if (options.out.empty() && !context.json)
    throw Error(ErrorCode::usage, "give --out FILE.html, or --json for the numbers on standard output");
  for (const std::string& input : {options.files.statics, options.files.timeseries, options.files.site}) {
    std::error_code not_there;
    if (!options.out.empty() && std::filesystem::equivalent(options.out, input, not_there))
      throw Error(ErrorCode::usage, fmt::format("--out {} is one of the input files; name another file",
                                                printable(options.out)));
  }
}

lifecycle::StoredVersion read_version(const ReportOptions& options) {
  const lifecycle::ModelStore store(options.store);
  if (options.version > 0) return store.read(options.version);
  if (auto current = store.read_current()) return std::move(*current);
  throw Error(ErrorCode::model_missing, lifecycle::no_model_text(options.store));
}

io::StopeData read_data(const ReportOptions& options, const stope::SiteSettings& settings, const Days& days,
                        const Context& context) {
  io::StopeCsvOptions csv;
  csv.sort = options.files.sort;
  csv.hash_files = true;
  csv.sentinels = settings.data.sentinels;
  if (!days.as_of) csv.now = days.today;
  io::StopeData data = io::read_stope_csv(options.files.statics, options.files.timeseries, csv);
  io::require_usable(data);
  print_findings(context, data);
  return data;
}

int run_report(ReportOptions options, const Context& context) {
  check_options(options, context);
  const Days days = checked(options.days);
  const lifecycle::StoredVersion version = read_version(options);
  const std::string folder = lifecycle::ModelStore(options.store).version_folder(version.sequence).string();
  const lifecycle::LoadedModel model(lifecycle::parse_saved_model(version), folder);

  lifecycle::ReportRequest& request = options.request;
  request.created_at = lifecycle::utc_timestamp();
  request.as_of = days.as_of;
  request.today = days.today;
  const stope::SiteSettings settings = options.files.settings(model.components().settings);
  if (!options.files.site.empty()) request.settings = settings;
  if (!options.files.statics.empty()) request.data = read_data(options, settings, days, context);
  const lifecycle::Report report =
      lifecycle::make_report(model, version.bytes(io::model_file_names::training_log), std::move(request));

  if (const std::string warning = report::old_data_warning(report); !warning.empty())
    print_warning("deepmine: OLD DATA: " + warning);
  if (!options.out.empty()) {
    io::write_file_atomically(options.out, report::report_page(report, options.stopes));
    print_message(context, "deepmine: written to " + printable(options.out));
  }
  if (context.json) print_result(report::report_json(report, options.stopes) + "\n");
  return 0;
}

}  // namespace

void add_report_command(CLI::App& program, Context& context) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* verb = program.add_subcommand("report", description);
  set_examples(*verb, examples);
  verb->add_option("--out", options->out, "The HTML file to write")->type_name("FILE");
  add_store_option(*verb, options->store);
  verb->add_option("--model-version", options->version,
                   "Report on this version of the store instead of the one in service")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  add_input_options(*verb, options->files);
  CLI::Option* statics = verb->get_option("--static")->required(false);
  CLI::Option* timeseries = verb->get_option("--timeseries")->required(false);
  statics->needs(timeseries);
  timeseries->needs(statics);
  for (const char* name : {"--site", "--sort"}) verb->get_option(name)->needs(statics);
  add_day_options(*verb, options->days);
  verb->add_option("--stopes", options->stopes, "Stopes in the table, the worst first")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str()
      ->type_name("N");
  verb->add_option("--bootstrap", options->request.bootstrap.draws,
                   "Draws of stopes that the intervals come from; 0: no intervals")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str()
      ->type_name("N");
  add_threads_option(*verb, options->request.threads);
  verb->callback([options, &context] {
    context.run = [options, &context] { return run_report(std::move(*options), context); };
  });
}

}  // namespace deepmine::apps
