#include "apps/validate_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <memory>
#include <string>

#include "apps/input_files.h"
#include "engine/nn/error.h"
#include "io/data_quality.h"
#include "io/field_json.h"

namespace deepmine::apps {
namespace {

constexpr const char* examples =
    "deepmine validate --static static.csv --timeseries timeseries.csv\n"
    "deepmine validate --static static.csv --timeseries timeseries.csv --for-training   # labels too\n"
    "deepmine validate --static static.csv --timeseries - --json < timeseries.csv";

constexpr const char* description =
    "Says what the two files hold and lists every problem in them.\n"
    "The report tells how much of the data can be used; problems come with file:line:column.\n"
    "Exit codes: 0 every stope can be read (there may be warnings), 3 a file can't be used or a stope is\n"
    "rejected: `train` would refuse the data (unless --skip-rejected), `predict` would leave the stope out.";

struct ValidateOptions {
  InputFiles files;
  bool for_training = false;
  std::size_t most_issues = 100;
};

int run_validate(const ValidateOptions& options, const Context& context) {
  const stope::SiteSettings settings = options.files.settings();
  io::StopeCsvOptions csv;
  csv.sentinels = settings.data.sentinels;
  csv.sort = options.files.sort;
  csv.label_required = options.for_training;
  const io::StopeData data = io::read_stope_csv(options.files.statics, options.files.timeseries, csv);
  const io::DataReport report = io::make_data_report(data, settings.data);
  print_result(context.json ? io::json_text(io::to_json(report)) : io::to_text(report, options.most_issues));
  const bool sound = report.is_usable && report.rejected.empty();
  if (!report.is_usable)
    print_warning("deepmine: the files can't be used: correct the lines above");
  else if (!sound)
    print_warning(fmt::format("deepmine: {} rejected: correct the lines above",
                              report.all_are_rejected() ? "every stope is" : "some stopes are"));
  return sound ? 0 : exit_code(ErrorCode::data_invalid);
}

}  // namespace

void add_validate_command(CLI::App& program, Context& context) {
  auto options = std::make_shared<ValidateOptions>();
  CLI::App* verb = program.add_subcommand("validate", description);
  set_examples(*verb, examples);
  add_input_options(*verb, options->files);
  verb->add_flag("--for-training", options->for_training,
                 "A stope without the label `stability` is rejected");
  verb->add_option("--most-issues", options->most_issues, "Problems to show as text, the worst first")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->type_name("N");
  verb->callback(
      [options, &context] { context.run = [options, &context] { return run_validate(*options, context); }; });
}

}  // namespace deepmine::apps
