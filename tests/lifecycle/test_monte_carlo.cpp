#include <doctest/doctest.h>

#include <cmath>

#include "lifecycle/monte_carlo.h"
#include "lifecycle/prediction.h"
#include "tests/io/expect_error.h"
#include "tests/lifecycle/small_networks.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

PredictionRequest request(int draws, int threads = 1) {
  PredictionRequest request;
  request.timestamp = "2024-03-30T12:00:00Z";
  request.draws = draws;
  request.threads = threads;
  return request;
}

/// Every number of the draws.
std::vector<double> spreads_of(const stope::Assessment& assessment) {
  std::vector<double> numbers;
  const auto add = [&](const std::optional<stope::Uncertainty>& u) {
    if (!u) return;
    for (const double value : {u->mean, u->standard_deviation, u->low, u->high, u->mutual_information})
      numbers.push_back(value);
  };
  add(assessment.current_stability.uncertainty);
  for (const auto& future : assessment.future_predictions) add(future.uncertainty);
  return numbers;
}

}  // namespace

TEST_CASE(
    "draws have the same bits for any number of threads, alone and beside others, and for any number of "
    "draws") {
  for (const LoadedModel* model : {&plain_model(), &compact_model()}) {
    Samples samples(*model);
    MonteCarlo first(*model), second(*model);
    samples.write(3);
    const auto expected = first.draw(samples.features, samples.series, 100, 1, 1);
    REQUIRE(expected.size() == 100);
    samples.write(9);
    (void)second.draw(samples.features, samples.series, 70, 1, 2);  // leaves its traces in the workspace
    samples.write(3);
    for (const int threads : {1, 2, 3, 8})
      CHECK(second.draw(samples.features, samples.series, 100, 1, threads) == expected);
    const auto fewer = second.draw(samples.features, samples.series, 11, 1, 2);
    CHECK(std::equal(fewer.begin(), fewer.end(), expected.begin()));
    CHECK(second.draw(samples.features, samples.series, 100, 2, 1) != expected);
    CHECK(expected[0] != expected[1]);
    CHECK(expected[0] != expected[64]);  // of another batch
  }
}

TEST_CASE("without dropout a draw is the answer itself") {
  SavedModel saved = saved_plain();
  stope::NetworkSpecification& network = saved.components.network;
  network.dense_dropout = network.branch_dropout = network.lstm_dropout = network.temporal_dropout =
      network.attention_dropout = 0;
  CHECK(!has_dropout(network));
  CHECK(has_dropout(saved_plain().components.network));
  const LoadedModel model(saved, "no dropout");
  Samples samples(model);
  samples.write(4);
  const Logits draw = MonteCarlo(model).draw(samples.features, samples.series, 2, 1, 1)[1];
  NetworkRunner runner(model.prediction(), 1, 1);
  runner.batch().add(samples.features, samples.series);
  runner.run();
  const Logits answer = runner.logits(0);
  REQUIRE(draw.size() == answer.size());
  for (std::size_t i = 0; i < draw.size(); ++i) CHECK(std::abs(draw[i] - answer[i]) < 1e-5f);
  // It would look certain, so it is refused.
  expect_error(ErrorCode::usage, "no dropout",
               [&] { predict(&model, simulated_records(), {}, request(10)); });
}

TEST_CASE("what draws say of a probability") {
  const double two[] = {0.2, 0.4, 0.6, 0.8};
  const stope::Uncertainty current = uncertainty_of(two, 1, 0);
  CHECK(current.samples == 4);
  CHECK(std::abs(current.mean - 0.5) < 1e-12);
  CHECK(std::abs(current.standard_deviation - std::sqrt(0.05)) < 1e-12);
  CHECK(std::abs(current.low - 0.23) < 1e-12);  // as numpy.quantile
  CHECK(std::abs(current.high - 0.77) < 1e-12);
  const auto h = [](double p) { return -p * std::log(p) - (1 - p) * std::log(1 - p); };
  CHECK(std::abs(current.mutual_information - (h(0.5) - (h(0.2) + h(0.4)) / 2)) < 1e-12);

  const double three[] = {0.5, 0.25, 0.25, 0.25, 0.5, 0.25};
  const stope::Uncertainty level = uncertainty_of(three, 3, 1);
  CHECK(level.samples == 2);
  CHECK(std::abs(level.mean - 0.375) < 1e-12);
  const double of_a_draw = 0.5 * std::log(2) + 0.5 * std::log(4);
  const double of_the_mean = -2 * 0.375 * std::log(0.375) - 0.25 * std::log(0.25);
  CHECK(std::abs(level.mutual_information - (of_the_mean - of_a_draw)) < 1e-12);
  // Draws that agree leave no doubt, however undecided they are.
  const double same[] = {0.5, 0.5, 0.5};
  CHECK(uncertainty_of(same, 1, 0).mutual_information == 0);
  CHECK(uncertainty_of(same, 1, 0).standard_deviation == 0);
}

TEST_CASE("asking for draws tells their spread and leaves the answers as they are") {
  const auto records = simulated_records();
  const auto plain = predict(&plain_model(), records, {}, request(0));
  const auto drawn = predict(&plain_model(), records, {}, request(30));
  const auto threaded = predict(&plain_model(), records, {}, request(30, 3));
  std::size_t answered = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    CHECK(plain[i].current_stability.instability_probability ==
          drawn[i].current_stability.instability_probability);
    CHECK(!plain[i].current_stability.uncertainty);
    CHECK(spreads_of(drawn[i]) == spreads_of(threaded[i]));
    if (drawn[i].method != stope::Method::network) continue;
    ++answered;
    REQUIRE(drawn[i].current_stability.uncertainty);
    CHECK(drawn[i].current_stability.uncertainty->samples == 30);
    CHECK(drawn[i].current_stability.uncertainty->standard_deviation > 0);
    for (const auto& future : drawn[i].future_predictions) {
      REQUIRE(future.uncertainty);
      CHECK(future.uncertainty->low <= future.uncertainty->high);
      CHECK(future.uncertainty->mutual_information > 0);
    }
  }
  CHECK(answered > 3);
  for (const int draws : {1, -1, most_draws + 1})
    expect_error(ErrorCode::usage, "samples", [&] { predict(&plain_model(), records, {}, request(draws)); });
}
