#include "io/components_file.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/nn/error.h"
#include "engine/train/conformal.h"
#include "io/earlier_versions.h"
#include "io/stored_enumerations.h"

namespace deepmine::io {

namespace {

std::string text(std::size_t number) {
  return std::to_string(number);
}

std::size_t size(int number) {
  return static_cast<std::size_t>(number);
}

bool all_finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

/// "test input 2 has 40 statics, expected 41"
std::string check_values(const std::string& what, const std::vector<float>& values, std::size_t expected) {
  if (values.size() != expected)
    return what + ": " + text(values.size()) + " numbers, expected " + text(expected);
  if (!all_finite(values)) return what + ": a number is not finite";
  return {};
}

std::string check_features(const Components& components) {
  const stope::FeatureTable& table = components.feature_table;
  const bool sees_summary = components.network.summary_features > 0;
  // Columns that the network does not see may have come later.
  const bool fits = table.statics == stope::feature_table().statics &&
                    table.sensors == stope::feature_table().sensors &&
                    (table.summary == stope::feature_table().summary ||
                     (!sees_summary && table.version == 1 && table.summary.empty()));
  if (!fits || table.version > stope::feature_table().version)
    return "made for feature table " + std::to_string(table.version) + " with " + text(table.statics.size()) +
           " static columns, this program has table " + std::to_string(stope::feature_table().version) +
           " with " + text(stope::feature_table().statics.size()) + "; train the model again";
  if (std::string misfit = stope::misfit_with_program(components.network); !misfit.empty()) return misfit;
  if (!components.scaler.valid() || (sees_summary && components.scaler.summary.empty()))
    return "the scalers do not fit the feature table or hold unusable numbers";
  return {};
}

std::string check_risk_sets(const std::vector<RiskSetThresholds>& sets, std::size_t horizons) {
  if (!sets.empty() && sets.size() != horizons)
    return "there are thresholds for the risk sets of " + text(sets.size()) + " horizons, expected " +
           text(horizons);
  for (const RiskSetThresholds& set : sets) {
    if (set.least_probability.size() != train::coverage_count)
      return text(set.least_probability.size()) + " thresholds of a risk set, expected " +
             text(train::coverage_count);
    double above = 1;
    for (const double probability : set.least_probability) {
      if (!(probability >= 0 && probability <= above))
        return "the thresholds of a risk set are not descending probabilities";
      above = probability;
    }
  }
  return {};
}

std::string check_calibration(const Components& components) {
  const std::vector<double>& temperatures = components.calibration.temperatures;
  const std::size_t heads = 1 + components.network.horizons.size();
  if (temperatures.size() != heads)
    return text(temperatures.size()) + " calibration temperatures, expected one a head, " + text(heads);
  for (const double temperature : temperatures)
    if (!std::isfinite(temperature) || temperature <= 0)
      return "a calibration temperature is " + std::to_string(temperature) + ", expected a number above 0";
  for (const HeadCalibration& head : components.calibration.heads)
    for (const double figure : {head.log_loss_before, head.log_loss_after, head.ece_before, head.ece_after})
      if (!std::isfinite(figure) || figure < 0) return "a figure of the calibration is no number from 0";
  if (!components.calibration.heads.empty() && components.calibration.heads.size() != heads)
    return "the calibration is of " + text(components.calibration.heads.size()) + " heads, expected " +
           text(heads);
  return check_risk_sets(components.calibration.risk_sets, heads - 1);
}

std::string check_expected(const ExpectedOutputs& expected, const Components& components) {
  const std::string what = "expected outputs of kernel path '" + expected.kernel_path + "'";
  if (expected.outputs.size() != components.test_cases.inputs.size())
    return what + ": for " + text(expected.outputs.size()) + " test cases, there are " +
           text(components.test_cases.inputs.size());
  const stope::NetworkSpecification& network = components.network;
  for (const std::vector<float>& outputs : expected.outputs)
    if (std::string problem =
            check_values(what, outputs, 1 + network.horizons.size() * size(network.risk_levels));
        !problem.empty())
      return problem;
  return {};
}

std::string check_test_cases(const Components& components) {
  const stope::NetworkSpecification& network = components.network;
  const TestCases& cases = components.test_cases;
  if (cases.numerics_version < 1) return "the test cases name no numerics version";
  if (cases.inputs.empty()) return "there are no test cases";
  for (const TestInput& input : cases.inputs) {
    if (std::string problem =
            check_values("statics of a test case", input.statics, size(network.sample_features()));
        !problem.empty())
      return problem;
    if (std::string problem =
            check_values("series of a test case", input.series, size(network.sensors) * size(network.days));
        !problem.empty())
      return problem;
  }
  std::set<std::string> paths;
  for (const ExpectedOutputs& expected : cases.expected) {
    if (!paths.insert(expected.kernel_path).second)
      return "kernel path '" + expected.kernel_path + "' stands twice";
    if (std::string problem = check_expected(expected, components); !problem.empty()) return problem;
  }
  if (!paths.contains("reference")) return "the outputs of the reference kernel path are missing";
  return {};
}

}  // namespace

std::string check_components(const Components& components) {
  // The specification first: the sizes of everything else follow from it.
  if (std::string problem = stope::problem_with(components.network); !problem.empty()) return problem;
  if (std::string problem = check_features(components); !problem.empty()) return problem;
  if (const std::vector<std::string> found = stope::problems(components.settings); !found.empty())
    return found.front();
  if (std::string problem = check_calibration(components); !problem.empty()) return problem;
  if (std::string problem = train::problem_with(components.distributions); !problem.empty()) return problem;
  return check_test_cases(components);
}

std::string write_components_file(const Components& components) {
  if (const std::string problem = check_components(components); !problem.empty())
    throw Error(ErrorCode::failure, "these components can't be saved: " + problem);
  return make_frame(FrameKind::components, components_schema_version, components.run_id, encode(components));
}

Components parse_components_file(std::string_view bytes, const std::string& source) {
  const Frame frame = parse_frame(bytes, FrameKind::components, components_schema_version, source);
  Components components = frame.schema_version == 1 ? decode<ComponentsVersion1>(frame.payload, source).now()
                          : frame.schema_version == 2
                              ? decode<ComponentsVersion2>(frame.payload, source).now()
                              : decode<Components>(frame.payload, source);
  components.run_id = frame.run_id;
  if (const std::string problem = check_components(components); !problem.empty())
    throw Error(ErrorCode::model_damaged, source + ": " + problem);
  return components;
}

}  // namespace deepmine::io
