#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "engine/nn/random.h"
#include "engine/train/conformal.h"
#include "lifecycle/calibration.h"
#include "lifecycle/prediction.h"
#include "tests/lifecycle/small_networks.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

/// Judged windows whose labels were drawn from the logits divided by `truth`.
struct Judged {
  JudgedWindows windows;
  std::vector<Logits> logits;

  Judged(std::size_t stopes, std::size_t windows_each, double truth, std::uint64_t seed,
         bool one_class = false) {
    RandomStream random(derive_key(seed, "judged"));
    windows.horizons = {1, 7};
    for (std::uint32_t stope = 0; stope < stopes; ++stope) {
      windows.stopes.push_back(stope);
      for (std::size_t w = 0; w < windows_each; ++w) {
        windows.stope.push_back(stope);
        windows.days.push_back(static_cast<stope::Day>(w));
        Logits& row = logits.emplace_back();
        for (int i = 0; i < 13; ++i) row.push_back(static_cast<float>(4 * random.normal()));
        const double p = instability_probability(row, truth);
        windows.current.push_back(!one_class && random.uniform() < p ? 1 : 0);
        for (int h = 0; h < 2; ++h) {
          const auto levels = level_probabilities(row, h, 6, truth);
          double left = random.uniform();
          std::int8_t level = 0;
          while (level < 5 && (left -= levels[static_cast<std::size_t>(level)]) >= 0) ++level;
          windows.future.push_back(one_class ? std::int8_t{0} : level);
        }
      }
    }
  }
};

bool mentions(const std::vector<std::string>& remarks, const std::string& text) {
  return std::any_of(remarks.begin(), remarks.end(),
                     [&](const std::string& remark) { return remark.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("overconfident heads are calibrated, on stopes that the fit has not seen, too") {
  const Judged validation(40, 30, 2.5, 1), fresh(200, 30, 2.5, 2);
  const io::Calibration calibration = calibrate(validation.windows, validation.logits);
  REQUIRE(calibration.temperatures.size() == 3);
  for (const double temperature : calibration.temperatures) CHECK(std::abs(temperature / 2.5 - 1) < 0.15);
  const auto figures = calibration_figures(fresh.windows, fresh.logits, calibration, 0.9);
  REQUIRE(figures.size() == 3);
  for (const io::CalibrationFigures& head : figures) {
    CAPTURE(head.head);
    CHECK(head.fitted);
    CHECK(head.windows == 6000);
    CHECK(head.ece_after < 0.03);
    CHECK(head.ece_before > 3 * head.ece_after);
    CHECK(head.log_loss_after < head.log_loss_before);
  }
  CHECK(figures[0].head == "current");
  CHECK(std::isnan(figures[0].set_coverage));
  CHECK(std::abs(figures[2].set_coverage - 0.9) < 0.03);
  CHECK(figures[2].set_size > 1);
  CHECK(calibration_remarks(calibration, validation.windows.horizons, 0.9).empty());
}

TEST_CASE("little data, or one class, leaves the temperature at 1 and says so") {
  for (const Judged& judged : {Judged(7, 200, 2.5, 3), Judged(40, 30, 2.5, 3, true), Judged(0, 0, 1, 1)}) {
    const io::Calibration calibration = calibrate(judged.windows, judged.logits);
    CHECK(calibration.temperatures == std::vector<double>{1, 1, 1});
    for (const io::HeadCalibration& head : calibration.heads) CHECK(!head.fitted);
    const auto remarks = calibration_remarks(calibration, judged.windows.horizons, 0.9);
    CHECK(mentions(remarks, "not calibrated (current, in 1 day, in 7 days)"));
  }
  // 0.9 of the stopes and the one to come: nine are the fewest.
  const Judged eight(8, 30, 1, 4), nine(9, 30, 1, 4);
  CHECK(mentions(calibration_remarks(calibrate(eight.windows, eight.logits), eight.windows.horizons, 0.9),
                 "at least 9 labelled stopes"));
  CHECK(calibration_remarks(calibrate(nine.windows, nine.logits), nine.windows.horizons, 0.9).empty());
}

TEST_CASE("a temperature at its limit, and a calibration that made things worse, are remarked on") {
  const Judged certain(40, 30, 0.2, 6), fresh(200, 30, 1, 7);
  const io::Calibration calibration = calibrate(certain.windows, certain.logits);
  CHECK(calibration.temperatures == std::vector<double>{0.5, 0.5, 0.5});
  const std::vector<int>& horizons = certain.windows.horizons;
  CHECK(mentions(calibration_remarks(calibration, horizons, 0.9), "too certain"));
  CHECK(mentions(calibration_remarks(calibration, horizons, 0.9), "(current, in 1 day, in 7 days)"));
  CHECK(calibration_failures(calibration_figures(certain.windows, certain.logits, calibration, 0.9), horizons)
            .empty());
  const auto failures =
      calibration_failures(calibration_figures(fresh.windows, fresh.logits, calibration, 0.9), horizons);
  CHECK(mentions(failures, "worse: current "));
  CHECK(mentions(failures, "in 7 days "));
}

TEST_CASE("windows without a label count nowhere") {
  Judged judged(20, 30, 2, 5);
  const io::Calibration expected = calibrate(judged.windows, judged.logits);
  // Ten more stopes without any label, with logits that would change everything.
  for (std::uint32_t stope = 20; stope < 30; ++stope) {
    judged.windows.stopes.push_back(stope);
    judged.windows.stope.push_back(stope);
    judged.windows.days.push_back(0);
    judged.windows.current.push_back(stope::masked);
    judged.windows.future.insert(judged.windows.future.end(), {stope::masked, stope::masked});
    judged.logits.push_back(Logits(13, 50.0f));
  }
  CHECK(calibrate(judged.windows, judged.logits) == expected);
}

TEST_CASE("a risk set has what reaches the threshold, and the most probable level in any case") {
  io::RiskSetThresholds thresholds{9, std::vector<double>(train::coverage_count, 0)};
  const double p[] = {0.1, 0.4, 0.3, 0.15, 0.04, 0.01};
  const auto size = [&](double least) {
    thresholds.least_probability[train::coverage_position(0.9)] = least;
    return risk_set(thresholds, p, 0.9).size();
  };
  CHECK(size(0) == 6);
  CHECK(size(0.1) == 4);
  CHECK(size(0.2) == 2);
  CHECK(size(0.9) == 1);
  CHECK(risk_set(thresholds, p, 0.9) == std::vector<stope::RiskLevel>{stope::RiskLevel::slight_elevated});
}

TEST_CASE("a trained model carries its calibration, and its answers their risk sets") {
  const io::Components& components = plain_model().components();
  REQUIRE(components.calibration.heads.size() == 3);
  REQUIRE(components.calibration.risk_sets.size() == 2);
  CHECK(components.distributions.groups ==
        static_cast<std::int64_t>(plain_model().metadata().split.training_stopes.size()));
  SavedModel saved = saved_plain();
  for (io::RiskSetThresholds& set : saved.components.calibration.risk_sets)
    for (std::size_t i = 0; i < set.least_probability.size(); ++i)
      set.least_probability[i] = 0.4 - 0.008 * static_cast<double>(i);
  const LoadedModel model(saved, "with thresholds");
  PredictionRequest request;
  request.timestamp = "2024-03-30T12:00:00Z";
  for (const double coverage : {0.5, 0.9, 0.99}) {
    request.settings = model.components().settings;
    request.settings->assessment.risk_set_coverage = coverage;
    const double least = 0.4 - 0.008 * (100 * coverage - 50);
    std::size_t sets = 0;
    for (const auto& assessment : predict(&model, simulated_records(), {}, request))
      for (const auto& future : assessment.future_predictions) {
        if (!future.risk_probabilities) {
          CHECK(future.risk_set.empty());
          continue;
        }
        ++sets;
        std::size_t expected = 0;
        for (const double p : *future.risk_probabilities) expected += p >= least - 1e-12;
        CHECK(future.risk_set.size() == std::max<std::size_t>(1, expected));
      }
    CHECK(sets > 6);
  }
  // A model of before: no sets.
  saved.components.calibration.risk_sets.clear();
  const LoadedModel earlier(saved, "earlier");
  for (const auto& assessment : predict(&earlier, simulated_records(), {}, request))
    for (const auto& future : assessment.future_predictions) CHECK(future.risk_set.empty());
}
