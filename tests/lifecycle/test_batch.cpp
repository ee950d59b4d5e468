#include <doctest/doctest.h>

#include <numeric>

#include "lifecycle/batch.h"
#include "tests/lifecycle/tiny_training.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

struct Sample {
  std::vector<float> statics, series;
  explicit Sample(float first) : statics(41), series(5 * 8) {
    std::iota(statics.begin(), statics.end(), first);
    std::iota(series.begin(), series.end(), first + 1000);
  }
};

}  // namespace

TEST_CASE("samples lie in blocks, one column a sample, one group of columns a day") {
  Batch batch(tiny_network(), 10);
  CHECK(batch.capacity() == 10);
  for (int s = 0; s < 10; ++s) {
    const Sample sample(static_cast<float>(100 * s));
    CHECK(batch.add(sample.statics, sample.series) == s);
  }
  CHECK(batch.samples() == 10);
  const Network::Inputs inputs = batch.inputs();
  CHECK(inputs.statics.features == 41);
  CHECK(inputs.series.steps == 8);
  for (int s : {0, 7, 8, 9}) {
    const int block = s / nn::block_size, position = s % nn::block_size;
    const Sample sample(static_cast<float>(100 * s));
    for (int f = 0; f < 41; ++f)
      REQUIRE(inputs.statics.column(block, position)[f] == sample.statics[static_cast<std::size_t>(f)]);
    for (int day = 0; day < 8; ++day)
      for (int f = 0; f < 5; ++f)
        REQUIRE(inputs.series.column(block, day * nn::block_size + position)[f] ==
                sample.series[static_cast<std::size_t>(day * 5 + f)]);
  }
}

TEST_CASE("a smaller batch leaves nothing of the larger one before it in its padding") {
  Batch batch(tiny_network(), 8);
  for (int s = 0; s < 8; ++s) {
    const Sample sample(1);
    batch.add(sample.statics, sample.series);
    batch.set_targets(1, 1, std::vector<std::int8_t>{1, 2}, std::vector<float>{1, 1});
  }
  batch.inputs();
  batch.clear();
  const Sample sample(5);
  batch.add(sample.statics, sample.series);
  const Network::Inputs inputs = batch.inputs();
  CHECK(inputs.statics.column(0, 0)[0] == 5);
  for (int s = 1; s < 8; ++s) {
    for (int f = 0; f < 41; ++f) CHECK(inputs.statics.column(0, s)[f] == 0);
    for (int day = 0; day < 8; ++day) CHECK(inputs.series.column(0, day * nn::block_size + s)[0] == 0);
  }
  CHECK(batch.targets().current.weights[0] == 0);  // without targets nothing is learnt
}

TEST_CASE("targets and weights stand by head; a masked target has no weight") {
  Batch batch(tiny_network(), 3);
  const Sample sample(0);
  for (int s = 0; s < 3; ++s) {
    batch.add(sample.statics, sample.series);
    const bool known = s != 1;
    batch.set_targets(known ? 1 : stope::masked, 0.5f,
                      std::vector<std::int8_t>{static_cast<std::int8_t>(s), stope::masked},
                      std::vector<float>{2, 3});
  }
  const Network::Targets targets = batch.targets();
  for (int s = 0; s < 3; ++s) {
    CHECK(targets.current.weights[s] == (s == 1 ? 0.0f : 0.5f));
    CHECK(targets.future[0].targets[s] == s);
    CHECK(targets.future[0].weights[s] == 2);
    CHECK(targets.future[1].weights[s] == 0);
    CHECK(targets.future[1].targets[s] >= 0);  // no index outside the classes, even unread
  }
  CHECK(targets.current.targets[0] == 1);
}
