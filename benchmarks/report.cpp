#include "benchmarks/report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "apps/terminal.h"

namespace deepmine::benchmarks {
namespace {

using Json = nlohmann::ordered_json;

Json number_or_null(double value) {
  return value > 0 ? Json(value) : Json(nullptr);
}

double microseconds(double seconds) {
  return 1e6 * seconds;
}

std::string rounded(double number) {
  return apps::with_thousands(static_cast<long long>(number + 0.5));
}

std::string machine_text(const Measurement& m) {
  std::string text =
      fmt::format("CPU time over wall time {:.2f}, {} involuntary context switches", m.cpu_over_wall,
                  rounded(static_cast<double>(m.involuntary_context_switches)));
  if (m.rounds_discarded > 0)
    text += fmt::format(", {} of {} rounds disturbed and left out", m.rounds_discarded, m.rounds);
  if (m.disturbed)
    text += "\n              DISTURBED by other programs in most rounds: trust none of these figures";
  return text;
}

std::string arithmetic_text(const Report& report) {
  const Measurement& m = report.measurement;
  std::string text = fmt::format("{:.1f} GFLOP/s: {:.0f} % of the {:.1f} of the network's largest product",
                                 report.gflops(), 100 * m.share_of_ceiling, m.ceiling_product);
  if (m.ceiling_fma > 0)
    text += fmt::format(", {:.0f} % of the {:.1f} of multiply-adds alone",
                        100 * report.gflops() / m.ceiling_fma, m.ceiling_fma);
  return text;
}

}  // namespace

std::string json_line(const Report& report) {
  const Measurement& m = report.measurement;
  Json json;
  json["workload"] = report.workload;
  json["kernels"] = report.kernels;
  json["threads"] = report.threads;
  json["threads_used"] = report.threads_used;
  json["batch"] = report.batch;
  json["days"] = report.days;
  json["hidden_units"] = report.hidden_units;
  json["steps"] = m.steps;
  json["samples_per_s"] = report.samples_per_second();
  json["samples_per_s_best"] = report.batch / m.latency_best;
  json["latency_us_median"] = microseconds(m.latency_median);
  json["latency_us_p99"] = microseconds(m.latency_p99);
  json["latency_us_quartiles"] = {microseconds(m.latency_quartile_1), microseconds(m.latency_quartile_3)};
  json["spread"] = (m.latency_quartile_3 - m.latency_quartile_1) / m.latency_median;
  json["operations_per_sample"] = report.operations_per_sample;
  json["gflops"] = report.gflops();
  json["ceiling_gflops"] = m.ceiling_product;
  json["ceiling_gflops_best"] = m.ceiling_product_best;
  json["share_of_ceiling"] = m.share_of_ceiling;
  json["share_of_ceiling_by_cpu_time"] = m.share_of_ceiling_by_cpu_time;
  json["fma_gflops"] = number_or_null(m.ceiling_fma);
  json["peak_rss_mb"] = report.peak_memory_mb;
  json["cpu_us_per_step"] = microseconds(m.cpu_a_step);
  json["cpu_over_wall"] = m.cpu_over_wall;
  json["involuntary_context_switches"] = m.involuntary_context_switches;
  json["rounds"] = m.rounds;
  json["rounds_discarded"] = m.rounds_discarded;
  json["disturbed"] = m.disturbed;
  json["check"] = {{"passed", true},
                   {"what", report.check.what},
                   {"difference", report.check.difference},
                   {"limit", report.check.limit}};
  return json.dump() + "\n";
}

std::string readable_text(const Report& report) {
  const Measurement& m = report.measurement;
  return fmt::format(
      "{}: {} kernels, threads: {} ({} used), batch {}, {} days, {} hidden units, {} steps\n"
      "  answer      {:.1e} (limit {:.0e}): {}\n"
      "  throughput  {} samples/s (best {})\n"
      "  latency     {} µs a step (quartiles {} and {}, 99 % below {})\n"
      "  arithmetic  {}\n"
      "  CPU time    {} µs a step: {:.0f} % of that product by CPU time\n"
      "  machine     {}\n"
      "  memory      {} MB at most\n",
      report.workload, report.kernels, report.threads, report.threads_used, report.batch, report.days,
      report.hidden_units, rounded(m.steps), report.check.difference, report.check.limit, report.check.what,
      rounded(report.samples_per_second()), rounded(report.batch / m.latency_best),
      rounded(microseconds(m.latency_median)), rounded(microseconds(m.latency_quartile_1)),
      rounded(microseconds(m.latency_quartile_3)), rounded(microseconds(m.latency_p99)),
      arithmetic_text(report), rounded(microseconds(m.cpu_a_step)), 100 * m.share_of_ceiling_by_cpu_time,
      machine_text(m), rounded(report.peak_memory_mb));
}

}  // namespace deepmine::benchmarks
