#include <doctest/doctest.h>

#include <set>

#include "lifecycle/run_identity.h"
#include "tests/lifecycle/tiny_training.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

io::RunIdentity identity() {
  io::RunIdentity identity;
  identity.data = {std::string(64, 'a'), 12, 600, 300};
  identity.split.training_stopes = {"A", "B"};
  identity.kernel_path = "avx2";
  identity.numerics_version = 1;
  return identity;
}

template <class Change>
std::vector<std::string> after(Change change) {
  io::RunIdentity now = identity();
  change(now);
  return differences(identity(), now);
}

}  // namespace

TEST_CASE("the differences between two runs are named") {
  using Lines = std::vector<std::string>;
  using Identity = io::RunIdentity;
  CHECK(after([](Identity&) {}).empty());
  CHECK(after([](Identity& now) { now.plan.seed = 6; }) == Lines{"plan.seed: 0 when the run began, 6 now"});
  CHECK(after([](Identity& now) {
          now.plan.learning_rate = 0.5;
          now.kernel_path = "reference";
        }) == Lines{"plan.learning_rate: 0.001 when the run began, 0.5 now",
                    "kernel_path: avx2 when the run began, reference now"});
  CHECK(after([](Identity& now) {
          now.split.training_stopes = {"A", "C"};
        }) == Lines{"split.training_stopes: 2 entries when the run began, others now"});
  CHECK(after([](Identity& now) { now.split.training_stopes = {"A"}; }) ==
        Lines{"split.training_stopes: 2 entries when the run began, 1 now"});
  CHECK(after([](Identity& now) { now.network.cross_attention = stope::CrossAttention::pooled; }) ==
        Lines{"network.cross_attention: days when the run began, pooled now"});
  CHECK(after([](Identity& now) { now.settings.data.largest_filled_gap = 9; }) ==
        Lines{"settings.data.largest_filled_gap: 3 when the run began, 9 now"});
  CHECK(after([](Identity& now) { now.numerics_version = 2; }).size() == 1);
  CHECK(after([](Identity& now) { now.data.sha256 = std::string(64, 'b'); }).size() == 1);
  CHECK(after([](Identity& now) { now.records_sha256 = "x"; }).size() == 1);
  CHECK(after([](Identity& now) { now.plan.l2 = -0.0; }).size() == 1);
}

TEST_CASE("two zeros that differ in their bits alone are a difference, too") {
  io::RunIdentity begun = identity(), now = identity();
  begun.split.test_fraction = 0.0;
  now.split.test_fraction = -0.0;
  CHECK(differences(begun, now).size() == 1);
}

TEST_CASE("every value of the records counts, and their order") {
  const std::vector<stope::StopeRecord> records = simulated_records(3, 4);
  std::set<std::string> hashes{records_sha256(records)};
  CHECK(hashes.begin()->size() == 64);
  CHECK(records_sha256(records) == *hashes.begin());
  std::size_t changes = 1;
  const auto check = [&](auto&& change) {
    std::vector<stope::StopeRecord> changed = records;
    change(changed);
    hashes.insert(records_sha256(changed));
    CHECK(hashes.size() == ++changes);
  };
  using Records = std::vector<stope::StopeRecord>;
  check([](Records& r) { r[0].name += "x"; });
  for (const stope::StaticColumn& column : stope::static_columns)
    check([&](Records& r) { r[1].statics.*column.value += 0.5; });
  check([](Records& r) { r[1].statics.direction = "?"; });
  check([](Records& r) { r[1].statics.rock_type = "?"; });
  check([](Records& r) { r[1].statics.support_type = "?"; });
  check([](Records& r) { r[1].statics.support_installed = !r[1].statics.support_installed; });
  check([](Records& r) { r[1].statics.stable = !*r[1].statics.stable; });
  check([](Records& r) { r[1].statics.stable.reset(); });
  check([](Records& r) { r[2].readings.first_day += 1; });
  check([](Records& r) { r[2].readings.days.pop_back(); });
  for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor) {
    check([&](Records& r) { r[2].readings.days[1][sensor] = 1e-9; });
    if (!stope::is_missing(records[2].readings.days[1][sensor]))
      check([&](Records& r) { r[2].readings.days[1][sensor] = stope::missing; });
  }
  check([](Records& r) { std::swap(r[0], r[1]); });
  check([](Records& r) { r.pop_back(); });
}
