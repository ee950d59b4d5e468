// training_benchmark: how fast the full network is trained. A step is what a training makes of a batch: put
// the samples in place, forward with dropout, the losses of all heads, backward, clipping, Adam.
#include <memory>

#include "benchmarks/clocks.h"
#include "benchmarks/operation_count.h"
#include "benchmarks/profile.h"
#include "benchmarks/program.h"
#include "benchmarks/synthetic.h"
#include "engine/train/training_step.h"

using namespace deepmine;

namespace {

using lifecycle::Network;

constexpr const char* examples =
    "training_benchmark                             # batch 32, all cores\n"
    "training_benchmark --threads 1,2 --steps 500\n"
    "training_benchmark --batch 32,256 --json       # one line of JSON for each batch size\n"
    "training_benchmark --profile --threads 1       # where the time goes, by layer\n"
    "DEEPMINE_KERNELS=avx2 training_benchmark       # with these kernels: avx512, avx2, reference";

constexpr const char* description =
    "Times training steps of the full network on synthetic samples: forward with dropout, all losses,\n"
    "backward, clipping, Adam. First it checks that the gradients agree with those of the reference kernels\n"
    "and that one and N threads give the same bits; if not, it times nothing.\n"
    "Exit codes: 0 done, 1 failure or a wrong answer, 2 usage.";

struct Training {
  Training(const Network& network, const nn::Kernels<float>& kernels, int size)
      : parameters(benchmarks::synthetic_parameters(network)),
        step(network, parameters, plan, size, kernels),
        batch(network.specification(), size),
        data(network.specification(), 4 * size) {}

  void run(int threads) {
    data.fill(batch, first, batch.capacity());
    first = (first + batch.capacity()) % data.count();
    step.step(batch.inputs(), batch.targets(), batch.capacity(), plan.learning_rate, threads);
  }

  train::TrainingPlan plan;
  nn::Parameters<float> parameters;
  train::TrainingStep<Network, float> step;
  lifecycle::Batch batch;
  benchmarks::SyntheticSamples data;
  int first = 0;
};

benchmarks::Workload prepare(const Network& network, const nn::Kernels<float>& kernels, int batch,
                             int threads) {
  const auto training = std::make_shared<Training>(network, kernels, batch);
  return {[training, threads] { training->run(threads); },
          benchmarks::operation_count(network.specification()).training_step,
          std::min(threads, nn::BatchShape{batch}.lanes())};
}

/// Steps through kernels that look at the clock, which slows the many small products of attention a little.
std::string profile(const Network& network, const nn::Kernels<float>& kernels, int batch, int threads,
                    int steps) {
  if (steps == 0) steps = 100;
  const int threads_used = std::min(threads, nn::BatchShape{batch}.lanes());
  benchmarks::Profile profile(kernels, network.layout());
  Training training(network, profile.kernels(), batch);
  profile.watch(training.parameters.view(), training.step.gradients(), nn::BatchShape{batch}.lanes());
  benchmarks::Ceiling ceiling(network.specification(), kernels, threads_used);
  for (int i = 0; i < 5; ++i) training.run(threads);
  profile.clear();
  const double cpu_before = benchmarks::cpu_seconds();
  for (int i = 0; i < steps; ++i) training.run(threads);
  const double cpu = benchmarks::cpu_seconds() - cpu_before;
  return benchmarks::profile_text(profile.entries(), steps, threads_used, cpu, ceiling.measure(0.5).product);
}

}  // namespace

int main(int argument_count, char** arguments) {
  const benchmarks::Program program{{"training_benchmark", description, examples,
                                     "Samples of a batch; several numbers: one after the other", 2, true},
                                    "training",
                                    {{benchmarks::default_threads()}, {32}},
                                    benchmarks::check_training,
                                    prepare,
                                    profile};
  return benchmarks::run_program(program, argument_count, arguments);
}
