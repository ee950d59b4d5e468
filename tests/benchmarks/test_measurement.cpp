// What many rounds come to.
#include <doctest/doctest.h>

#include "benchmarks/measurement.h"
#include "benchmarks/statistics.h"

using namespace deepmine::benchmarks;

namespace {

Round round_of(std::vector<double> latencies, double cpu_over_wall, double product) {
  Round round;
  round.latencies = std::move(latencies);
  round.cpu_over_wall = cpu_over_wall;
  round.cpu_a_step = 2;
  round.involuntary_context_switches = 3;
  round.ceiling = {product, 2 * product, product / 2};
  return round;
}

}  // namespace

TEST_CASE("quantiles lie between the two nearest values") {
  CHECK(median({3, 1, 2}) == 2);
  CHECK(median({4, 1, 3, 2}) == 2.5);
  CHECK(quantile({5, 1, 3}, 0) == 1);
  CHECK(quantile({5, 1, 3}, 1) == 5);
  CHECK(quantile({0, 10}, 0.99) == doctest::Approx(9.9));
  CHECK(quantile({7}, 0.25) == 7);
}

TEST_CASE("a disturbed round is left out") {
  const Measurement m = summarise(
      {round_of({1, 1, 1}, 1.99, 4), round_of({9, 9, 9}, 1.85, 1), round_of({2, 2, 2}, 2, 8)}, 4e9, 2);
  CHECK(m.steps == 6);
  CHECK(m.rounds == 3);
  CHECK(m.rounds_discarded == 1);
  CHECK(!m.disturbed);
  CHECK(m.latency_best == 1);
  CHECK(m.latency_median == 1.5);
  CHECK(m.ceiling_product == 6);
  CHECK(m.ceiling_product_best == 8);
  CHECK(m.ceiling_fma == 12);
  CHECK(m.share_of_ceiling == doctest::Approx((1.0 + 0.25) / 2));
  CHECK(m.share_of_ceiling_by_cpu_time == doctest::Approx((1.0 + 0.5) / 2));
  CHECK(m.involuntary_context_switches == 9);
}

TEST_CASE("where most rounds are disturbed all count, and the result says so") {
  const Measurement m =
      summarise({round_of({1}, 0.5, 1), round_of({2}, 0.5, 1), round_of({3}, 1, 1)}, 1e9, 1);
  CHECK(m.disturbed);
  CHECK(m.rounds_discarded == 0);
  CHECK(m.latency_median == 2);
}

TEST_CASE("the memory of a large piece shows in the peak") {
  const double before = peak_memory_mb();
  CHECK(before > 0);
  { const std::vector<char> large(100000000, 1); }
  CHECK(peak_memory_mb() > before + 90);
}
