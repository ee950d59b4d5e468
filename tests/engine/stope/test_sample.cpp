#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "engine/stope/dataset.h"
#include "engine/stope/rule_prior.h"
#include "engine/stope/sample.h"
#include "tests/engine/stope/reference_data.h"

using namespace deepmine::stope;

namespace {

constexpr Day start = 19000;

struct Case {
  Dataset dataset{{{"a", plain_record(), plain_readings(start, 40)}}, SiteSettings{}};
  WindowSelection all;
  InputScaler scaler;

  Case() {
    for (std::uint32_t w = 0; w < dataset.windows().size(); ++w) all.windows.push_back(w);
    scaler = fit_input_scaler(dataset, all);
  }
  std::vector<float> features(const NetworkSpecification& specification, std::size_t window) const {
    std::vector<float> result(static_cast<std::size_t>(specification.sample_features()), 77);
    std::vector<float> series(150, 77);
    dataset.write_sample(window, specification, scaler, result.data(), series.data());
    CHECK(std::count(series.begin(), series.end(), 77.0F) == 0);
    return result;
  }
};

}  // namespace

TEST_CASE("a sample is its statics, the scaled summary and the prior, one below the other") {
  const Case c;
  const NetworkSpecification compact = compact_network();
  REQUIRE(compact.sample_features() == 41 + 40 + 30);
  const std::vector<float> features = c.features(compact, 5);
  CHECK(std::count(features.begin(), features.end(), 77.0F) == 0);

  const PreparedStope& stope = c.dataset.stopes()[0];
  const auto window = stope.readings.window(c.dataset.windows()[5].end, 30);
  std::array<float, static_feature_count> statics{};
  c.scaler.write_statics(stope.features, statics.data());
  CHECK(std::equal(statics.begin(), statics.end(), features.begin()));

  std::array<double, summary_feature_count> summary{};
  write_summary_features(window, summary.data());
  for (std::size_t i = 0; i < summary.size(); ++i)
    CHECK(features[41 + i] == static_cast<float>(c.scaler.summary[i].scaled(summary[i])));

  std::array<float, 30> prior{};
  REQUIRE(write_rule_prior({}, {}, stope.statics, window, compact.horizons, prior.data()));
  CHECK(std::equal(prior.begin(), prior.end(), features.begin() + 81));
}

TEST_CASE("the full network sees the statics alone") {
  const Case c;
  const std::vector<float> compact = c.features(compact_network(), 3), full = c.features({}, 3);
  REQUIRE(full.size() == 41);
  CHECK(std::equal(full.begin(), full.end(), compact.begin()));
}

TEST_CASE("the summary's scale is that of the training windows, each once") {
  const Case c;
  REQUIRE(c.scaler.valid());
  REQUIRE(c.scaler.summary.size() == summary_feature_count);
  for (const ColumnScale& scale : c.scaler.summary)
    CHECK(scale.count == static_cast<std::int64_t>(c.dataset.windows().size()));
  std::array<double, summary_feature_count> values{};
  double lowest = 1e9, sum = 0;
  for (const Window& window : c.dataset.windows()) {
    write_summary_features(c.dataset.stopes()[0].readings.window(window.end, 30), values.data());
    lowest = std::min(lowest, values[0]);
    sum += values[0];
  }
  CHECK(c.scaler.summary[0].lowest == lowest);
  CHECK(c.scaler.summary[0].mean ==
        doctest::Approx(sum / static_cast<double>(c.dataset.windows().size())).epsilon(1e-12));
  // Windows of another part of a split are not seen.
  WindowSelection first;
  first.windows = {0};
  CHECK(fit_input_scaler(c.dataset, first).summary[0].count == 1);
}
