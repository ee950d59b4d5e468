#include "benchmarks/program.h"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <optional>
#include <vector>

#include "apps/context.h"
#include "benchmarks/command_line.h"
#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"

namespace deepmine::benchmarks {
namespace {

/// One workload: checked and prepared once, measured as often as wanted.
class PreparedWorkload {
 public:
  PreparedWorkload(const Program& program, const lifecycle::Network& network, int batch, int threads)
      : kernels_(nn::default_kernels()) {
    report_.workload = program.workload;
    report_.kernels = kernels_.name;
    report_.threads = threads;
    report_.batch = batch;
    report_.days = network.specification().days;
    report_.hidden_units = network.specification().temporal_units;
    report_.check = program.check(network, kernels_, batch, threads);
    reset_peak_memory();
    workload_ = program.prepare(network, kernels_, batch, threads);
    report_.threads_used = workload_.threads_used;
    report_.operations_per_sample = workload_.operations_per_sample;
    ceiling_.emplace(network.specification(), kernels_, threads);
  }

  Report measure(int steps) {
    report_.measurement = summarise(time_in_rounds(workload_.step, steps, *ceiling_),
                                    report_.operations_per_sample * report_.batch, report_.threads_used);
    report_.peak_memory_mb = peak_memory_mb();
    return report_;
  }

 private:
  const nn::Kernels<float>& kernels_;
  Report report_;
  Workload workload_;
  std::optional<Ceiling> ceiling_;
};

void measure_on_request(PreparedWorkload& workload, const std::function<void(const Report&)>& print) {
  for (std::string line; std::getline(std::cin, line);) {
    int steps = 0;
    const auto [end, problem] = std::from_chars(line.data(), line.data() + line.size(), steps);
    if (problem != std::errc{} || end != line.data() + line.size() || steps < 1)
      throw Error(ErrorCode::usage, "standard input: expected a number of steps, found '" + line + "'");
    print(workload.measure(steps));
  }
}

/// The full network for so many days, or with all its layers but the heads in proportion to `hidden_units`.
stope::NetworkSpecification specification_of(int static_features, int days, int hidden_units) {
  stope::NetworkSpecification specification;
  const int usual = specification.temporal_units;
  specification.static_features = static_features;
  specification.days = days;
  if (hidden_units == usual) return specification;
  for (int* units : {&specification.static_units, &specification.temporal_units, &specification.branch_units,
                     &specification.self_attention_heads, &specification.cross_attention_heads,
                     &specification.shared_units, &specification.shared_output_units})
    *units = std::max(1, *units * hidden_units / usual);
  return specification;
}

struct WorkloadSize {
  int threads, batch, days, hidden_units;
};
std::vector<WorkloadSize> sizes_of(const Options& options) {
  std::vector<WorkloadSize> sizes;
  for (const int threads : options.threads)
    for (const int batch : options.batches)
      for (const int days : options.days)
        for (const int hidden_units : options.hidden_units)
          sizes.push_back({threads, batch, days, hidden_units});
  return sizes;
}

int run_workloads(const Program& program, const Options& options) {
  const std::vector<WorkloadSize> sizes = sizes_of(options);
  if (options.on_request && (options.profile || sizes.size() != 1))
    throw Error(ErrorCode::usage, "--on-request goes with one workload, and without --profile");
  const auto print = [&](const Report& report) {
    apps::print_result(options.json ? json_line(report) : readable_text(report));
  };
  for (const auto& [threads, batch, days, hidden_units] : sizes) {
    const lifecycle::Network network{specification_of(options.static_features, days, hidden_units)};
    if (options.profile) {
      apps::print_result(program.profile(network, nn::default_kernels(), batch, threads, options.steps));
      continue;
    }
    PreparedWorkload workload(program, network, batch, threads);
    if (options.on_request)
      measure_on_request(workload, print);
    else
      print(workload.measure(options.steps));
  }
  return 0;
}

}  // namespace

int run_program(const Program& program, int argument_count, const char* const* arguments) {
  return run_main(program.text.name, [&] {
    Options options = program.defaults;
    const int end = read_options(argument_count, arguments, program.text, options);
    return end >= 0 ? end : run_workloads(program, options);
  });
}

}  // namespace deepmine::benchmarks
