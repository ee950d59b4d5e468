#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "lifecycle/explanation.h"
#include "lifecycle/prediction.h"
#include "tests/lifecycle/small_networks.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

double total(const InputAttributions& found) {
  return std::accumulate(found.features.begin(), found.features.end(), 0.0) +
         std::accumulate(found.series.begin(), found.series.end(), 0.0);
}

double total(const std::vector<stope::Attribution>& inputs) {
  double sum = 0;
  for (const stope::Attribution& input : inputs) sum += input.contribution;
  return sum;
}

double allowed(double change) {
  return std::max(0.001, 0.01 * std::abs(change));
}

}  // namespace

TEST_CASE(
    "attributions sum to the change of the output, of every head, and so do the inputs that people know") {
  for (const LoadedModel* model : {&plain_model(), &compact_model()}) {
    const stope::NetworkSpecification& network = model->components().network;
    Samples samples(*model);
    IntegratedGradients gradients(*model);
    double largest_change = 0;
    for (std::size_t window = 0; window < samples.dataset.windows().size(); window += 37) {
      samples.write(window);
      for (int head = 0; head <= 2; ++head) {
        CAPTURE(window);
        CAPTURE(head);
        const InputAttributions found = gradients.explain(samples.features, samples.series, head);
        const double change = found.output - found.baseline_output;
        largest_change = std::max(largest_change, std::abs(change));
        CHECK(found.complete());
        CHECK(std::abs(total(found) - change) <= allowed(change));
        CHECK(std::abs(total(gather_attributions(found, samples.view(window), network, 7)) - change) <=
              allowed(change));
      }
    }
    CHECK(largest_change > 0.05);
  }
}

TEST_CASE("the output is the calibrated answer") {
  SavedModel saved = saved_compact();
  saved.components.calibration.temperatures = {2.5, 1.5, 0.7};
  const LoadedModel model(saved, "tempered");
  Samples samples(model);
  samples.write(11);
  NetworkRunner runner(model.prediction(), 1, 1);
  runner.batch().add(samples.features, samples.series);
  runner.run();
  IntegratedGradients gradients(model);
  CHECK(std::abs(gradients.explain(samples.features, samples.series, 0).output -
                 instability_probability(runner.logits(0), 2.5)) < 1e-5);
  const auto levels = level_probabilities(runner.logits(0), 1, 6, 0.7);
  double expected = 0;
  for (std::size_t k = 0; k < 6; ++k) expected += static_cast<double>(k) * levels[k];
  CHECK(std::abs(gradients.explain(samples.features, samples.series, 2).output - expected) < 1e-4);
}

TEST_CASE("where the network is a line, the attributions are those of the line") {
  // The current head of the compact network with nothing but its shortcut: logit = w·summary + c.
  std::vector<float> w;
  const auto model = changed(saved_compact(), [&](io::NamedTensor& tensor) {
    if (tensor.name.starts_with("current/logits"))
      std::fill(tensor.values.begin(), tensor.values.end(), 0.0f);
    if (tensor.name == "current/shortcut/kernel") {
      for (std::size_t i = 0; i < tensor.values.size(); ++i)
        tensor.values[i] = 0.3f * std::sin(static_cast<float>(i + 1));
      w = tensor.values;
    }
  });
  REQUIRE(w.size() == stope::summary_feature_count);
  Samples samples(*model);
  IntegratedGradients gradients(*model);
  for (const std::size_t window : {0UL, 40UL, 200UL}) {
    samples.write(window);
    const InputAttributions found = gradients.explain(samples.features, samples.series, 0);
    const auto logit = [&](double p) { return std::log(p / (1 - p)); };
    const double slope = (found.output - found.baseline_output) /
                         (logit(found.output) - logit(found.baseline_output)) /
                         model->components().calibration.temperatures[0];
    for (std::size_t i = 0; i < w.size(); ++i) {
      const auto at = static_cast<std::size_t>(stope::static_feature_count) + i;
      CHECK(std::abs(found.features[at] - slope * static_cast<double>(w[i] * samples.features[at])) < 1e-4);
    }
    for (std::size_t i = 0; i < stope::static_feature_count; ++i) CHECK(found.features[i] == 0);
    for (const double value : found.series) CHECK(value == 0);
  }
}

TEST_CASE("the baseline explains itself by nothing, and the present does not hang on the prior") {
  IntegratedGradients gradients(compact_model());
  Samples samples(compact_model());
  const std::vector<float> days(samples.series.size());
  const InputAttributions none = gradients.explain(gradients.baseline_features(), days, 0);
  CHECK(none.output == none.baseline_output);
  for (const double value : none.features) CHECK(value == 0);
  samples.write(5);
  const auto current = gather_attributions(gradients.explain(samples.features, samples.series, 0),
                                           samples.view(5), compact_model().components().network, 7);
  const auto future = gather_attributions(gradients.explain(samples.features, samples.series, 1),
                                          samples.view(5), compact_model().components().network, 7);
  const auto has_prior = [](const std::vector<stope::Attribution>& inputs) {
    return std::any_of(inputs.begin(), inputs.end(),
                       [](const auto& input) { return input.input == "rule_prior"; });
  };
  CHECK(!has_prior(current));
  CHECK(has_prior(future));
}

TEST_CASE("the baseline has the shares of categories that training had") {
  const std::vector<float> baseline = attribution_baseline(compact_model().components());
  REQUIRE(baseline.size() ==
          static_cast<std::size_t>(compact_model().components().network.sample_features()));
  CHECK(std::abs(std::accumulate(baseline.begin(), baseline.begin() + 8, 0.0f) - 1) < 1e-5f);
  for (std::size_t i = stope::category_feature_count; i < stope::static_feature_count; ++i)
    CHECK(baseline[i] == 0);
  CHECK(std::abs(baseline.back() + std::log(6.0f)) < 1e-6f);
  // A model that kept no shares: the same for each category that it saw.
  io::Components earlier = compact_model().components();
  earlier.distributions = {};
  const std::vector<float> equal = attribution_baseline(earlier);
  for (std::size_t i = 0; i < 8; ++i) CHECK((equal[i] > 0) == (earlier.scaler.categories_seen[i] == 1));
}

TEST_CASE("predictions carry attributions in raw units where they are asked for") {
  const auto records = simulated_records();
  PredictionRequest request;
  request.timestamp = "2024-03-30T12:00:00Z";
  PredictionFindings findings;
  for (const auto& assessment : predict(&compact_model(), records, {}, request, &findings))
    CHECK(assessment.attributions.empty());
  CHECK(findings.explanations.empty());
  request.attributions = true;
  std::size_t answered = 0;
  const auto answers = predict(&compact_model(), records, {}, request, &findings);
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (answers[i].method != stope::Method::network) {
      CHECK(answers[i].attributions.empty());
      continue;
    }
    ++answered;
    const StopeExplanation& explanation = findings.explanations.at(records[i].name);
    REQUIRE(explanation.heads.size() == 1);
    CHECK(!explanation.heads[0].rules);
    CHECK(explanation.attention.size() == 8);
    CHECK(std::abs(std::accumulate(explanation.attention.begin(), explanation.attention.end(), 0.0) - 1) <
          1e-4);
    CHECK(explanation.first_day == *answers[i].as_of - 7);
    CHECK(std::abs(explanation.heads[0].output - *answers[i].current_stability.instability_probability) <
          1e-5);
    double previous = 1e9;
    for (const stope::Attribution& input : answers[i].attributions) {
      CHECK(std::abs(input.contribution) <= previous);
      previous = std::abs(input.contribution);
      if (input.input == "rqd") CHECK(input.value == records[i].statics.rqd);
      if (input.input == "rock_type") CHECK(input.category == records[i].statics.rock_type);
    }
    CHECK(answers[i].attributions.size() == 3 + 15 + 5);
  }
  CHECK(answered > 3);
}

TEST_CASE("the heads that are asked for are explained, and the answers stay as they are") {
  const auto records = simulated_records();
  PredictionRequest request;
  request.timestamp = "2024-03-30T12:00:00Z";
  const stope::NetworkSpecification& network = compact_model().components().network;
  request.explained_horizons = {network.horizons.back(), 0};
  PredictionFindings findings;
  const auto answers = predict(&compact_model(), records, {}, request, &findings);
  REQUIRE(!findings.explanations.empty());
  for (const auto& answer : answers) CHECK(answer.attributions.empty());
  for (const auto& [name, explanation] : findings.explanations) {
    REQUIRE(explanation.heads.size() == 2);
    CHECK(explanation.heads[0].horizon_days == network.horizons.back());
    CHECK(explanation.heads[0].rules.has_value() == network.rule_prior);
    CHECK(explanation.heads[1].horizon_days == 0);
  }
  request.explained_horizons = {17};
  CHECK_THROWS_WITH_AS(predict(&compact_model(), records, {}, request, &findings),
                       "the model has no answer for 17 days ahead", deepmine::Error);
}
