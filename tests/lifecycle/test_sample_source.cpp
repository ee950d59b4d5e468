#include <doctest/doctest.h>

#include <string>

#include "lifecycle/sample_source.h"
#include "tests/lifecycle/tiny_training.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

TEST_CASE("a batch holds the scaled windows and their targets") {
  const TinyTraining tiny;
  SampleSource source(tiny.dataset, tiny_network(), tiny.scaler, tiny.split.training,
                      train::ClassWeights::none);
  Batch batch(tiny_network(), 12);
  const std::vector<std::uint32_t> windows{5, 0, 17, 60, 3, 2, 1, 9, 8, 40};
  source.fill(batch, windows, tiny.split.training.targets_before);
  source.fill(batch, windows, tiny.split.training.targets_before);  // replaces, does not append
  REQUIRE(batch.samples() == 10);
  const Network::Inputs inputs = batch.inputs();
  const Network::Targets targets = batch.targets();
  std::vector<float> statics(41), series(5 * 8);
  for (int s = 0; s < 10; ++s) {
    const std::uint32_t window = windows[static_cast<std::size_t>(s)];
    tiny.dataset.write_sample(window, tiny_network(), tiny.scaler, statics.data(), series.data());
    const int block = s / nn::block_size, position = s % nn::block_size;
    for (int f = 0; f < 41; ++f)
      REQUIRE(inputs.statics.column(block, position)[f] == statics[static_cast<std::size_t>(f)]);
    REQUIRE(inputs.series.column(block, 7 * nn::block_size + position)[4] == series.back());
    for (int day = 0; day < 8; ++day)
      for (int sensor = 0; sensor < 5; ++sensor)
        REQUIRE(inputs.series.column(block, day * nn::block_size + position)[sensor] ==
                series[static_cast<std::size_t>(day * 5 + sensor)]);
    CHECK(targets.current.targets[s] == tiny.dataset.current_target(window));
    CHECK(targets.current.weights[s] == 1);
    for (std::size_t h = 0; h < 2; ++h) {
      const std::int8_t target = tiny.dataset.future_targets(window)[h];
      CHECK(targets.future[h].weights[s] == (target < 0 ? 0.0f : 1.0f));
      if (target >= 0) CHECK(targets.future[h].targets[s] == target);
    }
  }
}

TEST_CASE("targets from a day on are masked") {
  const TinyTraining tiny;
  SampleSource source(tiny.dataset, tiny_network(), tiny.scaler, tiny.split.training,
                      train::ClassWeights::none);
  Batch batch(tiny_network(), 1);
  const std::uint32_t window = 0;
  const stope::Day end = tiny.dataset.windows()[window].end;
  REQUIRE(tiny.dataset.future_targets(window)[0] >= 0);
  source.fill(batch, {&window, 1}, end + 2);
  CHECK(batch.targets().future[0].weights[0] == 1);
  CHECK(batch.targets().future[1].weights[0] == 0);
  source.fill(batch, {&window, 1}, end + 1);
  CHECK(batch.targets().future[0].weights[0] == 0);
  CHECK(batch.targets().current.weights[0] == 1);
}

TEST_CASE("balanced weights follow from the training windows") {
  const TinyTraining tiny;
  SampleSource source(tiny.dataset, tiny_network(), tiny.scaler, tiny.split.training,
                      train::ClassWeights::balanced);
  const stope::ClassCounts counts = tiny.dataset.class_counts(tiny.split.training);
  REQUIRE(counts.current[0] > 0);
  REQUIRE(counts.current[1] > 0);
  Batch batch(tiny_network(), 1);
  double sums[2] = {0, 0};
  std::vector<double> level_sums(stope::risk_level_count);
  for (const std::uint32_t window : tiny.split.training.windows) {
    source.fill(batch, {&window, 1}, tiny.split.training.targets_before);
    const Network::Targets targets = batch.targets();
    sums[targets.current.targets[0]] += static_cast<double>(targets.current.weights[0]);
    level_sums[static_cast<std::size_t>(targets.future[0].targets[0])] +=
        static_cast<double>(targets.future[0].weights[0]);
  }
  // n / (k · n_c): every class weighs n / k in sum, and n is the number of windows with a target.
  const double n = static_cast<double>(counts.current[0] + counts.current[1]);
  CHECK(std::abs(sums[0] - n / 2) < 1e-4 * n);
  CHECK(std::abs(sums[1] - n / 2) < 1e-4 * n);
  double labelled = 0, classes = static_cast<double>(stope::risk_level_count);
  for (const std::int64_t count : counts.future[0]) labelled += static_cast<double>(count);
  for (std::size_t level = 0; level < stope::risk_level_count; ++level) {
    const double expected = counts.future[0][level] > 0 ? labelled / classes : 0;
    CHECK(std::abs(level_sums[level] - expected) < 1e-4 * labelled);
  }
}

TEST_CASE("for an ablation one kind of input is zero everywhere, the other is as it was") {
  const TinyTraining tiny;
  const std::uint32_t window = tiny.split.training.windows.front();
  const auto sums = [&](SeenInputs seen) {
    SampleSource source(tiny.dataset, tiny_network(), tiny.scaler, tiny.split.training,
                        train::ClassWeights::none, seen);
    Batch batch(tiny_network(), 1);
    source.fill(batch, {&window, 1}, 1000000);
    const Network::Inputs inputs = batch.inputs();
    double statics = 0, series = 0;
    for (int i = 0; i < inputs.statics.features; ++i)
      statics += std::abs(static_cast<double>(inputs.statics.column(0, 0)[i]));
    for (int day = 0; day < inputs.series.steps; ++day)
      for (int i = 0; i < inputs.series.features; ++i)
        series += std::abs(static_cast<double>(inputs.series.column(0, day * nn::block_size)[i]));
    return std::pair(statics, series);
  };
  const auto all = sums(SeenInputs::all);
  CHECK(all.first > 1);
  CHECK(all.second > 1);
  CHECK(sums(SeenInputs::statics) == std::pair(all.first, 0.0));
  CHECK(sums(SeenInputs::series) == std::pair(0.0, all.second));
}

TEST_CASE("in an ablation the summary goes with the series, and the prior with either") {
  const TinyTraining tiny;
  stope::NetworkSpecification network = tiny_network();
  network.summary_features = static_cast<int>(stope::summary_feature_count);
  network.rule_prior = true;
  const std::uint32_t window = tiny.split.training.windows.front();
  // Which of statics, summary and prior have anything.
  const auto seen_parts = [&](SeenInputs seen) {
    SampleSource source(tiny.dataset, network, tiny.scaler, tiny.split.training, train::ClassWeights::none,
                        seen);
    Batch batch(network, 1);
    source.fill(batch, {&window, 1}, 1000000);
    const float* features = batch.inputs().statics.column(0, 0);
    const int ends[] = {network.static_features, network.static_features + network.summary_features,
                        network.sample_features()};
    std::string parts;
    for (int part = 0, at = 0; part < 3; ++part) {
      bool any = false;
      for (; at < ends[part]; ++at) any = any || features[at] != 0;
      parts += any ? '1' : '0';
    }
    return parts;
  };
  CHECK(seen_parts(SeenInputs::all) == "111");
  CHECK(seen_parts(SeenInputs::statics) == "100");
  CHECK(seen_parts(SeenInputs::series) == "010");
}
