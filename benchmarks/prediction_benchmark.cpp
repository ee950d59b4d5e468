// prediction_benchmark: how fast the full network answers. A step is what a prediction makes of a batch: put
// the samples in place, forward, read the logits of every sample.
#include <memory>

#include "benchmarks/operation_count.h"
#include "benchmarks/program.h"
#include "benchmarks/synthetic.h"
#include "lifecycle/network_runner.h"

using namespace deepmine;

namespace {

using lifecycle::Network;

constexpr const char* examples =
    "prediction_benchmark                           # batches of 1 and of 256, all cores\n"
    "prediction_benchmark --threads 1 --batch 1     # the latency of one answer\n"
    "prediction_benchmark --batch 1,32,256 --json   # one line of JSON for each batch size\n"
    "DEEPMINE_KERNELS=avx2 prediction_benchmark     # with these kernels: avx512, avx2, reference";

constexpr const char* description =
    "Times predictions of the full network on synthetic samples. First it checks that the logits agree with\n"
    "those of the reference kernels and that a sample gets the same bits alone as in a batch; if not, it "
    "times\n"
    "nothing.\n"
    "Exit codes: 0 done, 1 failure or a wrong answer, 2 usage.";

struct Prediction {
  Prediction(const Network& network, const nn::Kernels<float>& kernels, int size, int threads)
      : prediction(network.specification(), kernels),
        runner(prediction, size, threads),
        data(network.specification(), 4 * size) {
    prediction.take(benchmarks::synthetic_parameters(network).view());
  }

  void run() {
    const int size = runner.batch().capacity();
    data.fill(runner.batch(), first, size);
    first = (first + size) % data.count();
    runner.run();
    for (int sample = 0; sample < size; ++sample) sum = sum + runner.logits_view(sample)[0];
  }

  lifecycle::PredictionNetwork prediction;
  lifecycle::NetworkRunner runner;
  benchmarks::SyntheticSamples data;
  int first = 0;
  volatile float sum = 0;  // or the compiler might leave the reading out
};

benchmarks::Workload prepare(const Network& network, const nn::Kernels<float>& kernels, int batch,
                             int threads) {
  const auto prediction = std::make_shared<Prediction>(network, kernels, batch, threads);
  return {[prediction] { prediction->run(); }, benchmarks::operation_count(network.specification()).forward,
          prediction->runner.threads_for(batch)};
}

}  // namespace

int main(int argument_count, char** arguments) {
  const benchmarks::Program program{{"prediction_benchmark", description, examples,
                                     "Samples of a batch; several numbers: one after the other", 1},
                                    "prediction",
                                    {{benchmarks::default_threads()}, {1, 256}},
                                    benchmarks::check_prediction,
                                    prepare};
  return benchmarks::run_program(program, argument_count, arguments);
}
