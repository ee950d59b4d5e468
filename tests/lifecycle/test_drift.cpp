// Drift of real features: of a simulated mine against itself, and against a mine that has changed.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "engine/nn/random.h"
#include "lifecycle/drift.h"
#include "lifecycle/prediction.h"
#include "tests/lifecycle/small_networks.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

constexpr std::size_t stope_count = 40;

struct Mine {
  stope::Dataset dataset{simulated_records(stope_count, 60), {}, {20, {1, 7}}};
  std::vector<std::vector<std::uint32_t>> windows;  // by stope
  train::TrainingDistributions distributions;

  Mine() : windows(dataset.stopes().size()) {
    stope::WindowSelection all;
    for (std::uint32_t w = 0; w < dataset.windows().size(); ++w) {
      all.windows.push_back(w);
      windows[dataset.windows()[w].stope].push_back(w);
    }
    distributions = fit_distributions(dataset, all);
    std::erase_if(windows, [](const auto& of_stope) { return of_stope.empty(); });
  }
};

const Mine& mine() {
  static const Mine mine;
  return mine;
}

/// Stopes drawn from the mine with replacement, each with one of its windows.
struct Drawn {
  std::vector<stope::StaticFeatures> features;
  std::vector<std::vector<stope::DailyReading>> days;

  Drawn(std::size_t count, RandomStream& random) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto& of_stope = mine().windows[random.below(mine().windows.size())];
      const stope::Window& window = mine().dataset.windows()[of_stope[random.below(of_stope.size())]];
      const stope::PreparedStope& stope = mine().dataset.stopes()[window.stope];
      features.push_back(stope.features);
      const auto seen = stope.readings.window(window.end, 20);
      days.emplace_back(seen.begin(), seen.end());
    }
  }
  DriftReport measure() const {
    std::vector<StopeNow> now;
    for (std::size_t i = 0; i < features.size(); ++i) now.push_back({features[i], days[i]});
    return measure_drift(mine().distributions, now);
  }
};

bool drifted(const DriftReport& report, const std::string& feature) {
  const auto names = report.drifted();
  return std::find(names.begin(), names.end(), feature) != names.end();
}

}  // namespace

TEST_CASE("training stopes drawn again never look like drift") {
  for (std::uint64_t seed = 0; seed < 150; ++seed)
    for (const std::size_t count : {10UL, 40UL}) {
      RandomStream random(derive_key(derive_key(seed, "resampled"), count));
      const DriftReport report = Drawn(count, random).measure();
      CAPTURE(seed);
      CAPTURE(count);
      CHECK(report.not_measured.empty());
      CHECK(report.features.size() == 23);
      CHECK(report.drifted().empty());
    }
}

TEST_CASE("a sensor or a property shifted by three deviations of its training always does") {
  const auto& features = mine().distributions.features;
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    for (const double direction : {-3.0, 3.0})
      for (std::size_t f = 0; f < features.size(); ++f) {
        if (features[f].category) continue;
        const double shift = direction * std::max(features[f].deviation, 1e-9);
        RandomStream random(derive_key(derive_key(seed, "shifted"), f));
        Drawn drawn(20, random);
        if (f < stope::sensor_count) {
          for (auto& days : drawn.days)
            for (auto& day : days) day[f] += shift;
        } else {
          for (auto& of_stope : drawn.features)
            of_stope.values[stope::category_feature_count + f - stope::sensor_count] += shift;
        }
        const DriftReport report = drawn.measure();
        CAPTURE(seed);
        CAPTURE(direction);
        CAPTURE(features[f].name);
        CHECK(drifted(report, features[f].name));
        CHECK(report.drifted().size() == 1);  // and nothing else
      }
}

TEST_CASE("a category that takes over is drift, too") {
  RandomStream random(derive_key(1, "category"));
  Drawn drawn(30, random);
  for (auto& of_stope : drawn.features) {
    std::fill_n(of_stope.values.begin() + 8, 11, 0.0);
    of_stope.values[8 + 10] = 1;  // Obsidian
  }
  CHECK(drawn.measure().drifted() == std::vector<std::string>{"rock_type"});
}

TEST_CASE("predictions report drift; missing readings, few stopes and earlier models are no alarm") {
  PredictionRequest request;
  request.timestamp = "2024-03-30T12:00:00Z";
  PredictionFindings findings;
  const auto records = simulated_records();
  predict(&compact_model(), records, {}, request, &findings);
  CHECK(findings.drift.training_stopes == compact_model().metadata().split.training_stopes.size());
  CHECK(findings.drift.not_measured.find("in training, but with fewer than 10") != std::string::npos);

  stope::DailyReading nothing;
  nothing.fill(stope::missing);
  RandomStream random(derive_key(2, "missing"));
  Drawn drawn(20, random);
  for (auto& days : drawn.days) days.assign(20, nothing);
  CHECK(drawn.measure().drifted().empty());
  CHECK(drawn.measure().features.size() == 18);

  CHECK(measure_drift({}, {}).not_measured.find("earlier version") != std::string::npos);
}
