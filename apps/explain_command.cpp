#include "apps/explain_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/explanation_text.h"
#include "apps/prediction_run.h"
#include "apps/printable_text.h"
#include "engine/nn/error.h"
#include "io/assessment_json.h"
#include "io/field_json.h"

namespace deepmine::apps {
namespace {

constexpr const char* examples =
    "deepmine explain Stope_007 --static data/static.csv --timeseries data/timeseries.csv --store models\n"
    "deepmine explain Stope_007 --horizon 14 --static ... --timeseries ...    # why this risk in two weeks?\n"
    "deepmine explain Stope_007 --json --static ... --timeseries ... | jq '.explanations[0].attributions'";

constexpr const char* description =
    "Says why: what is known of a stope and speaks for risk, in the units of the sensors; which inputs "
    "moved\n"
    "the network's answer, and by how much, from its answer for the average stope of the training; and how\n"
    "much each day counted. Contributions add up to the difference (integrated gradients); they say what\n"
    "the network looks at, not what causes a failure (docs/calibration.md).\n"
    "Exit codes: 0; 2 usage (an unknown NAME too); 3 the files can't be used; 4 no model or a damaged one;\n"
    "5 a stope could not be answered, so there is nothing to explain but why.";

struct ExplainOptions {
  PredictionOptions prediction;
  int horizon = 0;
};

std::string page(const PredictionRun& run, int horizon) {
  std::string text;
  for (const stope::Assessment& assessment : run.assessments) {
    text += details_text(assessment, run.report.threshold);
    const auto found = run.findings.explanations.find(assessment.stope_name);
    text.pop_back();  // the empty line between stopes
    text += found != run.findings.explanations.end()
                ? explanation_text(found->second, horizon, assessment, run.report.threshold)
                : wrapped("  Why: ", "the network gave no answer, so there is nothing to explain.") + "\n";
  }
  return text + origin_text(run.report);
}

std::string document(const PredictionRun& run) {
  io::OrderedJson json;
  json["schema_version"] = 1;
  json["model"] = nullptr;
  if (const auto& model = run.report.model)
    json["model"] = {{"id", model->id}, {"version", model->version}, {"trained_at", model->trained_at}};
  json["baseline"] = "average stope of the training";
  json["explanations"] = io::OrderedJson::array();
  for (const stope::Assessment& assessment : run.assessments) {
    io::OrderedJson one = io::assessment_to_json(assessment);
    const auto found = run.findings.explanations.find(assessment.stope_name);
    one["network"] =
        found != run.findings.explanations.end() ? explanation_json(found->second) : io::OrderedJson(nullptr);
    json["explanations"].push_back(std::move(one));
  }
  return io::json_text(json);
}

int run_explain(ExplainOptions options, const Context& context) {
  options.prediction.attributions = context.json;  // a page shows them by themselves
  options.prediction.explain_every_horizon = context.json;
  options.prediction.explained_horizons = {options.horizon};
  const PredictionRun run =
      run_prediction(options.prediction, check_prediction_options(options.prediction), nullptr, context);
  print_result(context.json ? document(run) : page(run, options.horizon));
  constexpr int unusable_model = 4, some_unanswered = 5;
  if (run.from->state != lifecycle::ServiceState::ready) return unusable_model;
  return run.findings.explanations.size() == run.assessments.size() ? 0 : some_unanswered;
}

}  // namespace

void add_explain_command(CLI::App& program, Context& context) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* verb = program.add_subcommand("explain", description);
  set_examples(*verb, examples);
  verb->add_option("NAME", options->prediction.names, "The stopes to explain")->required();
  add_prediction_options(*verb, options->prediction);
  verb->add_option("--horizon", options->horizon,
                   "Explain the risk so many days ahead; without it, the present (--json has all)")
      ->type_name("DAYS");
  verb->callback(
      [options, &context] { context.run = [options, &context] { return run_explain(*options, context); }; });
}

}  // namespace deepmine::apps
