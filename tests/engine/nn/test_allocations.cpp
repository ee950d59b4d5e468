// A training step allocates nothing after the first one.
#include <doctest/doctest.h>

#include <memory>

#include "engine/nn/kernels/select.h"
#include "tests/engine/nn/allocation_counter.h"
#include "tests/engine/nn/small_network.h"

using namespace deepmine::nn;
using deepmine::nn::test::allocations;

TEST_CASE("the counter counts") {
  const long before = allocations;
  const auto number = std::make_unique<int>(3);
  CHECK(*number == 3);
  CHECK(allocations > before);
}

TEST_CASE("a training step allocates nothing after the first one") {
  for (const int threads : {1, 2, 3}) {
    test::SmallNetwork network(70, default_kernels());
    network.train_step(threads);  // OpenMP makes its threads here
    const long before = allocations;
    for (int step = 0; step < 3; ++step) network.train_step(threads);
    const long made = allocations - before;
    INFO(threads, " threads");
    CHECK(made == 0);
  }
}
