#include "benchmarks/program.h"

#include <algorithm>
#include <exception>

#include "apps/context.h"
#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"

namespace deepmine::benchmarks {
namespace {

Report measure(const Program& program, const lifecycle::Network& network, int batch, int threads, int steps) {
  const nn::Kernels<float>& kernels = nn::default_kernels();
  Report report;
  report.workload = program.workload;
  report.kernels = kernels.name;
  report.threads = threads;
  report.batch = batch;
  report.check = program.check(network, kernels, batch, threads);

  reset_peak_memory();
  const Workload workload = program.prepare(network, kernels, batch, threads);
  report.threads_used = workload.threads_used;
  report.operations_per_sample = workload.operations_per_sample;
  Ceiling ceiling(network.specification(), kernels, threads);
  report.measurement = summarise(time_in_rounds(workload.step, steps, ceiling),
                                 workload.operations_per_sample * batch, report.threads_used);
  report.peak_memory_mb = peak_memory_mb();
  return report;
}

int run_workloads(const Program& program, const Options& options) {
  const lifecycle::Network network{stope::NetworkSpecification{}};
  for (const int threads : options.threads)
    for (const int batch : options.batches) {
      if (options.profile) {
        apps::print_result(program.profile(network, nn::default_kernels(), batch, threads, options.steps));
        continue;
      }
      const Report report = measure(program, network, batch, threads, options.steps);
      apps::print_result(options.json ? json_line(report) : readable_text(report));
    }
  return 0;
}

}  // namespace

int run_program(const Program& program, int argument_count, const char* const* arguments) {
  int code = exit_code(ErrorCode::failure);
  std::string problem;
  try {
    Options options = program.defaults;
    const int end = read_options(argument_count, arguments, program.text, options);
    return end >= 0 ? end : run_workloads(program, options);
  } catch (const Error& error) {
    code = exit_code(error.code());
    problem = error.what();
  } catch (const std::exception& error) {
    problem = error.what();
  }
  apps::print_warning(std::string(program.text.name) + ": " + problem);
  return code;
}

}  // namespace deepmine::benchmarks
