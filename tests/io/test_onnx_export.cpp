// The exported graph, decoded and run operator by operator, against the program's own answers. What other
// programs make of the same file is tested in tests/onnx.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "io/onnx_export.h"
#include "tests/io/onnx_case.h"
#include "tests/io/onnx_reader.h"

using namespace deepmine;
using namespace deepmine::test;

namespace {

stope::NetworkSpecification small_network(stope::CrossAttention choice, bool with_known_answers) {
  stope::NetworkSpecification s;
  s.days = 12;  // more than the 7 days of the summary's last part
  s.horizons = {1, 7, 30};
  s.static_units = 7;
  s.temporal_units = 6;
  s.branch_units = 5;
  s.shared_units = 9;
  s.shared_output_units = s.head_units = 4;
  s.self_attention_heads = 2;
  s.cross_attention_heads = 3;
  s.key_size = 3;
  s.cross_attention = choice;
  if (with_known_answers) {
    s.summary_features = static_cast<int>(stope::summary_feature_count);
    s.rule_prior = true;
  }
  return s;
}

std::vector<std::size_t> every(std::size_t step, const stope::Dataset& dataset) {
  std::vector<std::size_t> windows;
  for (std::size_t w = 0; w < dataset.windows().size(); w += step) windows.push_back(w);
  return windows;
}

/// Largest difference between the graph's answers and the program's, over the windows.
void check_answers(const OnnxCase& example, const std::vector<std::size_t>& windows) {
  const stope::NetworkSpecification& s = example.components.network;
  const auto horizons = s.horizons.size(), levels = static_cast<std::size_t>(s.risk_levels);
  const io::OnnxFile file = example.file();
  Arrays found = run_onnx(read_onnx(file.bytes), example.raw_inputs(windows));
  double logit_error = 0, probability_error = 0, day_error = 0;
  int wrong_levels = 0, abstained = 0;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const OnnxCase::Answer expected = example.program_answer(windows[i]);
    const auto worsen = [](double& error, double a, double b) {
      error = std::isfinite(a) ? std::max(error, std::abs(a - b)) : INFINITY;
    };
    abstained += found["abstain"].numbers[i] != 0;
    worsen(logit_error, found["instability_logit"].numbers[i], expected.logits[0]);
    const std::vector<double>& temperatures = example.components.calibration.temperatures;
    worsen(probability_error, found["instability_probability"].numbers[i],
           1 / (1 + std::exp(-double{expected.logits[0]} / temperatures[0])));
    for (std::size_t h = 0; h < horizons; ++h) {
      const float* z = expected.logits.data() + 1 + h * levels;
      double sum = 0;
      for (std::size_t k = 0; k < levels; ++k) sum += std::exp(double{z[k]} / temperatures[1 + h]);
      for (std::size_t k = 0; k < levels; ++k) {
        const std::size_t at = (i * horizons + h) * levels + k;
        worsen(logit_error, found["risk_logits"].numbers[at], z[k]);
        worsen(probability_error, found["risk_probabilities"].numbers[at],
               std::exp(double{z[k]} / temperatures[1 + h]) / sum);
      }
      const auto level = static_cast<double>(std::max_element(z, z + levels) - z);
      wrong_levels += found["risk_levels"].numbers[i * horizons + h] != level;
    }
    for (std::size_t day = 0; day < expected.day_weights.size(); ++day)
      worsen(day_error, found["day_weights"].numbers[i * expected.day_weights.size() + day],
             expected.day_weights[day]);
  }
  CHECK(found.contains("day_weights") == (s.cross_attention == stope::CrossAttention::days));
  CHECK(logit_error < 1e-5);
  CHECK(probability_error < 1e-6);
  CHECK(day_error < 1e-6);
  CHECK(wrong_levels == 0);
  CHECK(abstained == 0);
}

OnnxCase& known_answers_case() {
  static OnnxCase example(small_network(stope::CrossAttention::days, true));
  return example;
}

/// The outputs for one window after `change` did something to its inputs.
template <class Change>
Arrays answer_after(const OnnxCase& example, Change change) {
  Arrays inputs = example.raw_inputs({3});
  change(inputs);
  return run_onnx(read_onnx(example.file().bytes), inputs);
}

bool abstains(Arrays& answer) {
  const auto is_nan = [](double x) { return std::isnan(x); };
  const auto& levels = answer["risk_levels"].numbers;
  const auto &current = answer["instability_probability"].numbers,
             &future = answer["risk_probabilities"].numbers;
  const bool flag = answer["abstain"].numbers[0] != 0;
  const bool no_number = std::all_of(current.begin(), current.end(), is_nan) &&
                         std::all_of(future.begin(), future.end(), is_nan) &&
                         std::all_of(levels.begin(), levels.end(), [](double x) { return x == -1; });
  CHECK(flag == no_number);  // never half an answer
  return flag && no_number;
}

}  // namespace

TEST_CASE("onnx: the graph gives the program's answers, for every kind of network") {
  for (const bool known_answers : {false, true})
    for (const auto choice : {stope::CrossAttention::days, stope::CrossAttention::pooled}) {
      CAPTURE(known_answers);
      CAPTURE(static_cast<int>(choice));
      const OnnxCase example(small_network(choice, known_answers));
      const auto windows = every(2, example.dataset());
      REQUIRE(windows.size() > 40);
      check_answers(example, windows);
    }
}

TEST_CASE("onnx: the product's two networks") {
  const OnnxCase compact(stope::compact_network(), OnnxCase::simulated_stopes(12, 100));
  const auto windows = every(9, compact.dataset());
  REQUIRE(windows.size() > 50);
  check_answers(compact, windows);
  const OnnxCase full(stope::NetworkSpecification{}, OnnxCase::simulated_stopes(2, 40));
  check_answers(full, {0, full.dataset().windows().size() - 1});
}

TEST_CASE("onnx: the prior follows the model's rules") {
  OnnxCase example(small_network(stope::CrossAttention::days, true));
  const Arrays before = answer_after(example, [](Arrays&) {});
  example.components.settings.risk_rules.far_weight = -90;  // far horizons become less risky
  const Arrays after = answer_after(example, [](Arrays&) {});
  const auto &a = before.at("risk_logits").numbers, &b = after.at("risk_logits").numbers;
  CHECK(std::equal(a.begin(), a.begin() + 12, b.begin()));  // 1 and 7 days: not far
  CHECK(b[17] < a[17] - 1);                                 // 30 days, unstable
}

TEST_CASE("onnx: what the data does not allow is NaN and -1, and says so") {
  const OnnxCase& example = known_answers_case();
  Arrays untouched = answer_after(example, [](Arrays&) {});
  CHECK_FALSE(abstains(untouched));
  const double nan = std::nan(""), infinity = INFINITY;
  for (const stope::StaticColumn& column : stope::static_columns)
    for (const double bad : {nan, infinity, -infinity, column.highest + 1, column.lowest - 1}) {
      CAPTURE(column.name);
      CAPTURE(bad);
      Arrays answer =
          answer_after(example, [&](Arrays& in) { in[std::string(column.name)].numbers[0] = bad; });
      CHECK(abstains(answer));
    }
  for (const stope::SensorColumn& column : stope::sensor_columns)
    for (const double bad : {nan, infinity, column.highest + 1, column.lowest - 1}) {
      CAPTURE(column.name);
      CAPTURE(bad);
      Arrays answer =
          answer_after(example, [&](Arrays& in) { in[std::string(column.name)].numbers[5] = bad; });
      CHECK(abstains(answer));
    }
  for (const char* column : {"direction", "rock_type", "support_type"})
    for (const char* bad : {"", "Unknown", "north"}) {
      CAPTURE(column);
      CAPTURE(bad);
      Arrays answer = answer_after(example, [&](Arrays& in) { in[column].texts[0] = bad; });
      CHECK(abstains(answer));
    }
}

TEST_CASE(
    "onnx: outside the training range by more than the margin, and categories that training never saw") {
  OnnxCase example(small_network(stope::CrossAttention::days, true));
  stope::InputScaler& scaler = example.components.scaler;
  const Arrays inputs = example.raw_inputs({3});
  const double depth = inputs.at("depth").numbers[0];
  const auto with_range = [&](double lowest, double highest) {
    scaler.statics[2].lowest = lowest;  // depth
    scaler.statics[2].highest = highest;
    Arrays answer = answer_after(example, [](Arrays&) {});
    return abstains(answer);
  };
  CHECK_FALSE(with_range(depth - 100, depth - 9));  // 10 % of the width is allowed
  CHECK(with_range(depth - 100, depth - 10));
  CHECK_FALSE(with_range(depth + 9, depth + 110));
  CHECK(with_range(depth + 11, depth + 110));
  CHECK_FALSE(with_range(0, 4000));
  for (std::size_t c = 0; c < stope::category_feature_count; ++c)
    if (stope::feature_table().statics[c].name == "direction=" + inputs.at("direction").texts[0])
      scaler.categories_seen[c] = 0;
  CHECK(with_range(0, 4000));
}

TEST_CASE("onnx: a bad case spoils no other case of its batch") {
  const OnnxCase& example = known_answers_case();
  const io::onnx::Model model = read_onnx(example.file().bytes);
  Arrays inputs = example.raw_inputs({2, 3, 4});
  inputs["stress"].numbers[12 + 3] = std::nan("");
  inputs["rock_type"].texts[1] = "Chalk";
  const Arrays together = run_onnx(model, inputs);
  CHECK(together.at("abstain").numbers == std::vector<double>{0, 1, 0});
  const Arrays alone = run_onnx(model, example.raw_inputs({4}));
  CHECK(together.at("instability_probability").numbers[2] == alone.at("instability_probability").numbers[0]);
}

TEST_CASE("onnx: a horizon without a label in training has no answer") {
  OnnxCase example(small_network(stope::CrossAttention::days, false));
  example.metadata.metrics["training"]["future_7d"]["samples"] = 0;
  Arrays answer = answer_after(example, [](Arrays&) {});
  const auto& levels = answer["risk_levels"].numbers;
  CHECK(levels[0] >= 0);
  CHECK(levels[1] == -1);
  CHECK(levels[2] >= 0);
  CHECK(std::isnan(answer["risk_probabilities"].numbers[6]));
  CHECK_FALSE(std::isnan(answer["risk_probabilities"].numbers[5]));
  CHECK(answer["abstain"].numbers[0] == 0);
}

TEST_CASE("onnx: the file says what it is") {
  const OnnxCase& example = known_answers_case();
  const io::OnnxFile file = example.file();
  const io::onnx::Model model = read_onnx(file.bytes);
  CHECK(model.format_version == 8);
  REQUIRE(model.operator_sets.size() == 2);
  CHECK(model.operator_sets[0].domain.empty());
  CHECK(model.operator_sets[0].version == 17);
  CHECK(model.producer == "deepmine");
  CHECK(model.producer_version == "0.1.0");
  CHECK(model.version == 3);
  for (const char* text : {"12 consecutive", "NaN, never 0", "abstain", "not observed failures"})
    CHECK(model.documentation.find(text) != std::string::npos);
  CHECK(model.documentation.find('{') == std::string::npos);
  CHECK(model.properties == file.properties);
  const std::map<std::string, std::string> properties(model.properties.begin(), model.properties.end());
  CHECK(properties.at("model_id") == example.metadata.model_id);
  CHECK(properties.at("model_version") == "3");
  CHECK(properties.at("horizons_days") == "[1,7,30]");
  CHECK(properties.at("temperatures") == "[1.5,0.75,1.0,1.25]");
  CHECK(properties.at("static_features").find("\"direction=North\"") == 1);
  CHECK(properties.at("sensors").find("\"humidity\"") != std::string::npos);
  CHECK(properties.at("summary_features").find("\"stress slope\"") != std::string::npos);
  REQUIRE(model.graph.inputs.size() == 15);
  for (const io::onnx::Port& port : model.graph.inputs) {
    CAPTURE(port.name);
    CHECK(port.shape[0].symbol == "cases");
    CHECK_FALSE(port.documentation.empty());
  }
  CHECK(model.graph.outputs.front().name == "instability_probability");
  std::set<std::string> names;
  for (const io::onnx::Node& node : model.graph.nodes) CHECK(names.insert(node.name).second);
}

TEST_CASE("onnx: the same model gives the same bytes") {
  const OnnxCase& example = known_answers_case();
  CHECK(example.file().bytes == example.file().bytes);
}
