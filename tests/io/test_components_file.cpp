// DEEPMINE_SOURCE_ROOT comes from the build.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "io/atomic_file.h"
#include "io/components_file.h"
#include "io/stored_enumerations.h"
#include "tests/io/damage.h"
#include "tests/io/expect_error.h"
#include "tests/io/sample_model.h"

using namespace deepmine;
using namespace deepmine::io;
using namespace deepmine::test;

TEST_CASE("components come back bit for bit") {
  const std::string bytes = write_components_file(sample_components());
  const Components again = parse_components_file(bytes, "components");
  CHECK(again == sample_components());
  CHECK(write_components_file(again) == bytes);
}

namespace {

constexpr const char* golden_version_3 = DEEPMINE_SOURCE_ROOT "/tests/io/golden/components_version_3";

/// What versions 1 and 2 did not have.
void take_out_version_3(Components& components) {
  components.calibration.heads.clear();
  components.calibration.risk_sets.clear();
  components.distributions = {};
}

}  // namespace

TEST_CASE("the golden components of today's version are made anew where that is asked for") {
  if (std::getenv("DEEPMINE_WRITE_GOLDEN") == nullptr) return;
  // Until this version is released; then never again.
  write_file_atomically(golden_version_3, write_components_file(sample_components()));
  MESSAGE("made anew: " << golden_version_3);
}

TEST_CASE("components of version 3 load to the same bits for ever") {
  const std::string bytes = read_file(golden_version_3, 1 << 20);
  const Components components = parse_components_file(bytes, "golden");
  CHECK(components.settings.response_plan == sample_response_plan());
  Components sample = sample_components();
  CHECK(components.calibration == sample.calibration);
  CHECK(components.distributions == sample.distributions);
  sample.settings = components.settings;  // its numbers may change with the program
  CHECK(components == sample);
  // As long as version 3 is what is written.
  if (components_schema_version == 3) CHECK(write_components_file(components) == bytes);
}

TEST_CASE("components of version 2 load to the same bits for ever") {
  const std::string bytes = read_file(DEEPMINE_SOURCE_ROOT "/tests/io/golden/components_version_2", 1 << 20);
  const Components components = parse_components_file(bytes, "golden");
  CHECK(components.settings.assessment.risk_set_coverage == 0.9);
  CHECK_FALSE(components.settings.response_plan.in_use());
  CHECK(components.calibration.heads.empty());
  CHECK(components.calibration.risk_sets.empty());
  CHECK(components.distributions.features.empty());
  Components sample = sample_components();
  take_out_version_3(sample);
  sample.settings = components.settings;  // may change with the program
  CHECK(components == sample);
  CHECK(parse_components_file(write_components_file(components), "again") == components);
}

TEST_CASE("components of version 1 load to the same bits for ever") {
  const std::string bytes = read_file(DEEPMINE_SOURCE_ROOT "/tests/io/golden/components_version_1", 1 << 20);
  const Components components = parse_components_file(bytes, "golden");
  CHECK(components.network.summary_features == 0);
  CHECK(!components.network.rule_prior);
  CHECK(components.feature_table.version == 1);
  CHECK(components.feature_table.summary.empty());
  CHECK(components.scaler.summary.empty());
  // What was in it, but for what may change with the program.
  Components sample = sample_components();
  take_out_version_3(sample);
  sample.feature_table = components.feature_table;
  sample.settings = components.settings;
  CHECK(components == sample);
  // Saved again, it is of today's version and still the same.
  CHECK(parse_components_file(write_components_file(components), "again") == components);
}

TEST_CASE("all damage to a components file is refused") {
  check_that_all_damage_is_refused(write_components_file(sample_components()), [](std::string_view bytes) {
    parse_components_file(bytes, "components");
  });
}

TEST_CASE("components that make no sense are neither saved nor read") {
  struct Wrong {
    std::string message;
    void (*change)(Components&);
  };
  const Wrong all[] = {
      {"horizon 1 is out of place",
       [](Components& c) {
         c.network.horizons = {3, 1};
       }},
      {"key_size", [](Components& c) { c.network.key_size = 2000000000; }},
      {"made for feature table 9", [](Components& c) { c.feature_table.version = 9; }},
      {"made for feature table 2",
       [](Components& c) { std::swap(c.feature_table.statics[0], c.feature_table.statics[1]); }},
      {"static_features is 20", [](Components& c) { c.network.static_features = 20; }},
      {"risk_levels is 8", [](Components& c) { c.network.risk_levels = 8; }},
      {"scalers", [](Components& c) { c.scaler.sensors.pop_back(); }},
      {"scalers", [](Components& c) { c.scaler.statics[3].deviation = 0; }},
      {"scalers",
       [](Components& c) {
         c.scaler.summary.assign(3, {50, 10, 20, 80, 30});
       }},
      {"scalers",  // the network sees the summary
       [](Components& c) {
         c.network.summary_features = 40;
         c.test_cases.inputs[0].statics.resize(81);
       }},
      {"summary_features is 39", [](Components& c) { c.network.summary_features = 39; }},
      {"summary_features is -1", [](Components& c) { c.network.summary_features = -1; }},
      {"41 numbers, expected 47", [](Components& c) { c.network.rule_prior = true; }},
      {"made for feature table 2", [](Components& c) { c.feature_table.summary.pop_back(); }},
      {"decision_threshold", [](Components& c) { c.settings.assessment.decision_threshold = std::nan(""); }},
      {"response_plan.red.owner: expected who acts",
       [](Components& c) { c.settings.response_plan.red.owner.clear(); }},
      {"response_plan.margin", [](Components& c) { c.settings.response_plan.margin = std::nan(""); }},
      {"1 calibration temperatures", [](Components& c) { c.calibration.temperatures = {1}; }},
      {"calibration temperature is 0", [](Components& c) { c.calibration.temperatures[1] = 0; }},
      {"calibration is of 1 heads", [](Components& c) { c.calibration.heads.pop_back(); }},
      {"no number from 0", [](Components& c) { c.calibration.heads[1].ece_after = -1; }},
      {"no number from 0", [](Components& c) { c.calibration.heads[0].log_loss_before = std::nan(""); }},
      {"risk sets of 2 horizons",
       [](Components& c) { c.calibration.risk_sets.push_back(c.calibration.risk_sets[0]); }},
      {"49 thresholds", [](Components& c) { c.calibration.risk_sets[0].least_probability.pop_back(); }},
      {"not descending", [](Components& c) { c.calibration.risk_sets[0].least_probability[7] = 0.07; }},
      {"not descending",
       [](Components& c) { c.calibration.risk_sets[0].least_probability[0] = std::nan(""); }},
      {"distributions are of 0 stopes", [](Components& c) { c.distributions.groups = 0; }},
      {"distribution of rqd: 3 shares for 1 edges",
       [](Components& c) { c.distributions.features[0].edges.pop_back(); }},
      {"distribution of rqd: the edges are not ascending",
       [](Components& c) { c.distributions.features[0].edges[1] = 40; }},
      {"distribution of rqd: the shares do not sum to 1",
       [](Components& c) { c.distributions.features[0].shares[1] = 0.75; }},
      {"distribution of rqd: a share", [](Components& c) { c.distributions.features[0].shares[1] = -1; }},
      {"distribution of rqd: a measure of spread",
       [](Components& c) { c.distributions.features[0].trace = std::nan(""); }},
      {"numerics version", [](Components& c) { c.test_cases.numerics_version = 0; }},
      {"no test cases",
       [](Components& c) {
         c.test_cases = {1, {}, {}};
       }},
      {"40 numbers, expected 41", [](Components& c) { c.test_cases.inputs[0].statics.pop_back(); }},
      {"11 numbers, expected 10", [](Components& c) { c.test_cases.inputs[0].series.push_back(0); }},
      {"6 numbers, expected 7", [](Components& c) { c.test_cases.expected[1].outputs[0].pop_back(); }},
      {"for 0 test cases, there are 1", [](Components& c) { c.test_cases.expected[1].outputs.clear(); }},
      {"not finite",
       [](Components& c) {
         c.test_cases.expected[0].outputs[0][0] = std::numeric_limits<float>::infinity();
       }},
      {"stands twice", [](Components& c) { c.test_cases.expected[1].kernel_path = "reference"; }},
      {"reference kernel path",
       [](Components& c) { c.test_cases.expected.erase(c.test_cases.expected.begin()); }},
  };
  for (const Wrong& wrong : all) {
    CAPTURE(wrong.message);
    Components components = sample_components();
    wrong.change(components);
    expect_error(ErrorCode::failure, wrong.message, [&] { (void)write_components_file(components); });
    // The same under a hash that fits.
    const std::string bytes =
        make_frame(FrameKind::components, components_schema_version, sample_run_id, encode(components));
    expect_error(ErrorCode::model_damaged, wrong.message,
                 [&] { parse_components_file(bytes, "components"); });
    expect_error(ErrorCode::model_damaged,
                 "components: ", [&] { parse_components_file(bytes, "components"); });
  }
}

TEST_CASE("a payload of rubbish under a right hash is an Error, whatever it is") {
  const std::string payload = encode(sample_components());
  std::size_t refused = 0;
  const auto attempt = [&](const std::string& changed) {
    const std::string bytes =
        make_frame(FrameKind::components, components_schema_version, sample_run_id, changed);
    try {
      parse_components_file(bytes, "components");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::model_damaged);
      ++refused;
    }
  };
  std::string changed = payload;
  for (std::size_t at = 0; at < payload.size(); ++at) {
    for (const char value : {'\xff', '\x7f', '\x02'}) {
      changed[at] = value;
      attempt(changed);
    }
    changed[at] = payload[at];
    attempt(payload.substr(0, at));
  }
  CHECK(refused > payload.size());
}

TEST_CASE("components of a newer version say so") {
  const std::string newer =
      make_frame(FrameKind::components, components_schema_version + 1, sample_run_id, "whatever it holds");
  expect_error(ErrorCode::model_damaged, "made by a newer version of deepmine",
               [&] { parse_components_file(newer, "components"); });
}
