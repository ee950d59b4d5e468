// Same seed, same data, same kernel path: the same bits for any number of threads (docs/determinism.md).
#include <doctest/doctest.h>

#include "engine/nn/kernels/select.h"
#include "tests/engine/nn/small_network.h"

using namespace deepmine;
using namespace deepmine::nn;
using namespace deepmine::nn::test;

namespace {

struct Run {
  std::vector<double> losses;
  std::vector<float> values;
  bool operator==(const Run&) const = default;
};

Run train(int samples, int threads, const Kernels<float>& kernels, int steps = 5) {
  SmallNetwork network(samples, kernels);
  Run run;
  for (int step = 0; step < steps; ++step) run.losses.push_back(network.train_step(threads));
  run.values = network.values();
  return run;
}

}  // namespace

TEST_CASE("training gives the same bits on 1, 2, 3, 4 and 8 threads, with every kernel path") {
  for (const Kernels<float>* kernels : available_kernels())
    for (const int samples : {70, 13}) {  // two blocks in some lanes; fewer lanes than threads
      INFO(std::string(kernels->name), ", ", samples, " samples");
      const Run expected = train(samples, 1, *kernels);
      for (const int threads : {2, 3, 4, 8}) CHECK(train(samples, threads, *kernels) == expected);
    }
}

TEST_CASE("the small network learns, so that equal bits are not equal nothing") {
  const Run run = train(70, 2, default_kernels(), 40);
  INFO("loss from ", run.losses.front(), " to ", run.losses.back());
  CHECK(run.losses.back() < 0.9 * run.losses.front());
  CHECK(train(70, 1, default_kernels()).values != train(70, 1, default_kernels(), 4).values);
}
