// The operations of the network, against figures worked out by hand.
#include <doctest/doctest.h>

#include "benchmarks/operation_count.h"

using namespace deepmine;
using benchmarks::operation_count;

TEST_CASE("the full network: 19.5 MFLOP forward, 58.3 MFLOP a training step") {
  stope::NetworkSpecification specification;
  specification.cross_attention = stope::CrossAttention::pooled;
  const auto pooled = operation_count(specification);
  CHECK(pooled.forward == doctest::Approx(19.5e6).epsilon(0.003));
  CHECK(pooled.training_step == doctest::Approx(58.3e6).epsilon(0.003));

  specification.cross_attention = stope::CrossAttention::days;
  const auto days = operation_count(specification);
  CHECK(days.forward / pooled.forward == doctest::Approx(1.025).epsilon(0.001));
}

TEST_CASE("a network of one unit everywhere, product by product") {
  stope::NetworkSpecification s;
  s.static_features = s.sensors = s.risk_levels = 1;
  s.days = 2;
  s.horizons = {1};
  s.static_units = s.temporal_units = s.branch_units = s.self_attention_heads = s.cross_attention_heads = 1;
  s.key_size = s.shared_units = s.shared_output_units = s.head_units = 1;
  s.cross_attention = stope::CrossAttention::days;
  // Multiplications: three static layers 3; three LSTMs of 2 days, 4 gates, input and recurrent, 3 · 16;
  // self- attention: four projections of 2 days 8, scores and sums 4 each; cross-attention: query and output
  // 1 each, keys and values of 2 days 4, scores and sums 2 each; shared 3 + 1; heads 2 and 3.
  const double multiplications = 3 + 48 + (8 + 8) + (2 + 4 + 4) + 4 + 2 + 3;
  CHECK(operation_count(s).forward == 2 * multiplications);
  // No gradient goes back into the statics (1) and the series (8).
  CHECK(operation_count(s).training_step == 2 * (3 * multiplications - 1 - 8));
}

TEST_CASE("every size of the network counts") {
  const stope::NetworkSpecification full;
  const auto count_with = [&](auto change) {
    stope::NetworkSpecification changed = full;
    change(changed);
    return operation_count(changed).forward;
  };
  const double before = operation_count(full).forward;
  CHECK(count_with([](auto& s) { ++s.static_features; }) == before + 2 * 128);
  CHECK(count_with([](auto& s) { ++s.sensors; }) == before + 2 * 512 * 30);
  CHECK(count_with([](auto& s) { s.horizons.pop_back(); }) == before - 2 * (64 * 32 + 32 * 36 + 36 * 6));
  CHECK(count_with([](auto& s) { ++s.head_units; }) > before);
  CHECK(count_with([](auto& s) { ++s.days; }) > before);
  CHECK(count_with([](auto& s) { s.key_size *= 2; }) > before);
}
