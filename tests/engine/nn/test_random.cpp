#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/nn/random.h"

using namespace deepmine;

TEST_CASE("philox gives the published known answers") {
  // kat_vectors of Random123 for philox4x32-10.
  CHECK(philox(0, 0, 0) == std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox(~0ull, ~0ull, ~0ull) ==
        std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox(0x299f31d0a4093822ull, 0x85a308d3243f6a88ull, 0x0370734413198a2eull) ==
        std::array<std::uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("derived keys differ by purpose and are repeatable") {
  std::set<RandomKey> keys;
  for (std::uint64_t purpose = 0; purpose < 1000; ++purpose) keys.insert(derive_key(42, purpose));
  CHECK(keys.size() == 1000);
  CHECK(derive_key(42, "dropout") == derive_key(42, "dropout"));
  CHECK(derive_key(42, "dropout") != derive_key(42, "shuffle"));
}

TEST_CASE("uniform and normal numbers have the right moments") {
  RandomStream random(derive_key(7, "moments"));
  const int draws = 200000;
  double uniform_sum = 0, normal_sum = 0, normal_squares = 0;
  for (int i = 0; i < draws; ++i) {
    const double u = random.uniform(), n = random.normal();
    REQUIRE(u >= 0.0);
    REQUIRE(u < 1.0);
    uniform_sum += u;
    normal_sum += n;
    normal_squares += n * n;
  }
  CHECK(std::abs(uniform_sum / draws - 0.5) < 0.003);
  CHECK(std::abs(normal_sum / draws) < 0.01);
  CHECK(std::abs(normal_squares / draws - 1.0) < 0.02);
}

TEST_CASE("below covers its range and shuffle keeps every value") {
  RandomStream random(3);
  std::array<int, 7> counts{};
  for (int i = 0; i < 7000; ++i) ++counts[random.below(7)];
  for (const int count : counts) CHECK(count > 850);
  std::vector<int> values(100);
  for (int i = 0; i < 100; ++i) values[static_cast<std::size_t>(i)] = i;
  const auto sorted = values;
  random.shuffle(values);
  CHECK(values != sorted);
  std::sort(values.begin(), values.end());
  CHECK(values == sorted);
}
